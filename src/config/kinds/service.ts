import Type from "typebox";
import type { KindDefinition } from "../kind.js";
import {
  Flag,
  IntOrText,
  lenient,
  list,
  oneOf,
  optional,
  PortNumber,
  PortNumberOrZero,
  Text,
  TextMap,
  type ValueOf,
} from "./fields.js";

/** A port of a service. */
export const ServicePort = lenient({
  name: optional(Text),
  protocol: optional(oneOf("TCP", "UDP", "SCTP")),
  appProtocol: optional(Text),
  port: PortNumber,
  /** A port of the workload, by number or by the name of a container's port; `port` when absent. */
  targetPort: optional(IntOrText),
  nodePort: optional(PortNumberOrZero),
});
export type ServicePort = ValueOf<typeof ServicePort>;

/** A service of the mesh. */
export const ServiceSpec = lenient({
  type: optional(oneOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")),
  selector: optional(TextMap),
  ports: optional(list(ServicePort)),
  /** An address, `""` or `None`. */
  clusterIP: optional(Text),
  clusterIPs: optional(list(Text)),
  externalIPs: optional(list(Text)),
  externalName: optional(Text),
  loadBalancerIP: optional(Text),
  sessionAffinity: optional(oneOf("None", "ClientIP")),
  sessionAffinityConfig: optional(
    lenient({
      clientIP: optional(
        lenient({ timeoutSeconds: optional(Type.Integer({ minimum: 1, maximum: 86400 })) }),
      ),
    }),
  ),
  publishNotReadyAddresses: optional(Flag),
  internalTrafficPolicy: optional(oneOf("Cluster", "Local")),
  externalTrafficPolicy: optional(oneOf("Cluster", "Local")),
  trafficDistribution: optional(Text),
  ipFamilies: optional(list(oneOf("IPv4", "IPv6"))),
  ipFamilyPolicy: optional(oneOf("SingleStack", "PreferDualStack", "RequireDualStack")),
});
export type ServiceSpec = ValueOf<typeof ServiceSpec>;

/** Kubernetes' Service. */
export const service = {
  kind: "Service",
  group: "",
  versions: ["v1"],
  body: "spec",
  schema: ServiceSpec,
} as const satisfies KindDefinition<ServiceSpec>;
