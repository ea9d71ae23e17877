/** Who sees what: `exportTo`, and the hosts that a Sidecar lets its proxies reach. */
import { covers } from "./hosts.js";
import {
  type Caller,
  type IstioEgressListener,
  type Labels,
  type OutboundMode,
  type Service,
  type ServiceEntry,
  type Sidecar,
  selects,
  type World,
} from "./objects.js";
import { type KnownPort, knownPort } from "./protocols.js";

export const ROOT_NAMESPACE = "istio-system";

/** "If no namespaces are specified then it is exported to all namespaces"; `.` is the object's own, `*` are all. */
export function isExported(
  exportTo: readonly string[] | undefined,
  own: string,
  namespace: string,
): boolean {
  if (exportTo === undefined || exportTo.length === 0) return true;
  return exportTo.some((one) => one === "*" || (one === "." ? own : one) === namespace);
}

/** Whether it is for all namespaces. */
export const isPublic = (exportTo: readonly string[] | undefined): boolean =>
  exportTo === undefined || exportTo.length === 0 || exportTo.includes("*");

/** A host of the service registry. */
export interface KnownHost {
  readonly host: string;
  readonly namespace: string;
  readonly ports: readonly KnownPort[];
  /** undefined of one that has no workloads in the mesh. */
  readonly selector: Labels | undefined;
  readonly addresses: readonly string[];
  /** Callers know it by the addresses of its workloads. */
  readonly isHeadless: boolean;
  readonly isService: boolean;
  readonly exportTo: readonly string[];
  readonly isPublic: boolean;
  readonly since: string;
}

function ofService({ metadata, spec }: Service): KnownHost {
  const exportTo = metadata.annotations?.["networking.istio.io/exportTo"]?.split(",") ?? [];
  const isHeadless = spec.clusterIP === "None";
  return {
    host: `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
    namespace: metadata.namespace,
    ports: spec.ports.map((one) => knownPort(one.port, one.appProtocol ?? one.name)),
    selector: spec.selector,
    addresses: spec.clusterIP === undefined || isHeadless ? [] : [spec.clusterIP],
    isHeadless,
    isService: true,
    isPublic: isPublic(exportTo),
    since: metadata.creationTimestamp,
    exportTo,
  };
}

function ofEntry({ metadata, spec }: ServiceEntry): readonly KnownHost[] {
  const { exportTo = [], addresses = [], resolution, workloadSelector } = spec;
  return spec.hosts.map((host) => ({
    host,
    namespace: metadata.namespace,
    ports: spec.ports.map(({ number, protocol }) => knownPort(number, protocol ?? "")),
    selector: workloadSelector?.labels,
    addresses,
    isHeadless: resolution === "NONE" && addresses.length === 0 && workloadSelector !== undefined,
    isService: false,
    isPublic: isPublic(exportTo),
    since: metadata.creationTimestamp,
    exportTo,
  }));
}

/**
 * Hosts, each once. Where several say what a host is, a caller's namespace means its own; what of others counts the
 * documentation leaves open: that which fewer see, then the older one.
 */
function distinct(hosts: readonly KnownHost[], namespace: string): readonly KnownHost[] {
  const rank = (one: KnownHost): string =>
    [one.namespace === namespace ? 0 : 1, one.isPublic ? 1 : 0, one.since, one.namespace].join(" ");
  const seen = [...hosts].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return seen.filter((one, i) => seen.findIndex(({ host }) => host === one.host) === i);
}

function exported(world: World, namespace: string): readonly KnownHost[] {
  return [...world.services.map(ofService), ...world.serviceEntries.flatMap(ofEntry)].filter(
    (one) => isExported(one.exportTo, one.namespace, namespace),
  );
}

/** The hosts that are exported to a namespace. */
export const exportedHosts = (world: World, namespace: string): readonly KnownHost[] =>
  distinct(exported(world, namespace), namespace);

/**
 * The Sidecar of a workload: "Sidecars with a workload selector take precedence over the default configuration" of the
 * namespace, which "will override" that of the root namespace.
 */
function sidecarOf({ sidecars }: World, { namespace, labels }: Caller): Sidecar | undefined {
  const own = sidecars.filter(({ metadata }) => metadata.namespace === namespace);
  const isDefault = ({ spec }: Sidecar): boolean => spec.workloadSelector === undefined;
  return (
    own.find(
      ({ spec: { workloadSelector } }) =>
        workloadSelector !== undefined && selects(workloadSelector.labels, labels),
    ) ??
    own.find(isDefault) ??
    sidecars.find((one) => one.metadata.namespace === ROOT_NAMESPACE && isDefault(one))
  );
}

/** What a Sidecar lets its proxies see of a namespace, `namespace/dnsName`: the names; all without a Sidecar. */
export const importedNames = (world: World, caller: Caller, namespace: string): readonly string[] =>
  egressOf(world, caller).flatMap((one) => namesThrough(one, caller, namespace));

/** The ways out that its Sidecar leaves a proxy; one for all without a Sidecar. */
export const egressOf = (world: World, caller: Caller): readonly IstioEgressListener[] =>
  sidecarOf(world, caller)?.spec.egress ?? [{ hosts: ["*/*"] }];

/** The names of a namespace that are imported through one of them. */
export function namesThrough(
  { hosts }: IstioEgressListener,
  caller: Caller,
  namespace: string,
): readonly string[] {
  return hosts.flatMap((one) => {
    const [where = "", pattern = ""] = one.split("/");
    const from = where === "." ? caller.namespace : where;
    return from === "*" || from === namespace ? [pattern] : [];
  });
}

/** The hosts that are imported through one of them. */
export function hostsThrough(
  world: World,
  caller: Caller,
  egress: IstioEgressListener,
): readonly KnownHost[] {
  const imported = exported(world, caller.namespace).filter(({ host, namespace }) =>
    namesThrough(egress, caller, namespace).some((name) => covers(name, host)),
  );
  return distinct(imported, caller.namespace);
}

/** The hosts that a proxy beside an application knows. */
export function importedHosts(world: World, caller: Caller): readonly KnownHost[] {
  const imported = exported(world, caller.namespace).filter(({ host, namespace }) =>
    importedNames(world, caller, namespace).some((name) => covers(name, host)),
  );
  return distinct(imported, caller.namespace);
}

/** What becomes of calls to hosts that nobody knows; a Sidecar says it before the mesh does. */
export function outboundMode(world: World, caller: Caller): OutboundMode {
  const own = sidecarOf(world, caller)?.spec.outboundTrafficPolicy;
  return (own ?? world.meshConfig.outboundTrafficPolicy).mode;
}
