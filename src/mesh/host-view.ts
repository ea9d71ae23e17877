/**
 * The hosts that the callers of a namespace can see, and what applies to them.
 *
 * Most hosts look the same from everywhere. So there is one view for callers of no namespace in particular, and for each
 * namespace the views of just those hosts that may look different from it: its own, and those that someone exports to it
 * or rules from it.
 */
import type { Engine } from "../base/engine.js";
import { Table } from "../base/table.js";
import { type DestinationRule, findRule } from "./destination-rule.js";
import { isSubsetOf } from "./hostname.js";
import type { Mesh, VirtualServices } from "./mesh.js";
import type { Service } from "./service.js";
import type { VirtualService } from "./virtual-service.js";
import { isVisible, type Visibility } from "./visibility.js";

/** A host as callers see it. */
export interface HostView {
  readonly hostname: string;
  readonly service: Service | undefined;
  readonly rule: DestinationRule | undefined;
  readonly virtualService: VirtualService | undefined;
}

/** Stands for callers of no namespace in particular; no namespace has this name. */
export const NO_NAMESPACE = "";

/** The service of a host that callers mean: their own namespace's, else a Kubernetes Service, else the first. */
function chooseService(group: Table<Service> | undefined, namespace: string): Service | undefined {
  if (group === undefined) return undefined;
  const visible = group
    .sorted()
    .map(([, service]) => service)
    .filter((service) => isVisible(service.exportTo, namespace));
  return (
    visible.find((service) => service.namespace === namespace) ??
    visible.find((service) => service.kubernetes) ??
    visible[0]
  );
}

const standsFor = ({ hosts }: VirtualService, hostname: string): boolean =>
  hosts.some((host) => isSubsetOf(hostname, host));

/** The VirtualService for a host: one that is exported to few before one that everyone sees, then the older one. */
function chooseVirtualService(
  hostname: string,
  { exact, wildcards }: { readonly exact: VirtualServices; readonly wildcards: VirtualServices },
  namespace: string,
): VirtualService | undefined {
  const choose = (candidates: VirtualServices): VirtualService | undefined => {
    const visible = candidates.filter((one) => isVisible(one.exportTo, namespace));
    return visible.find((one) => !one.exportTo.everyone) ?? visible[0];
  };
  return choose(exact) ?? choose(wildcards.filter((one) => standsFor(one, hostname)));
}

function sameView(a: HostView, b: HostView): boolean {
  return a.service === b.service && a.rule === b.rule && a.virtualService === b.virtualService;
}

/** What of a mesh the views depend on beside the rows of a host. */
interface ViewContext {
  readonly namespace: string;
  readonly rootNamespace: string;
  readonly wildcardRules: readonly DestinationRule[];
  readonly wildcards: VirtualServices;
}

type HostRows = readonly [
  Table<Service> | undefined,
  readonly DestinationRule[] | undefined,
  VirtualServices | undefined,
];

function hostView(
  hostname: string,
  [group, rules = [], exact = []]: HostRows,
  { namespace, rootNamespace, wildcardRules, wildcards }: ViewContext,
): HostView | undefined {
  const service = chooseService(group, namespace);
  const virtualService = chooseVirtualService(hostname, { exact, wildcards }, namespace);
  if (service === undefined && virtualService === undefined) return undefined;
  const query = { clientNamespace: namespace, rootNamespace };
  const rule = service && findRule(rules, wildcardRules, { ...query, service });
  return { hostname, service, rule, virtualService };
}

function createContext(engine: Engine): (mesh: Mesh, namespace: string) => ViewContext {
  const settle = engine.settle<ViewContext>(
    (a, b) =>
      a.namespace === b.namespace &&
      a.rootNamespace === b.rootNamespace &&
      a.wildcardRules === b.wildcardRules &&
      a.wildcards === b.wildcards,
  );
  return (mesh, namespace) =>
    settle({
      namespace,
      rootNamespace: mesh.config.rootNamespace,
      wildcardRules: mesh.wildcardRules,
      wildcards: mesh.wildcardVirtualServices,
    });
}

/** All hosts as callers of no namespace in particular see them, by hostname. */
export function createCommonViews(engine: Engine): (mesh: Mesh) => Table<HostView> {
  const contextOf = createContext(engine);
  const derive = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices],
    [ViewContext],
    HostView
  >("host views", hostView, sameView);
  return (mesh) =>
    derive([mesh.servicesByHost, mesh.rules, mesh.virtualServices], contextOf(mesh, NO_NAMESPACE));
}

/** The hosts that may look different from a namespace, as its callers see them, by hostname. */
export function createOwnViews(engine: Engine): (mesh: Mesh, namespace: string) => Table<HostView> {
  const contextOf = createContext(engine);
  const derive = engine.derive<
    [readonly string[], Table<Service>, readonly DestinationRule[], VirtualServices],
    [ViewContext],
    HostView
  >(
    "own host views",
    (hostname, [differs, ...rows], context) =>
      differs === undefined ? undefined : hostView(hostname, rows, context),
    sameView,
  );
  return (mesh, namespace) =>
    derive(
      [
        mesh.differingHosts.get(namespace) ?? Table.empty(),
        mesh.servicesByHost,
        mesh.rules,
        mesh.virtualServices,
      ],
      contextOf(mesh, namespace),
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

/** The namespaces from which a host may look different, sorted. */
function differingNamespaces(
  hostname: string,
  [group, rules = [], exact = []]: HostRows,
  { wildcardRules, wildcards }: Pick<ViewContext, "wildcardRules" | "wildcards">,
): readonly string[] {
  const allRules = [...rules, ...wildcardRules.filter(({ host }) => isSubsetOf(hostname, host))];
  const virtualServices = [...exact, ...wildcards.filter((one) => standsFor(one, hostname))];
  const services = [...(group?.values() ?? [])];
  const namespaces = new Set([
    // Short names leave out the caller's namespace: it is the second label of the host.
    hostname.split(".")[1] ?? "",
    ...services.flatMap((one) => [one.namespace, ...limited(one.exportTo)]),
    ...allRules.flatMap((one) => [one.namespace, ...limited(one.exportTo)]),
    ...virtualServices.flatMap((one) => [...limited(one.exportTo), ...sourceNamespaces(one)]),
  ]);
  namespaces.delete(NO_NAMESPACE);
  return [...namespaces].sort();
}

/** The hosts that may look different from a namespace: by namespace, then by hostname. */
export function createDifferingHosts(
  engine: Engine,
): (
  mesh: Pick<
    Mesh,
    "servicesByHost" | "rules" | "virtualServices" | "wildcardRules" | "wildcardVirtualServices"
  >,
) => Table<Table<readonly string[]>> {
  const derive = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices],
    [readonly DestinationRule[], VirtualServices],
    readonly string[]
  >(
    "namespaces that see a host differently",
    (hostname, rows, wildcardRules, wildcards) =>
      differingNamespaces(hostname, rows, { wildcardRules, wildcards }),
    (a, b) => a.length === b.length && a.every((namespace, i) => namespace === b[i]),
  );
  const group = engine.group<readonly string[]>(
    "hosts that a namespace sees differently",
    (namespaces) => namespaces,
  );
  return (mesh) =>
    group(
      derive(
        [mesh.servicesByHost, mesh.rules, mesh.virtualServices],
        mesh.wildcardRules,
        mesh.wildcardVirtualServices,
      ),
    );
}
