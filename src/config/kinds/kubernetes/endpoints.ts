import type { Finding, KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { lenient, list, oneOf, optional, PortNumber, Text, type ValueOf } from "../value/fields.js";
import { each, type Findings } from "../value/findings.js";
import { checkIp } from "./kubernetes-addresses.js";
import { ObjectReference } from "./object-reference.js";

/** An address of a service. */
export type EndpointAddress = ValueOf<typeof EndpointAddress>;
const EndpointAddress = lenient({
  ip: Text,
  hostname: optional(Text),
  nodeName: optional(Text),
  targetRef: optional(ObjectReference),
});

/** A port of all addresses of a subset; its name is that of the service's port. */
export type EndpointsPort = ValueOf<typeof EndpointsPort>;
const EndpointsPort = lenient({
  name: optional(Text),
  port: PortNumber,
  protocol: optional(oneOf("TCP", "UDP", "SCTP")),
  appProtocol: optional(Text),
});

/** Addresses which all have the same ports. */
export type EndpointSubset = ValueOf<typeof EndpointSubset>;
const EndpointSubset = lenient({
  addresses: optional(list(EndpointAddress)),
  notReadyAddresses: optional(list(EndpointAddress)),
  ports: optional(list(EndpointsPort)),
});

/** The addresses of the service of the same name. */
export type EndpointsBody = ValueOf<typeof EndpointsBody>;
export const EndpointsBody = lenient({ subsets: optional(list(EndpointSubset)) });

/** Kubernetes' Endpoints. */
export const endpoints = {
  kind: "Endpoints",
  group: "",
  versions: ["v1"],
  shortNames: ["ep"],
  body: "document",
  schema: EndpointsBody,
  check: (resource: ConfigResource<EndpointsBody>): readonly Finding[] => [
    ...checkEndpoints(resource),
  ],
} as const satisfies KindDefinition<EndpointsBody>;

function* checkEndpoints({ spec }: ConfigResource<EndpointsBody>): Findings {
  yield* each(spec.subsets, ["subsets"], function* (subset, path) {
    for (const field of ["addresses", "notReadyAddresses"] as const) {
      yield* each(subset[field], [...path, field], ({ ip }, at) => checkIp(ip, [...at, "ip"]));
    }
  });
}
