import Type from "typebox";
import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import {
  Flag,
  lenient,
  list,
  oneOf,
  optional,
  PortNumber,
  PortNumberOrZero,
  PortOrNameOrZero,
  Text,
  TextMap,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";
import { checkClusterIp, checkHostOrIp, checkIp, checkIpOrNone } from "./kubernetes-addresses.js";

/** A port of a service. */
export type ServicePort = ValueOf<typeof ServicePort>;
const ServicePort = lenient({
  name: optional(Text),
  /** TCP, UDP or SCTP. */
  protocol: optional(Text),
  appProtocol: optional(Text),
  port: PortNumber,
  /** A port of the workload, by number or by the name of a container's port; `port` when absent, 0 or `""`. */
  targetPort: optional(PortOrNameOrZero),
  nodePort: optional(PortNumberOrZero),
});

/** A service of the mesh. */
export type ServiceSpec = ValueOf<typeof ServiceSpec>;
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
  loadBalancerSourceRanges: optional(list(Text)),
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

/** Where those outside find a service. */
export type ServiceStatus = ValueOf<typeof ServiceStatus>;
const ServiceStatus = lenient({
  loadBalancer: optional(
    lenient({ ingress: optional(list(lenient({ ip: optional(Text), hostname: optional(Text) }))) }),
  ),
});

/** Kubernetes' Service. */
export const service = {
  kind: "Service",
  group: "",
  versions: ["v1"],
  shortNames: ["svc"],
  body: "spec",
  schema: ServiceSpec,
  status: ServiceStatus,
  check: (resource: ConfigResource<ServiceSpec>): readonly Finding[] => [
    ...checkAddresses(resource),
    ...checkService(resource),
    ...checkLabels(resource),
  ],
} as const satisfies KindDefinition<ServiceSpec>;

function* checkAddresses({ spec, status }: ConfigResource<ServiceSpec>): Findings {
  const { type, externalName = "" } = spec;
  yield* given(spec.clusterIP, ["spec", "clusterIP"], checkClusterIp);
  yield* each(spec.clusterIPs, ["spec", "clusterIPs"], checkClusterIp);
  yield* each(spec.externalIPs, ["spec", "externalIPs"], checkIp);
  if (type === "ExternalName" && externalName !== "")
    yield* checkHostOrIp(externalName, ["spec", "externalName"]);
  const { ingress } = (status as ServiceStatus | undefined)?.loadBalancer ?? {};
  yield* each(ingress, ["status", "loadBalancer", "ingress"], ({ ip }, path) =>
    given(ip, [...path, "ip"], checkIpOrNone),
  );
}

// Kubernetes refuses these. Here the rest of such a service still works, so they are warnings.
function* checkService({ spec }: ConfigResource<ServiceSpec>): Findings {
  const { ports = [], type, externalName = "" } = spec;
  yield* checkAffinity(spec);
  if ((spec.loadBalancerSourceRanges ?? []).length > 0) {
    const instead = "an AuthorizationPolicy with remoteIpBlocks keeps others out";
    yield notApplied(["spec", "loadBalancerSourceRanges"], `loadBalancerSourceRanges (${instead})`);
  }
  if (type === "ExternalName" && externalName === "") {
    const message = "a service of type ExternalName needs an externalName";
    yield { path: ["spec", "externalName"], code: "missing-field", message, severity: "warning" };
  }
  const names = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = ["spec", "ports", index];
    const { name = "", protocol = "TCP" } = port;
    const number = `${protocol} ${port.port}`;
    yield* checkPortProtocol(protocol, [...at, "protocol"]);
    if (name === "" && ports.length > 1) {
      yield dubiousPort([...at, "name"], "a port needs a name where there are several");
    }
    if (name !== "" && names.has(name))
      yield dubiousPort([...at, "name"], `port name "${name}" is there twice`);
    if (numbers.has(number)) yield dubiousPort([...at, "port"], `port ${number} is there twice`);
    names.add(name);
    numbers.add(number);
  }
}

/** The labels by which Istio, where it is told to, keeps clients with their endpoints by a cookie or a header. */
const SESSION_LABELS = ["istio.io/persistent-session", "istio.io/persistent-session-header"];

/** The label of a Service that is a way into a network. */
const NETWORK_LABEL = "topology.istio.io/network";

function* checkLabels({ metadata: { labels }, status }: ConfigResource<ServiceSpec>): Findings {
  for (const label of SESSION_LABELS.filter((one) => one in labels)) {
    const instead = "give its DestinationRule consistentHash";
    yield notApplied(["metadata", "labels", label], `the label ${label} (${instead})`);
  }
  if (labels[NETWORK_LABEL] === undefined) return;
  const { ingress = [] } = (status as ServiceStatus | undefined)?.loadBalancer ?? {};
  for (const [index, { ip = "", hostname = "" }] of ingress.entries()) {
    if (ip !== "" || hostname === "") continue;
    const path = ["status", "loadBalancer", "ingress", index, "hostname"];
    yield notApplied(path, "a gateway by name (give its IP address in externalIPs)");
  }
}

/** How long Kubernetes keeps a client with an endpoint where nothing is said, in seconds. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

function* checkAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): Findings {
  const timeout = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
  if (sessionAffinity !== "ClientIP" || timeout === DEFAULT_AFFINITY_SECONDS) return;
  const instead = "proxies keep a client with its endpoint for as long as the endpoints stay";
  yield {
    path: ["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"],
    code: "not-applied",
    message: `timeoutSeconds has no effect in fairlead: ${instead}`,
    severity: "note",
  };
}

function* checkPortProtocol(protocol: string, path: Path): Findings {
  if (!["TCP", "UDP", "SCTP"].includes(protocol)) {
    const right = "TCP, UDP or SCTP; what is above them is said by appProtocol or the port's name";
    yield dubiousPort(path, `"${protocol}" is no protocol of a service: ${right}`);
  }
}

function dubiousPort(path: Path, message: string): Finding {
  return { path, code: "dubious-port", message, severity: "warning" };
}
