/**
 * The hosts that the callers of a namespace can see, each with the service, rule and VirtualServices that apply there.
 *
 * Most hosts look the same from everywhere. So there is one set of views for callers of no namespace in particular, and for each
 * namespace the views of just those hosts that may look different from it: its own hosts, those that are exported to it by name,
 * and those for which it has rules.
 */
import type { Engine } from "../../base/engine.js";
import { sameElements } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import { findMostSpecific, isSubsetOf } from "../hostname.js";
import type { Labels } from "../labels.js";
import type { Mesh, VirtualServices } from "../mesh.js";
import { type DestinationRule, findRule } from "../routing/destination-rule.js";
import { routeRuleNamespaces } from "../routing/route-rules.js";
import {
  namespacesServedBy,
  type ServedFrom,
  type ServedWildcards,
  servedFrom,
} from "../routing/served-wildcards.js";
import {
  compareVirtualServices,
  routesConnections,
  seenFrom,
  type VirtualService,
} from "../routing/virtual-service.js";
import { forTarget } from "../service/alias.js";
import { chooseService } from "../service/choose-service.js";
import type { Service } from "../service/service.js";
import { importsService, importsVirtualService } from "../sidecar/egress-host.js";
import { type EgressListener, leadsAnywhere } from "../sidecar/sidecar.js";
import type { Visibility } from "../visibility.js";

/** A host as callers see it. */
export interface HostView {
  readonly hostname: string;
  readonly service: Service | undefined;
  readonly rule: DestinationRule | undefined;
  /** Those that are for the host, the one that wins first: another counts where that says nothing. */
  readonly virtualServices: VirtualServices;
  /**
   * Those that route connections and not requests, for the host by name or by a wildcard, and for some of its hosts where it
   * is one itself, in order: all of them count together. See Istio, getConfigsForHost.
   */
  readonly connections: VirtualServices;
  /** Of a wildcard: the ports on which requests for its hosts are those of services, where there are such. */
  readonly servedPorts?: readonly number[];
}

/** Stands for callers of no namespace in particular; no namespace has this name. */
export const NO_NAMESPACE = "";

const standsFor = ({ hosts }: VirtualService, hostname: string): boolean =>
  hosts.some((host) => isSubsetOf(hostname, host));

/** Who looks at hosts: the callers of a namespace, perhaps through one egress listener of their Sidecar. */
type Viewer = Pick<ViewContext, "namespace" | "egress">;

/** Those of some VirtualServices that a viewer sees, the one that wins first. */
function seenBy({ namespace, egress }: Viewer, candidates: VirtualServices): VirtualServices {
  const seen = seenFrom(namespace, candidates);
  return egress === undefined
    ? seen
    : seen.filter((one) => importsVirtualService(egress.hosts, one));
}

/** Those that name a host before those that name what it stands for. */
const ownFirst = (hostname: string, virtualServices: VirtualServices): VirtualServices =>
  virtualServices.every(({ hosts }) => hosts.includes(hostname))
    ? virtualServices
    : [
        ...virtualServices.filter(({ hosts }) => hosts.includes(hostname)),
        ...virtualServices.filter(({ hosts }) => !hosts.includes(hostname)),
      ];

/** Of VirtualServices that stand for a host by a wildcard: the first of those of the most specific one. */
function chooseWildcard(
  hostname: string,
  wildcards: VirtualServices,
  viewer: Viewer,
): VirtualServices {
  const visible = seenBy(viewer, [...wildcards].sort(compareVirtualServices));
  const closest = findMostSpecific(
    hostname,
    visible.flatMap(({ hosts }) => hosts),
  );
  const chosen = visible.find(({ hosts }) => hosts.some((host) => host === closest));
  return chosen === undefined ? NONE : [chosen];
}

/** Those of all that stand for a host that say where connections go. */
function chooseForConnections(candidates: VirtualServices, viewer: Viewer): VirtualServices {
  const routing = candidates.filter(routesConnections);
  if (routing.length === 0) return NONE;
  return seenBy(viewer, [...new Set(routing)].sort(compareVirtualServices));
}

const NONE: VirtualServices = [];

/** Whether two views of a host are the same. */
export function sameView(a: HostView, b: HostView): boolean {
  return (
    a.service === b.service &&
    a.rule === b.rule &&
    sameElements(a.virtualServices, b.virtualServices) &&
    sameElements(a.connections, b.connections) &&
    sameElements(a.servedPorts ?? [], b.servedPorts ?? [])
  );
}

/** Whose views they are. */
export interface Client {
  readonly namespace: string;
  /** Those that some resource asks for. */
  readonly labels: Labels;
}

/** Callers of no namespace in particular. */
const NOBODY: Client = { namespace: NO_NAMESPACE, labels: {} };

