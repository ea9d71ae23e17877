/**
 * Which hosts may look different to the callers of a namespace than to everybody else. All other hosts have one view, and one
 * piece of Envoy's configuration, for the whole mesh, so that a namespace costs what is special about it.
 */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Visibility } from "../../config/visibility.js";
import { isSubsetOf } from "../hostname.js";
import type { Mesh, VirtualServices } from "../mesh.js";
import type { DestinationRule } from "../routing/destination-rule.js";
import { routeRuleNamespaces } from "../routing/route-rules.js";
import { namespacesServedBy, type ServedFrom } from "../routing/served-wildcards.js";
import type { VirtualService } from "../routing/virtual-service.js";
import type { Service } from "../service/service.js";
import { type HostFacts, hostFactTables } from "./host-facts.js";
import { NO_NAMESPACE, standsFor } from "./host-view.js";
import { matchesOf } from "./route-matches.js";

/** The namespaces that `exportTo` names, of what not everyone sees. */
const exportedTo = (visibility: Visibility): readonly string[] =>
  visibility.everyone ? [] : visibility.namespaces;

/** The namespaces for whose callers alone a VirtualService has routes. */
const sourceNamespaces = ({ spec }: VirtualService): readonly string[] =>
  matchesOf(spec).flatMap(({ sourceNamespace }) => sourceNamespace ?? []);

/** The namespaces for whose callers a destination may be another service: with other ports, or one that is looked up by DNS. */
function destinationNamespaces({ portsApart, lookedUp }: VirtualService): readonly string[] {
  const groups = [...portsApart.values(), ...lookedUp.values()];
  const services = groups.flatMap((group) => [...group.values()]);
  return services.flatMap(({ namespace, exportTo }) => [namespace, ...exportedTo(exportTo)]);
}

/** What may make a host look different, though it is not under the name of the host. */
interface Differences {
  readonly wildcardRules: readonly DestinationRule[];
  readonly wildcards: VirtualServices;
  readonly served: ServedFrom;
  /**
   * Namespaces with DestinationRules that routes depend on, as those for consistent hashing: a VirtualService may send any host's
   * requests to where they apply.
   */
  readonly namespacesOfRouteRules: readonly string[];
}

/** The namespaces from which a host may look different, sorted. */
function differingNamespaces(
  hostname: string,
  [group, rules = [], exact = [], narrower = []]: HostFacts,
  { wildcardRules, wildcards, served, namespacesOfRouteRules }: Differences,
): readonly string[] {
  const allRules = [...rules, ...wildcardRules.filter(({ host }) => isSubsetOf(hostname, host))];
  const wider = wildcards.filter((one) => standsFor(one, hostname));
  const virtualServices = [...exact, ...wider, ...narrower];
  const services = [...(group?.values() ?? [])];
  const namespaces = new Set([
    // Short names leave out the caller's namespace: it is the second label of the host.
    hostname.split(".")[1] ?? "",
    ...services.flatMap((one) => [one.namespace, ...exportedTo(one.exportTo)]),
    ...allRules.flatMap((one) => [one.namespace, ...exportedTo(one.exportTo)]),
    ...virtualServices.flatMap((one) => [
      ...exportedTo(one.exportTo),
      ...sourceNamespaces(one),
      ...destinationNamespaces(one),
    ]),
    ...(virtualServices.length > 0 ? namespacesOfRouteRules : []),
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
      sameElements(a.namespacesOfRouteRules, b.namespacesOfRouteRules),
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
      namespacesOfRouteRules: routeRuleNamespaces(mesh.routeRules),
    });
    return group(derive(hostFactTables(mesh), differences));
  };
}
