/** What Envoy asks of the endpoints of a cluster. */
import type { Address } from "../../../gen/types/envoy/config/core/v3/address_pb.js";
import type { LbEndpoint } from "../../../gen/types/envoy/config/endpoint/v3/endpoint_components_pb.js";
import type { ClusterLoadAssignment } from "../../../gen/types/envoy/config/endpoint/v3/endpoint_pb.js";
import { aloneRule, type StructureRule } from "./structure-rule.js";
import { addressProblem, textViolation } from "./text-rules.js";
import type { Violation } from "./violation.js";

/** All endpoints of an assignment, each with the path to it. */
function* endpointsOf({
  endpoints,
}: ClusterLoadAssignment): Iterable<readonly [path: string, endpoint: LbEndpoint]> {
  for (const [index, { lbEndpoints }] of endpoints.entries()) {
    for (const [at, endpoint] of lbEndpoints.entries()) {
      yield [`endpoints[${index}].lb_endpoints[${at}]`, endpoint];
    }
  }
}

/** Why an address cannot be used as it stands: a name would have to be resolved. */
export function* unresolvedAddress({ address }: Address, path: string): Iterable<Violation> {
  if (address.case !== "socketAddress" || address.value.resolverName !== "") return;
  const { address: host, portSpecifier: port } = address.value;
  yield* textViolation(`${path}.socket_address.address`, host, addressProblem(host));
  if (port.case === "namedPort") {
    const problem = "must be the number of a port";
    yield { path: `${path}.socket_address.named_port`, problem, found: port.value };
  }
}

/** Endpoints whose names nobody resolves: those of EDS, and of static clusters. */
export function* unresolvedEndpoints(assignment: ClusterLoadAssignment): Iterable<Violation> {
  for (const [path, { hostIdentifier }] of endpointsOf(assignment)) {
    const endpoint = hostIdentifier.case === "endpoint" ? hostIdentifier.value : undefined;
    if (endpoint?.address === undefined) {
      yield { path: `${path}.endpoint.address`, problem: "must be set" };
      continue;
    }
    yield* unresolvedAddress(endpoint.address, `${path}.endpoint.address`);
    for (const [index, { address }] of endpoint.additionalAddresses.entries()) {
      if (address === undefined) continue;
      const where = `${path}.endpoint.additional_addresses[${index}].address`;
      yield* unresolvedAddress(address, where);
    }
  }
}

/** One bad endpoint costs a cluster all endpoints that come with it, and Envoy does not say whose it is. */
export const ENDPOINT_RULES: readonly StructureRule[] = [
  aloneRule<ClusterLoadAssignment>(
    "envoy.config.endpoint.v3.ClusterLoadAssignment",
    unresolvedEndpoints,
  ),
];
