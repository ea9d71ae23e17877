/** The gateway workloads, and the Services in front of them, that Gateways ask for and no file declares. */
import { memberOf } from "../../base/member-of.js";
import { type Server, serverPort } from "../../config/kinds/networking/gateway.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { selectsWorkload } from "../../mesh/gateway/gateway.js";
import type { Labels } from "../../mesh/labels.js";
import { isOfListener, servingNamespace } from "../../mesh/made-of.js";
import { GATEWAY_NAME_LABEL } from "../../mesh/policy-targets.js";
import { proxyStart } from "../pods/proxy-start.js";
import { selectingGateways } from "../pods/served-gateways.js";
import type { LocalWorkload } from "../pods/workloads.js";
import { declared } from "./made.js";

/** A port of a made Service. */
export interface MadeServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
}

/** A gateway that `up` makes. */
export interface MadeGateway {
  readonly workload: LocalWorkload;
  /** The Service in front of it, when no file declares one: it has the workload's name and selects its labels. */
  readonly servicePorts?: readonly MadeServicePort[];
}

type KubernetesGateway = ResourceOf<"KubernetesGateway">;

/** The labels and annotations of pods. */
interface PodMetadata {
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
}

const NOTHING: PodMetadata = { labels: {}, annotations: {} };
/** As Istio labels the pods of a Gateway with its class. */
const GATEWAY_CLASS_LABEL = "gateway.networking.k8s.io/gateway-class-name";
/** By this annotation a Gateway names the account of its pods. */
const SERVICE_ACCOUNT = "gateway.istio.io/service-account";
const DEFAULT_NAMESPACE = "istio-system";
const FIRST_UNPRIVILEGED_PORT = 1024;
/** Istio's gateways listen on 8080 for 80 and on 8443 for 443. */
const UNPRIVILEGED_OFFSET = 8000;

/** A gateway for each selector of a Gateway that neither a declared workload nor an earlier made gateway matches. */
export function missingGateways(
  tables: ResourceTables,
  workloads: readonly LocalWorkload[],
): readonly MadeGateway[] {
  const made: MadeGateway[] = [];
  // The one with the most labels first: it may match a selector with fewer of them.
  const gateways = [...selectingGateways(tables)].sort(
    (a, b) => Object.keys(selectorOf(b)).length - Object.keys(selectorOf(a)).length,
  );
  for (const gateway of gateways) {
    const all = [...workloads, ...made.map(({ workload }) => workload)];
    if (!all.some((workload) => selectsWorkload(gateway, workload))) {
      made.push(makeGateway(tables, gateway));
    }
  }
  return made;
}

const selectorOf = ({ spec }: ResourceOf<"Gateway">): Labels => spec.selector ?? {};

function makeGateway(tables: ResourceTables, gateway: ResourceOf<"Gateway">): MadeGateway {
  const selector = selectorOf(gateway);
  // Pods that are a Gateway of the Gateway API are of its namespace.
  const own = isOfListener(gateway) ? servingNamespace(gateway) : undefined;
  const service = declared(tables.Service).find(
    (one) => (own === undefined || one.metadata.namespace === own) && standsInFront(one, selector),
  );
  const kubernetes = kubernetesGateway(tables, gateway);
  const added = kubernetes === undefined ? NOTHING : described(kubernetes);
  const asked = { ...selector, ...service?.spec.selector };
  const name = service?.metadata.name ?? gatewayName(gateway, kubernetes);
  const labels = { ...added.labels, ...installedLabels(name, asked), ...asked };
  const namespace = service?.metadata.namespace ?? own ?? DEFAULT_NAMESPACE;
  const workload: LocalWorkload = {
    kind: "Deployment",
    name,
    namespace,
    replicas: 1,
    labels,
    serviceAccount: kubernetes?.metadata.annotations[SERVICE_ACCOUNT] ?? name,
    containers: [],
    proxy: "router",
    ...proxyStart(tables, { namespace, labels, annotations: added.annotations }),
  };
  return service === undefined
    ? { workload, servicePorts: servicePorts(tables, workload) }
    : { workload };
}

