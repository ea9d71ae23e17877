/** How workloads call each other, by mutual TLS or not, and which resource decides that. */
import type { Path } from "../../config/kind.js";
import type { ResourceRef } from "../../config/resource.js";
import { keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { type Labels, selects } from "../labels.js";
import type { Mesh } from "../mesh.js";
import { type DestinationRule, findRule } from "../routing/destination-rule.js";
import { effectivePolicy, tlsModePath } from "../routing/traffic-policy.js";
import { chooseService } from "../service/choose-service.js";
import type { Service, ServicePort } from "../service/service.js";
import { serviceKey, targetPortOf } from "../workload/service-endpoints.js";
import type { Workload } from "../workload/workload.js";
import {
  appliedAuthentication,
  decideMode,
  decidingPart,
  type MutualTlsMode,
  namespaceMode,
} from "./peer-authentication.js";

/** What decides: a resource, and where in it. */
export interface Decision {
  readonly ref: ResourceRef;
  readonly path: Path;
}

/**
 * How a client calls: as a DestinationRule says; `AUTO` is mutual TLS to workloads that have a sidecar and plaintext to
 * others, `PLAINTEXT` is where nobody says and no mutual TLS is possible.
 */
export interface ClientDecision {
  readonly mode: "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL" | "AUTO" | "PLAINTEXT";
  readonly decidedBy: Decision | undefined;
}

/** How one workload wants to be called. */
export interface ServerDecision {
  readonly workload: Workload;
  /** The port on which it listens. */
  readonly port: number;
  readonly mode: MutualTlsMode;
  readonly decidedBy: Decision | undefined;
}

/** Both sides of one port of a service, or of a subset of it. */
export interface TlsDecision {
  readonly service: Service;
  readonly port: ServicePort;
  /** `""` for the whole service. */
  readonly subset: string;
  readonly client: ClientDecision;
  readonly servers: readonly ServerDecision[];
}

function ruleFor(
  mesh: Mesh,
  service: Service,
  { namespace, labels = {} }: TlsQuery,
): DestinationRule | undefined {
  const exact = mesh.rules.get(service.hostname) ?? [];
  const { rootNamespace } = mesh.config;
  return findRule(exact, mesh.wildcardRules, {
    clientNamespace: namespace,
    clientLabels: labels,
    service,
    rootNamespace,
  });
}

/** Of the resources that make up a rule the first that has what counts. */
function decidingRule(
  rule: DestinationRule,
  { subset, port }: Pick<TlsDecision, "subset" | "port">,
  rules: ResourceTables["DestinationRule"],
): Decision | undefined {
  for (const ref of rule.sources) {
    if (ref.kind !== "DestinationRule") return { ref, path: ["spec", "validation"] };
    const spec = rules.get(keyOf(ref))?.spec;
    const path = spec === undefined ? undefined : tlsModePath(spec, subset, port.number);
    if (path !== undefined) return { ref, path };
  }
  return undefined;
}

/** What is called. */
type Called = Pick<TlsDecision, "service" | "port" | "subset">;

function clientDecision(
  mesh: Mesh,
  { service, port, subset }: Called,
  rule: DestinationRule | undefined,
  rules: ResourceTables["DestinationRule"],
): ClientDecision {
  const mode = effectivePolicy(rule?.spec, subset, port.number).tls?.mode;
  if (rule !== undefined && mode !== undefined) {
    return { mode, decidedBy: decidingRule(rule, { subset, port }, rules) };
  }
  const possible =
    mesh.config.enableAutoMtls &&
    !service.external &&
    namespaceMode(mesh.peerAuthentications, service.namespace) !== "DISABLE";
  return { mode: possible ? "AUTO" : "PLAINTEXT", decidedBy: undefined };
}

function serverDecisions(
  mesh: Mesh,
  { service, port, subset }: Called,
  rule: DestinationRule | undefined,
): readonly ServerDecision[] {
  if (service.external) return [];
  const { labels = {} } = rule?.spec.subsets?.find(({ name }) => name === subset) ?? {};
  const workloads = mesh.endpoints.get(service.hostname)?.get(serviceKey(service)) ?? [];
  return workloads
    .filter((one) => selects(labels, one.labels))
    .flatMap((workload): ServerDecision[] => {
      const target = targetPortOf(workload, port);
      if (target === undefined) return [];
      const decided = decideMode(appliedAuthentication(mesh.peerAuthentications, workload), target);
      const [decidedBy] = decidingPart(decided);
      return [{ workload, port: target, mode: decided.mode, decidedBy }];
    });
}

/** The subsets that say by themselves how a port is called, behind the whole service. */
function decidingSubsets(rule: DestinationRule | undefined, port: number): readonly string[] {
  const own = (rule?.spec.subsets ?? []).filter(({ trafficPolicy = {} }) => {
    const { tls, portLevelSettings = [] } = trafficPolicy;
    return tls !== undefined || portLevelSettings.some((one) => one.port?.number === port);
  });
  return ["", ...own.map(({ name }) => name)];
}

/** Who calls, and whom. */
export interface TlsQuery {
  readonly namespace: string;
  /** Those of the caller; without them no rule for some workloads applies. */
  readonly labels?: Labels;
  /** All that the caller sees when absent. */
  readonly host?: string;
}

/**
 * Both sides of each port of the services that callers of a namespace see, by host and port; of one host alone when that is
 * given. UDP ports have no TLS.
 */
export function tlsDecisions(
  mesh: Mesh,
  rules: ResourceTables["DestinationRule"],
  query: TlsQuery,
): readonly TlsDecision[] {
  const { namespace, host } = query;
  const hosts = host === undefined ? [...mesh.servicesByHost.keys()].sort() : [host];
  return hosts.flatMap((hostname) => {
    const service = chooseService(mesh.servicesByHost.get(hostname), namespace);
    if (service === undefined) return [];
    const rule = ruleFor(mesh, service, query);
    return service.ports
      .filter(({ protocol }) => protocol !== "UDP")
      .flatMap((port) =>
        decidingSubsets(rule, port.number).map((subset) => {
          const called = { service, port, subset };
          return {
            ...called,
            client: clientDecision(mesh, called, rule, rules),
            servers: serverDecisions(mesh, called, rule),
          };
        }),
      );
  });
}
