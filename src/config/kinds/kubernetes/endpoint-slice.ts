import type { Finding, KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { domainProblem } from "../value/dns-names.js";
import {
  Flag,
  lenient,
  list,
  oneOf,
  optional,
  PortNumber,
  Text,
  TextMap,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings } from "../value/findings.js";
import { checkIp, refuseAddress } from "./kubernetes-addresses.js";
import { ObjectReference } from "./object-reference.js";

/** An endpoint; absent conditions count as ready and serving. */
export type SliceEndpoint = ValueOf<typeof SliceEndpoint>;
const SliceEndpoint = lenient({
  addresses: list(Text),
  conditions: optional(
    lenient({
      ready: optional(Flag),
      serving: optional(Flag),
      terminating: optional(Flag),
    }),
  ),
  hostname: optional(Text),
  targetRef: optional(ObjectReference),
  zone: optional(Text),
  nodeName: optional(Text),
  hints: optional(lenient({ forZones: optional(list(lenient({ name: Text }))) })),
  deprecatedTopology: optional(TextMap),
});

/** A port of all endpoints of a slice; its name is that of the service's port. */
export type SlicePort = ValueOf<typeof SlicePort>;
const SlicePort = lenient({
  name: optional(Text),
  port: optional(PortNumber),
  protocol: optional(oneOf("TCP", "UDP", "SCTP")),
  appProtocol: optional(Text),
});

/** Some endpoints of the service that the label `kubernetes.io/service-name` names. */
export type EndpointSliceBody = ValueOf<typeof EndpointSliceBody>;
export const EndpointSliceBody = lenient({
  /** IPv4 when absent. */
  addressType: optional(oneOf("IPv4", "IPv6", "FQDN")),
  endpoints: optional(list(SliceEndpoint)),
  ports: optional(list(SlicePort)),
});

/** Kubernetes' EndpointSlice. */
export const endpointSlice = {
  kind: "EndpointSlice",
  group: "discovery.k8s.io",
  versions: ["v1"],
  body: "document",
  schema: EndpointSliceBody,
  check: (resource: ConfigResource<EndpointSliceBody>): readonly Finding[] => [
    ...checkEndpointSlice(resource),
  ],
} as const satisfies KindDefinition<EndpointSliceBody>;

function* checkEndpointSlice({ spec }: ConfigResource<EndpointSliceBody>): Findings {
  const { addressType = "IPv4" } = spec;
  yield* each(spec.endpoints, ["endpoints"], function* ({ addresses }, path) {
    yield* each(addresses, [...path, "addresses"], (address, at) =>
      addressType === "FQDN" ? refuseAddress(at, domainProblem(address)) : checkIp(address, at),
    );
  });
}