/** Whether pods with the Gateway's labels are what a Service means: the two share a label and disagree on none. */
function standsInFront(service: ResourceOf<"Service">, selector: Labels): boolean {
  const pairs = Object.entries(service.spec.selector ?? {});
  const agreeing = pairs.filter(([label, value]) => selector[label] === value);
  const disagreeing = pairs.filter(
    ([label, value]) => (memberOf(selector, label) ?? value) !== value,
  );
  return agreeing.length > 0 && disagreeing.length === 0;
}

/**
 * The labels of Istio's own gateways, `app: istio-ingressgateway` and `istio: ingressgateway`, of one that is asked for by
 * either: policies ask for the other.
 */
function installedLabels(name: string, { app, istio }: Labels): Labels {
  const [, short] = /^istio-(.+)$/.exec(name) ?? [];
  return short !== undefined && (app === name || istio === short)
    ? { app: name, istio: short }
    : {};
}

/** The Gateway of the Gateway API whose listener a Gateway stands for. */
function kubernetesGateway(
  tables: ResourceTables,
  gateway: ResourceOf<"Gateway">,
): KubernetesGateway | undefined {
  const name = selectorOf(gateway)[GATEWAY_NAME_LABEL];
  if (!isOfListener(gateway) || name === undefined) return undefined;
  return tables.KubernetesGateway.get(keyOf({ namespace: servingNamespace(gateway), name }));
}

/** The labels and annotations that a Gateway asks for its pods: its own when it names none. See Istio, extractInfrastructureLabels. */
function described({
  metadata,
  spec: { gatewayClassName, infrastructure },
}: KubernetesGateway): PodMetadata {
  const { labels, annotations } = infrastructure ?? {};
  const asked =
    labels === undefined && annotations === undefined
      ? metadata
      : { labels: labels ?? {}, annotations: annotations ?? {} };
  return {
    labels: { ...asked.labels, [GATEWAY_CLASS_LABEL]: gatewayClassName },
    annotations: asked.annotations,
  };
}

/** `istio-ingressgateway` for `istio: ingressgateway`, and `NAME-CLASS` for the Gateway API's, as Istio names them. */
function gatewayName(
  gateway: ResourceOf<"Gateway">,
  kubernetes: KubernetesGateway | undefined,
): string {
  if (kubernetes !== undefined) {
    return `${kubernetes.metadata.name}-${kubernetes.spec.gatewayClassName}`;
  }
  const selector = selectorOf(gateway);
  const { istio, app } = selector;
  if (istio !== undefined) return `istio-${istio}`;
  return app ?? Object.values(selector).join("-");
}

function servicePorts(tables: ResourceTables, workload: LocalWorkload): readonly MadeServicePort[] {
  const servers = declared(tables.Gateway)
    .filter((gateway) => selectsWorkload(gateway, workload))
    .flatMap(({ spec }) => spec.servers ?? [])
    .filter((server) => serverPort(server) !== 0);
  const numbers = [...new Set(servers.map(serverPort))].sort((a, b) => a - b);
  return numbers.map((port) => ({
    name: portName(servers, port),
    port,
    targetPort: unprivilegedPort(port, numbers),
  }));
}

/** What all ports of the Gateway API are called, whatever comes there. */
const ANY_NAME = "default";

/** The name of the first server on a port, if no server on another port has it too; else that of its protocol. */
function portName(servers: readonly Server[], port: number): string {
  const { name = ANY_NAME, protocol = "tcp" } =
    servers.find((server) => serverPort(server) === port)?.port ?? {};
  const isOwn = servers.every((one) => serverPort(one) === port || one.port.name !== name);
  return name !== ANY_NAME && isOwn ? name : `${protocol.toLowerCase()}-${port}`;
}

/** The port itself when anyone may bind it, else one above 8000 that is none of the others. */
function unprivilegedPort(port: number, others: readonly number[]): number {
  let candidate = port;
  while (
    candidate < FIRST_UNPRIVILEGED_PORT ||
    (candidate !== port && others.includes(candidate))
  ) {
    candidate += UNPRIVILEGED_OFFSET;
  }
  return candidate;
}
