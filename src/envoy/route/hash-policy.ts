/** What of a request decides which endpoint gets it, where a DestinationRule asks for consistent hashing. */
import type { ConsistentHashLB } from "../../config/kinds/networking/destination-rule/load-balancer.js";
import { type RouteClient, type RouteRules, routePolicy } from "../../mesh/routing/route-rules.js";
import type { RouteAction_HashPolicyJson } from "../api.js";
import { goDuration } from "../duration.js";
import type { ClusterKey } from "../names.js";

/** What of a request decides its endpoint; undefined when nothing is named. See Istio, ConsistentHashLB. */
function hashPolicy(hash: ConsistentHashLB): RouteAction_HashPolicyJson | undefined {
  if (hash.httpHeaderName !== undefined) return { header: { headerName: hash.httpHeaderName } };
  if (hash.httpCookie !== undefined) {
    const { name, path, ttl, attributes } = hash.httpCookie;
    const lifetime = goDuration(ttl);
    return {
      cookie: {
        name,
        ...(path === undefined ? {} : { path }),
        ...(lifetime === undefined ? {} : { ttl: lifetime }),
        ...(attributes === undefined
          ? {}
          : { attributes: attributes.map((one) => ({ name: one.name, value: one.value ?? "" })) }),
      },
    };
  }
  if (hash.useSourceIp === true) return { connectionProperties: { sourceIp: true } };
  if (hash.httpQueryParameterName !== undefined) {
    return { queryParameter: { name: hash.httpQueryParameterName } };
  }
  return undefined;
}

/** What of a request decides its endpoint, by the policy that a client applies to its destination. */
export function hashPolicies(
  rules: RouteRules,
  client: RouteClient,
): (key: ClusterKey) => RouteAction_HashPolicyJson | undefined {
  return (key) => {
    const hash = routePolicy(rules, client, key).loadBalancer?.consistentHash;
    return hash === undefined ? undefined : hashPolicy(hash);
  };
}
