import type { Table } from "../../base/table.js";
import { meaningOfClass } from "../gateway-api/gateway-classes.js";
import { listenerTls } from "../gateway-api/listener-tls.js";
import type { Listener } from "../gateway-api/listeners.js";
import type { Finding } from "../kind.js";
import { notApplied } from "../kinds/unapplied.js";
import type { ResourceOf } from "../kinds.js";
import { REFERENCE_CODE } from "./dangling.js";
import { findHost, type HostRegistry } from "./host-registry.js";
import { namespacesWith, type WorkloadRegistry } from "./workload-registry.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;

/** That a listener is not served. */
const UNSERVED = "unserved-listener";
/** The label of the pods that are a Gateway. */
const GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

/** What Gateways of the Gateway API refer to. */
export interface GatewayNames {
  readonly classes: Table<ResourceOf<"GatewayClass">>;
  readonly secrets: Table<true>;
  readonly grants: Table<ResourceOf<"ReferenceGrant">>;
  readonly hosts: HostRegistry;
  readonly workloads: WorkloadRegistry;
}

/**
 * Warnings of what a Gateway refers to that is not there, and of listeners that are not served; `listeners` are those of a
 * Gateway of the mesh, and undefined of others.
 */
export function checkKubernetesGateway(
  gateway: KubernetesGateway,
  listeners: readonly Listener[] | undefined,
  known: GatewayNames,
): readonly Finding[] {
  if (listeners === undefined) return checkClass(gateway, known);
  return [
    ...listeners.flatMap((listener) => checkListener(gateway, listener, listeners, known)),
    ...checkWorkloads(gateway, known),
  ];
}

function checkClass(
  { spec: { gatewayClassName } }: KubernetesGateway,
  { classes }: GatewayNames,
): readonly Finding[] {
  const path = ["spec", "gatewayClassName"];
  const meaning = meaningOfClass(gatewayClassName, classes);
  if (meaning === "unsupported")
    return [notApplied(path, `a Gateway of class ${gatewayClassName}`)];
  if (meaning !== "unknown") return [];
  const message = `there is no GatewayClass "${gatewayClassName}": that of the mesh's gateways is istio`;
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
}

function checkListener(
  gateway: KubernetesGateway,
  listener: Listener,
  all: readonly Listener[],
  { secrets, grants }: GatewayNames,
): readonly Finding[] {
  const path = ["spec", "listeners", listener.index];
  const { isServed, problems } = listenerTls(gateway, listener.index, grants);
  const found = problems.map(
    ({ path: at, message }): Finding => ({
      path: at,
      code: UNSERVED,
      message,
      severity: "warning",
    }),
  );
  if (!isServed) return found;
  const rival = all.find((one) => one.index < listener.index && isRival(one, listener));
  const conflicts: readonly Finding[] =
    rival === undefined
      ? []
      : [
          {
            path: [...path, "protocol"],
            code: UNSERVED,
            message: `listener "${rival.name}" has port ${listener.port} for ${rival.protocol}: ${listener.protocol} cannot be beside it`,
            severity: "warning",
          },
        ];
  const noKinds: readonly Finding[] =
    listener.kinds.length > 0
      ? []
      : [
          {
            path: [...path, "allowedRoutes", "kinds"],
            code: UNSERVED,
            message: `none of these kinds of routes can be at a listener of ${listener.protocol}`,
            severity: "warning",
          },
        ];
  return [...found, ...conflicts, ...noKinds, ...missingSecrets(gateway, listener, secrets)];
}

/** HTTP in plaintext, TLS, and connections of which nothing is known cannot share a port. */
function isRival(first: Listener, one: Listener): boolean {
  return first.port === one.port && familyOf(first) !== familyOf(one);
}

const familyOf = ({ protocol }: Listener): string => (protocol === "HTTPS" ? "TLS" : protocol);

function missingSecrets(
  { metadata, spec }: KubernetesGateway,
  { index }: Listener,
  secrets: Table<true>,
): readonly Finding[] {
  const references = spec.listeners[index]?.tls?.certificateRefs ?? [];
  return references.flatMap(({ name, namespace = metadata.namespace }, i): readonly Finding[] => {
    const key = `${namespace}/${name}`;
    if (secrets.has(key)) return [];
    const path = ["spec", "listeners", index, "tls", "certificateRefs", i, "name"];
    const message = `there is no Secret "${key}"`;
    return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
  });
}

/** fairlead starts no gateways: they are pods, or proxies that register themselves. */
function checkWorkloads(
  { metadata: { namespace, name }, spec: { addresses = [] } }: KubernetesGateway,
  { hosts, workloads }: GatewayNames,
): readonly Finding[] {
  const named = [...addresses.entries()].filter(
    ([, { type, value }]) => type === "Hostname" && value !== undefined,
  );
  if (named.length > 0) {
    return named.flatMap(([index, { value = "" }]): readonly Finding[] => {
      if (findHost(hosts, value, namespace) !== undefined) return [];
      const path = ["spec", "addresses", index, "value"];
      const message = `there is no Service "${value}" of namespace ${namespace}, by which the Gateway would be served`;
      return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
    });
  }
  if (namespacesWith(workloads, { [GATEWAY_NAME]: name }).includes(namespace)) return [];
  const message = `no workload of namespace ${namespace} has the label ${GATEWAY_NAME}=${name}, by which it would be this Gateway`;
  return [{ path: ["metadata", "name"], code: REFERENCE_CODE, message, severity: "warning" }];
}
