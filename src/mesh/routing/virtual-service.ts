import { sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { gatewayKey } from "../../config/kinds/networking/virtual-service/gateway-names.js";
import type { VirtualServiceSpec } from "../../config/kinds/networking/virtual-service/virtual-service.js";
import type { ResourceRef } from "../../config/resource.js";
import {
  isVisible,
  parseExportTo,
  sameVisibility,
  type Visibility,
} from "../../config/visibility.js";
import { type HostResolver, resolveHost } from "../host-resolver.js";
import { isOfGatewayApi, originOf, type VirtualServiceResource } from "../made-of.js";
import { comparePrecedence } from "../precedence.js";
import { chooseService } from "../service/choose-service.js";
import {
  type HostPorts,
  type LookedUpPorts,
  lookedUpPorts,
  onlyPort,
  type Service,
} from "../service/service.js";
import { importsService } from "../sidecar/egress-host.js";
import type { EgressListener } from "../sidecar/sidecar.js";

/** The reserved name for "all sidecars" among a VirtualService's gateways. */
export const MESH_GATEWAY = "mesh";

/** Which of a root's HTTP routes a route is, or was left to which of a delegate's. */
export interface RouteOrigin {
  readonly index: number;
  readonly delegate?: { readonly ref: ResourceRef; readonly index: number };
}

/** What a VirtualService says with the routes of its delegates, and where each of these routes is from. */
export interface DelegatedSpec {
  readonly spec: VirtualServiceSpec;
  readonly origins: readonly RouteOrigin[];
}

/** A VirtualService with its hosts and gateways completed. */
export interface VirtualService {
  readonly hosts: readonly string[];
  /** `mesh`, or `namespace/name` of a Gateway. */
  readonly gateways: readonly string[];
  readonly namespace: string;
  /** The resource of a file that it is, or was made of. */
  readonly source: ResourceRef;
  readonly spec: VirtualServiceSpec;
  /** Where each of the HTTP routes is from; absent when they are all of the resource itself. */
  readonly origins?: readonly RouteOrigin[];
  readonly exportTo: Visibility;
  /** The hosts to which it sends requests or connections, or copies of them, and what those are other names of. */
  readonly destinations: readonly string[];
  /** What those of them stand for that are other names of hosts. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The port of each destination whose service has just one, whoever calls: it need not be named. See `destinationPort`. */
  readonly singlePorts: ReadonlyMap<string, number>;
  /** The services of those destinations of which it depends on who calls whether they have just one port, and which. */
  readonly portsApart: ReadonlyMap<string, Table<Service>>;
  /** The ports of each destination whose protocol is not declared, where there are such. */
  readonly undeclaredPorts: ReadonlyMap<string, readonly number[]>;
  /** The services of those destinations whose hosts some callers look up when they call them. See `lookedUpFrom`. */
  readonly lookedUp: ReadonlyMap<string, Table<Service>>;
  /** The ports on which requests for those of its hosts come that services have. */
  readonly requestPorts: readonly number[];
  readonly resource: VirtualServiceResource;
}

/** A gateway as a VirtualService refers to it: `mesh`, or the key of the Gateway that it names. */
export function resolveGateway(gateway: string, namespace: string): string {
  return gateway === MESH_GATEWAY ? gateway : gatewayKey(gateway, namespace);
}

/** What completes a VirtualService. */
export interface VirtualServiceContext {
  readonly resolver: HostResolver;
  /** To whom it is exported when it does not say. */
  readonly exportTo: readonly string[];
}

/** Reads a VirtualService, perhaps with the routes of its delegates; without gateways it is for the sidecars. */
export function virtualService(
  resource: VirtualServiceResource,
  { resolver, exportTo }: VirtualServiceContext,
  delegated?: DelegatedSpec,
): VirtualService {
  const spec = delegated?.spec ?? resource.spec;
  const { namespace } = resource.metadata;
  const gateways = spec.gateways ?? [];
  return {
    hosts: (spec.hosts ?? []).map((host) => resolveHost(host, namespace, resolver)),
    gateways:
      gateways.length === 0
        ? [MESH_GATEWAY]
        : gateways.map((gateway) => resolveGateway(gateway, namespace)),
    namespace,
    source: originOf(resource),
    spec,
    ...(delegated === undefined ? {} : { origins: delegated.origins }),
    exportTo: parseExportTo(spec.exportTo, namespace, exportTo),
    destinations: destinationHosts(spec, namespace, resolver),
    aliases: new Map(),
    singlePorts: new Map(),
    portsApart: new Map(),
    undeclaredPorts: new Map(),
    lookedUp: new Map(),
    requestPorts: [],
    resource,
  };
}

/** The hosts that routes send requests or connections, or copies of them, to, in full. */
export function destinationHosts(
  spec: VirtualServiceSpec,
  namespace: string,
  resolver: HostResolver,
): readonly string[] {
  const http = (spec.http ?? []).flatMap((route) => [
    ...(route.route ?? []).map(({ destination }) => destination.host),
    ...(route.mirrors ?? []).map(({ destination }) => destination.host),
    ...(route.mirror === undefined ? [] : [route.mirror.host]),
  ]);
  const l4 = [...(spec.tls ?? []), ...(spec.tcp ?? [])].flatMap((route) =>
    (route.route ?? []).map(({ destination }) => destination.host),
  );
  return [...new Set([...http, ...l4].map((host) => resolveHost(host, namespace, resolver)))];
}

/** A VirtualService with the ports of its hosts and destinations; `portsOf` gives those of a host that services have. */
export function withPorts(
  virtualService: VirtualService,
  portsOf: (hostname: string) => HostPorts | undefined,
): VirtualService {
  const singlePorts = new Map<string, number>();
  const portsApart = new Map<string, Table<Service>>();
  const undeclaredPorts = new Map<string, readonly number[]>();
  const lookedUp = new Map<string, Table<Service>>();
  const aliases = new Map<string, string>();
  for (const hostname of virtualService.destinations) {
    const target = portsOf(hostname)?.aliasOf;
    if (target !== undefined) aliases.set(hostname, target);
  }
  const destinations = [...new Set([...virtualService.destinations, ...aliases.values()])];
  for (const hostname of destinations) {
    const ports = portsOf(hostname);
    if (ports?.only !== undefined) singlePorts.set(hostname, ports.only);
    if (ports?.apart !== undefined) portsApart.set(hostname, ports.apart);
    if (ports !== undefined && ports.undeclared.length > 0) {
      undeclaredPorts.set(hostname, ports.undeclared);
    }
    if (ports?.lookedUp !== undefined) lookedUp.set(hostname, ports.lookedUp);
  }
  const ports = virtualService.hosts.flatMap((host) => portsOf(host)?.forRequests ?? []);
  const requestPorts = [...new Set(ports)];
  const byPort = { singlePorts, portsApart, undeclaredPorts, requestPorts };
  return { ...virtualService, destinations, aliases, lookedUp, ...byPort };
}

/**
 * The host that a destination of a VirtualService means: what is another name of a host is that host. See Istio,
 * GetDestinationCluster.
 */
export function destinationHost(
  host: string,
  { namespace, aliases }: Pick<VirtualService, "namespace" | "aliases">,
  resolver: HostResolver,
): string {
  const hostname = resolveHost(host, namespace, resolver);
  return aliases.get(hostname) ?? hostname;
}

/** Who calls. */
export interface CallSource {
  readonly namespace: string;
  /** What their Sidecar leads to, where one says that. */
  readonly egress?: Pick<EgressListener, "hosts">;
}

/**
 * The service that callers reach by a destination of which there are several: of those that their Sidecar imports, where it does
 * any. What others say is not for them.
 */
function destinationService(
  group: Table<Service> | undefined,
  { namespace, egress }: CallSource,
): Service | undefined {
  const imported =
    egress && chooseService(group, namespace, (one) => importsService(egress.hosts, one));
  return imported ?? chooseService(group, namespace);
}

/**
 * The port of a destination of a VirtualService that names none: that of the service that callers reach by it, where this has
 * just one; undefined where it has several, so that the port counts for which the call comes. See Istio, Destination.port.
 */
export function destinationPort(
  source: CallSource,
  { singlePorts, portsApart }: Pick<VirtualService, "singlePorts" | "portsApart">,
  hostname: string,
): number | undefined {
  const apart = portsApart.get(hostname);
  if (apart === undefined) return singlePorts.get(hostname);
  const service = destinationService(apart, source);
  return service && onlyPort(service);
}

/** Where a destination of a VirtualService is called that callers look up when they call it; undefined of one that they do not look up. */
export function lookedUpFrom(
  source: LookUpSource,
  { lookedUp }: Pick<VirtualService, "lookedUp">,
  hostname: string,
): LookedUpPorts | undefined {
  const service = destinationService(lookedUp.get(hostname), source);
  const ports = service === undefined ? undefined : lookedUpPorts(service, source.byName);
  return ports?.size === 0 ? undefined : ports;
}

/** Who looks hosts up. */
export interface LookUpSource extends CallSource {
  /** See `lookedUpPorts`. */
  readonly byName: boolean;
}

/** Whether a VirtualService routes connections, perhaps by who makes them. */
export const routesConnections = ({ spec }: VirtualService): boolean =>
  (spec.tls ?? []).length > 0 || (spec.tcp ?? []).length > 0;

/** Whether two readings of a VirtualService are the same: then the older object can stay. */
export function sameVirtualService(a: VirtualService, b: VirtualService): boolean {
  return (
    a.resource === b.resource &&
    a.spec === b.spec &&
    a.hosts.every((host, i) => host === b.hosts[i]) &&
    sameVisibility(a.exportTo, b.exportTo) &&
    sameElements(a.destinations, b.destinations) &&
    sameElements(a.requestPorts, b.requestPorts) &&
    sameEntries(a.aliases, b.aliases) &&
    sameEntries(a.singlePorts, b.singlePorts) &&
    sameEntries(a.portsApart, b.portsApart) &&
    sameEntries(a.undeclaredPorts, b.undeclaredPorts, sameElements) &&
    sameEntries(a.lookedUp, b.lookedUp)
  );
}

function sameEntries<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  isSame: (one: V, other: V) => boolean = Object.is,
): boolean {
  return (
    a.size === b.size &&
    [...a].every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && isSame(value, other);
    })
  );
}

