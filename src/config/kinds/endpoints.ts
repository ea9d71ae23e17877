import type { KindDefinition } from "../kind.js";
import { lenient, list, oneOf, optional, PortNumber, Text, type ValueOf } from "./fields.js";
import { ObjectReference } from "./object-reference.js";

/** An address of a service. */
export const EndpointAddress = lenient({
  ip: Text,
  hostname: optional(Text),
  nodeName: optional(Text),
  targetRef: optional(ObjectReference),
});
export type EndpointAddress = ValueOf<typeof EndpointAddress>;

/** A port of all addresses of a subset; its name is that of the service's port. */
export const EndpointsPort = lenient({
  name: optional(Text),
  port: PortNumber,
  protocol: optional(oneOf("TCP", "UDP", "SCTP")),
  appProtocol: optional(Text),
});
export type EndpointsPort = ValueOf<typeof EndpointsPort>;

/** Addresses which all have the same ports. */
export const EndpointSubset = lenient({
  addresses: optional(list(EndpointAddress)),
  notReadyAddresses: optional(list(EndpointAddress)),
  ports: optional(list(EndpointsPort)),
});
export type EndpointSubset = ValueOf<typeof EndpointSubset>;

/** The addresses of the service of the same name. */
export const EndpointsBody = lenient({ subsets: optional(list(EndpointSubset)) });
export type EndpointsBody = ValueOf<typeof EndpointsBody>;

/** Kubernetes' Endpoints. */
export const endpoints = {
  kind: "Endpoints",
  group: "",
  versions: ["v1"],
  body: "document",
  schema: EndpointsBody,
} as const satisfies KindDefinition<EndpointsBody>;
