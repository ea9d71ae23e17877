/** `describe service`: what a Kubernetes Service says of how callers are spread over its pods. */
import { keyOf } from "../../config/resource.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import { callPolicy } from "../../mesh/routing/traffic-policy.js";
import type { Service } from "../../mesh/service/service.js";
import type { Subject } from "./subject.js";

const LEFT_TO_CALLERS = " (without effect: its callers choose among its pods themselves)";

/** What a Kubernetes Service says of who gets which of its pods, in kubectl's words, and how far that goes. */
export function describeTraffic(
  { snapshot }: Pick<Subject, "snapshot">,
  service: Service,
  rule: DestinationRule | undefined,
): readonly string[] {
  const { sessionAffinity, internalTrafficPolicy, externalTrafficPolicy } =
    (service.kubernetes ? snapshot.tables.Service.get(keyOf(service.source)) : undefined)?.spec ??
    {};
  return [
    ...(sessionAffinity === "ClientIP"
      ? [`Session Affinity: ClientIP${affinityLimits(service, rule)}`]
      : []),
    ...(internalTrafficPolicy === "Local"
      ? [`Internal Traffic Policy: Local${service.nodeLocal === true ? "" : LEFT_TO_CALLERS}`]
      : []),
    ...(externalTrafficPolicy === "Local"
      ? [
          "External Traffic Policy: Local (it is for load balancers, and changes nothing in the mesh)",
        ]
      : []),
  ];
}

/** Where clients are not kept with an endpoint; a rule that keeps them just so is no exception. */
function affinityLimits(service: Service, rule: DestinationRule | undefined): string {
  if (service.sessionAffinity === undefined) return LEFT_TO_CALLERS;
  const others = service.ports.filter(({ number }) => {
    const { loadBalancer } = callPolicy({ rule, service }, "", number);
    return loadBalancer?.consistentHash?.useSourceIp !== true;
  });
  if (others.length === 0) return "";
  const ports = others.map(({ number }) => number).join(", ");
  return ` (not on ${others.length === 1 ? "port" : "ports"} ${ports}: a DestinationRule says how endpoints are chosen)`;
}