/** What of a mesh the views depend on beside the rows of a host. */
export interface ViewContext extends Client {
  /** Through which of the ways out of a Sidecar is looked; undefined without a Sidecar. */
  readonly egress: EgressListener | undefined;
  readonly rootNamespace: string;
  readonly wildcardRules: readonly DestinationRule[];
  readonly wildcards: VirtualServices;
  readonly servedWildcards: ServedWildcards;
}

/** What is known of a host: its services, the rules for it, and the VirtualServices that name it, or some of its hosts. */
export type HostRows = readonly [
  services: Table<Service> | undefined,
  rules: readonly DestinationRule[] | undefined,
  exact: VirtualServices | undefined,
  narrower: VirtualServices | undefined,
];

/** The tables of these rows. */
export type HostTables = readonly [
  Table<Table<Service>>,
  Table<readonly DestinationRule[]>,
  Table<VirtualServices>,
  Table<VirtualServices>,
];

/** Where a mesh has what is known of hosts. */
export const hostTables = ({
  servicesByHost,
  rules,
  virtualServices,
  narrowerConnections,
}: Pick<
  Mesh,
  "servicesByHost" | "rules" | "virtualServices" | "narrowerConnections"
>): HostTables => [servicesByHost, rules, virtualServices, narrowerConnections];

/** The service that a viewer reaches by a host: through a listener for one port one that has it, if there is such. */
function serviceFor(
  group: Table<Service> | undefined,
  { namespace, egress }: Viewer,
): Service | undefined {
  if (egress === undefined) return chooseService(group, namespace);
  const { hosts, port } = egress;
  const isImported = (one: Service): boolean => importsService(hosts, one);
  const isOnPort = ({ ports }: Service): boolean =>
    port === undefined || leadsAnywhere(port) || ports.some(({ number }) => number === port.number);
  return (
    chooseService(group, namespace, (one) => isImported(one) && isOnPort(one)) ??
    chooseService(group, namespace, isImported)
  );
}

/** What callers see of a host. It is known when it is a service's, or when a VirtualService names it. */
export function hostView(
  hostname: string,
  [group, rules = [], exact = [], narrower = []]: HostRows,
  context: ViewContext,
): HostView | undefined {
  const { namespace, labels, rootNamespace, wildcardRules, wildcards } = context;
  const service = serviceFor(group, context);
  const named = exact.length === 0 ? NONE : seenBy(context, exact);
  const servedPorts = context.servedWildcards.get(hostname);
  const served = servedPorts === undefined ? {} : { servedPorts };
  if (service === undefined) {
    return named.length === 0
      ? undefined
      : {
          hostname,
          service,
          ...served,
          rule: undefined,
          virtualServices: named,
          connections: NONE,
        };
  }
  const query = { clientNamespace: namespace, clientLabels: labels, rootNamespace, service };
  const meant = service.aliasOf ?? hostname;
  const ofHost = forTarget(hostname, service, named);
  const byWildcard = wildcards.filter((one) => standsFor(one, meant));
  return {
    hostname,
    service,
    ...served,
    rule: findRule(rules, wildcardRules, query),
    virtualServices:
      ofHost.length > 0
        ? ownFirst(hostname, named)
        : [...named, ...chooseWildcard(meant, byWildcard, context)],
    // Connections come to an address, that of what the name stands for.
    connections: chooseForConnections(
      [...forTarget(hostname, service, exact), ...byWildcard, ...narrower],
      context,
    ),
  };
}

const viewContext = (mesh: Mesh, { namespace, labels }: Client): ViewContext => ({
  namespace,
  labels,
  egress: undefined,
  rootNamespace: mesh.config.rootNamespace,
  wildcardRules: mesh.wildcardRules,
  wildcards: mesh.wildcardVirtualServices,
  servedWildcards: servedFrom(mesh.servedWildcards, namespace),
});

/** One host as the callers of a namespace see it, or undefined. This remembers nothing; the tables of all hosts do. */
export function viewOfHost(mesh: Mesh, hostname: string, namespace: string): HostView | undefined {
  const [services, rules, exact, narrower] = hostTables(mesh);
  return hostView(
    hostname,
    [services.get(hostname), rules.get(hostname), exact.get(hostname), narrower.get(hostname)],
    viewContext(mesh, { namespace, labels: {} }),
  );
}

function createContext(engine: Engine): (mesh: Mesh, client: Client) => ViewContext {
  const settle = engine.settle<ViewContext>(
    (a, b) =>
      a.namespace === b.namespace &&
      a.labels === b.labels &&
      a.rootNamespace === b.rootNamespace &&
      a.wildcardRules === b.wildcardRules &&
      a.wildcards === b.wildcards &&
      a.servedWildcards === b.servedWildcards,
  );
  return (mesh, client) => settle(viewContext(mesh, client));
}