/** Which of two VirtualServices that compete comes first: the older one. See Istio, mergeVirtualServicesIfNeeded. */
export const compareVirtualServices = (a: VirtualService, b: VirtualService): number =>
  comparePrecedence(a.resource, b.resource);

/** The VirtualServices that share a host or a gateway, the one that wins first. */
export function orderVirtualServices(table: Table<VirtualService>): readonly VirtualService[] {
  return [...table.values()].sort(compareVirtualServices);
}

/**
 * Those of them that a namespace sees, the one that wins there first: its own that are exported to few, then others'
 * that are exported to it, then its own that are made of routes of the Gateway API, then those of everyone. See Istio,
 * PushContext.VirtualServicesForGateway.
 */
export function seenFrom(
  namespace: string,
  ordered: readonly VirtualService[],
): readonly VirtualService[] {
  const ranks = [0, 1, 2, 3];
  const rankOf = (one: VirtualService): number => {
    const isOwn = one.namespace === namespace;
    if (isOwn && isOfGatewayApi(one.resource)) return 2;
    if (one.exportTo.everyone) return 3;
    return isOwn ? 0 : 1;
  };
  const visible = ordered.filter(({ exportTo }) => isVisible(exportTo, namespace));
  return ranks.flatMap((rank) => visible.filter((one) => rankOf(one) === rank));
}
