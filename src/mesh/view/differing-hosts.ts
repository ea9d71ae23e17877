/**
 * Which hosts may look different to the callers of a namespace than to everybody else. All other hosts have one view, and one
 * piece of Envoy's configuration, for the whole mesh, so that a namespace costs what is special about it.
 */
import { type Engine, sameElements } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import { isSubsetOf } from "../hostname.js";
import type { Mesh, VirtualServices } from "../mesh.js";
import type { DestinationRule } from "../routing/destination-rule.js";
import { routeRuleNamespaces } from "../routing/route-rules.js";
import { namespacesServedBy, type ServedFrom } from "../routing/served-wildcards.js";
import type { VirtualService } from "../routing/virtual-service.js";
import type { Service } from "../service/service.js";
import type { Visibility } from "../visibility.js";
import { type HostFacts, hostFactTables } from "./host-facts.js";
import { NO_NAMESPACE, standsFor } from "./host-view.js";
import { matchesOf } from "./route-matches.js";

const limited = (visibility: Visibility): readonly string[] =>
  visibility.everyone ? [] : visibility.namespaces;

/** The namespaces for whose callers alone a VirtualService has routes. */
const sourceNamespaces = ({ spec }: VirtualService): readonly string[] =>
  matchesOf(spec).flatMap(({ sourceNamespace }) => sourceNamespace ?? []);

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
  [group, rules = [], exact = [], narrower = []]: HostFacts,
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
    return group(derive(hostFactTables(mesh), differences));
  };
}