/** All hosts as callers of no namespace in particular see them, by hostname. */
export function createCommonViews(engine: Engine): (mesh: Mesh) => Table<HostView> {
  const contextOf = createContext(engine);
  const derive = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices, VirtualServices],
    [ViewContext],
    HostView
  >("host views", hostView, sameView);
  return (mesh) => derive(hostTables(mesh), contextOf(mesh, NOBODY));
}

/** The hosts that may look different from a namespace, as its callers see them, by hostname. */
export function createOwnViews(engine: Engine): (mesh: Mesh, client: Client) => Table<HostView> {
  const contextOf = createContext(engine);
  const derive = engine.lookUp<
    readonly string[],
    [Table<Service>, readonly DestinationRule[], VirtualServices, VirtualServices],
    [ViewContext],
    HostView
  >(
    "own host views",
    (hostname, [, ...rows], context) => hostView(hostname, rows, context),
    sameView,
  );
  return (mesh, client) =>
    derive(
      [mesh.differingHosts.get(client.namespace) ?? Table.empty(), ...hostTables(mesh)],
      contextOf(mesh, client),
    );
}

const limited = (visibility: Visibility): readonly string[] =>
  visibility.everyone ? [] : visibility.namespaces;

function sourceNamespaces({ spec }: VirtualService): readonly string[] {
  const matches = [
    ...(spec.http ?? []).flatMap((route) => route.match ?? []),
    ...(spec.tls ?? []).flatMap((route) => route.match),
    ...(spec.tcp ?? []).flatMap((route) => route.match ?? []),
  ];
  return matches.flatMap(({ sourceNamespace }) => sourceNamespace ?? []);
}

/** The namespaces to whose callers a destination may be another one, which has other ports, or which they look up or do not. */
function callingApart({ portsApart, lookedUp }: VirtualService): readonly string[] {
  const groups = [...portsApart.values(), ...lookedUp.values()];
  const services = groups.flatMap((group) => [...group.values()]);
  return services.flatMap(({ namespace, exportTo }) => [namespace, ...limited(exportTo)]);
}

/** What is for many hosts, and may make them look different. */
interface Differences {
  readonly wildcardRules: readonly DestinationRule[];
  readonly wildcards: VirtualServices;
  readonly served: ServedFrom;
  /** Namespaces with rules that hash: a VirtualService may send any host's requests to where they apply. */
  readonly ruling: readonly string[];
}

/** The namespaces from which a host may look different, sorted. */
function differingNamespaces(
  hostname: string,
  [group, rules = [], exact = [], narrower = []]: HostRows,
  { wildcardRules, wildcards, served, ruling }: Differences,
): readonly string[] {
  const allRules = [...rules, ...wildcardRules.filter(({ host }) => isSubsetOf(hostname, host))];
  const wider = wildcards.filter((one) => standsFor(one, hostname));
  const virtualServices = [...exact, ...wider, ...narrower];
  const services = [...(group?.values() ?? [])];
  const namespaces = new Set([
    // Short names leave out the caller's namespace: it is the second label of the host.
    hostname.split(".")[1] ?? "",
    ...services.flatMap((one) => [one.namespace, ...limited(one.exportTo)]),
    ...allRules.flatMap((one) => [one.namespace, ...limited(one.exportTo)]),
    ...virtualServices.flatMap((one) => [
      ...limited(one.exportTo),
      ...sourceNamespaces(one),
      ...callingApart(one),
    ]),
    ...(virtualServices.length > 0 ? ruling : []),
    ...namespacesServedBy(served, hostname),
  ]);
  namespaces.delete(NO_NAMESPACE);
  return [...namespaces].sort();
}

/** What of a mesh decides which hosts look different from where. */
type DifferingInputs = Pick<
  Mesh,
  | "servicesByHost"
  | "rules"
  | "virtualServices"
  | "narrowerConnections"
  | "wildcardRules"
  | "wildcardVirtualServices"
  | "servedWildcards"
  | "routeRules"
>;

/** The hosts that may look different from a namespace: by namespace, then by hostname. */
export function createDifferingHosts(
  engine: Engine,
): (mesh: DifferingInputs) => Table<Table<readonly string[]>> {
  const settle = engine.settle<Differences>(
    (a, b) =>
      a.wildcardRules === b.wildcardRules &&
      a.wildcards === b.wildcards &&
      a.served === b.served &&
      sameElements(a.ruling, b.ruling),
  );
  const derive = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices, VirtualServices],
    [Differences],
    readonly string[]
  >("namespaces that see a host differently", differingNamespaces, sameElements);
  const group = engine.group<readonly string[]>(
    "hosts that a namespace sees differently",
    (namespaces) => namespaces,
  );
  return (mesh) => {
    const differences = settle({
      wildcardRules: mesh.wildcardRules,
      wildcards: mesh.wildcardVirtualServices,
      served: mesh.servedWildcards,
      ruling: routeRuleNamespaces(mesh.routeRules),
    });
    return group(derive(hostTables(mesh), differences));
  };
}
