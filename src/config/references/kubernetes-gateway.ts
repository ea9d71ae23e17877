import type { Table } from "../../base/table/table.js";
import { backendCertificate } from "../gateway-api/backend-certificate.js";
import { meaningOfClass } from "../gateway-api/gateway-classes.js";
import type { Listener } from "../gateway-api/listener.js";
import type { Finding } from "../kind.js";
import { notApplied } from "../kinds/value/unapplied.js";
import type { ResourceOf } from "../kinds.js";
import { secretOf } from "../secret-grants.js";
import { REFERENCE_CODE } from "./dangling.js";
import { findHost, type HostRegistry } from "./host-registry.js";
import { checkListener, type ListenerNames } from "./listeners.js";
import { namespacesWith, type WorkloadRegistry } from "./workload-registry.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;

/** That a certificate is not shown to backends. */
const UNSHOWN = "unshown-certificate";

/** The label of the pods that are a Gateway. */
const GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

/** What Gateways of the Gateway API refer to. */
export interface GatewayNames extends ListenerNames {
  readonly classes: Table<ResourceOf<"GatewayClass">>;
  readonly hosts: HostRegistry;
  readonly workloads: WorkloadRegistry;
}

/**
 * Warnings of what a Gateway refers to that is not there, and of its listeners that are not served; `listeners` are those
 * at a Gateway of the mesh, its own and others, and undefined of other Gateways.
 */
export function checkKubernetesGateway(
  gateway: KubernetesGateway,
  listeners: readonly Listener[] | undefined,
  known: GatewayNames,
): readonly Finding[] {
  if (listeners === undefined) return checkClass(gateway, known);
  return [
    ...listeners
      .filter(({ owner }) => owner.kind === "KubernetesGateway")
      .flatMap((listener) => checkListener(gateway, listener, known)),
    ...checkBackendCertificate(gateway, known),
    ...checkWorkloads(gateway, known),
  ];
}

/** Warnings of what keeps a Gateway from showing its certificate to backends. */
function checkBackendCertificate(
  gateway: KubernetesGateway,
  { grants, secrets }: GatewayNames,
): readonly Finding[] {
  const { credential, problems } = backendCertificate(gateway, grants);
  if (credential === undefined) {
    return problems.map((one) => ({ ...one, code: UNSHOWN, severity: "warning" }));
  }
  const { namespace, name } = secretOf(credential, gateway.metadata.namespace);
  if (secrets.has(`${namespace}/${name}`)) return [];
  const path = ["spec", "tls", "backend", "clientCertificateRef", "name"];
  const message = `there is no Secret "${namespace}/${name}": backends that speak TLS cannot be called until there is`;
  return [{ path, code: REFERENCE_CODE, message, severity: "warning" }];
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
