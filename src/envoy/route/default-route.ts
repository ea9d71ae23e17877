/** The route of a service of which no VirtualService says anything. */
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type { RouteAction_HashPolicyJson, RouteJson } from "../api.js";
import { type ClusterKey, outboundClusterName } from "../names.js";
import { lookUpOf } from "./looked-up-host.js";
import { retryPolicy } from "./retry-policy.js";
import { NO_TIMEOUT } from "./route-action.js";

/** What is known of a service for which there is no VirtualService. */
export interface DefaultRouteOptions {
  readonly hash: RouteAction_HashPolicyJson | undefined;
  readonly retries: HTTPRetry | undefined;
  /** Of one whose hosts are looked up: the port that is called. */
  readonly lookUpPort: number | undefined;
}

/** The route of a service for which there is no VirtualService: everything goes to it. */
export function defaultRoute(
  key: ClusterKey,
  { hash, retries, lookUpPort }: DefaultRouteOptions,
): RouteJson {
  const policy = retryPolicy(retries, false);
  return {
    name: "default",
    match: { prefix: "/" },
    route: {
      cluster: outboundClusterName(key),
      timeout: NO_TIMEOUT,
      ...(policy === undefined ? {} : { retryPolicy: policy }),
      maxGrpcTimeout: NO_TIMEOUT,
      ...(hash === undefined ? {} : { hashPolicy: [hash] }),
    },
    ...(lookUpPort === undefined ? {} : { typedPerFilterConfig: lookUpOf(lookUpPort) }),
    decorator: { operation: `${key.hostname}:${String(key.port)}/*` },
  };
}
