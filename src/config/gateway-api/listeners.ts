/**
 * The listeners of the Gateway API's Gateways, their own and those that ListenerSets add, as routes are attached to them. See
 * Istio, GatewayCollection and ListenerSetCollection.
 */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../kinds.js";
import { keyOf } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";
import { meaningOfClass } from "./gateway-classes.js";
import { type Listener, type ListenerOwner, listenerOf, type NamespaceLabels } from "./listener.js";
import { withConflicts } from "./listener-conflicts.js";
import {
  compareSets,
  createListenerSets,
  type ListenerSet,
  takesListenersOf,
} from "./listener-sets.js";

type KubernetesGateway = ResourceOf<"KubernetesGateway">;

/** What routes name as a parent to be at listeners: a Gateway or a ListenerSet. */
export interface ListenerParent {
  /** Its own. */
  readonly own: readonly Listener[];
  /** All of the Gateway: its own, then those of the sets that are added to it. */
  readonly all: readonly Listener[];
  /** Of a set whose Gateway takes none of its namespace. */
  readonly isRefused: boolean;
}

/** The listeners of the Gateways that are served. */
export interface Listeners {
  /** All of a Gateway, by its `namespace/name`. */
  readonly byGateway: Table<readonly Listener[]>;
  /** What routes name, by kind and `namespace/name`. */
  readonly parents: Table<ListenerParent>;
}

/** The key of an owner of listeners among the parents of routes. */
export function listenerParentKey({ kind, namespace, name }: ListenerOwner): string {
  return `${kind} ${namespace}/${name}`;
}

type ListenerTables = Pick<
  ResourceTables,
  "KubernetesGateway" | "GatewayClass" | "ListenerSet" | "Namespace" | "XListenerSet"
>;

/** What there is at a Gateway: all of its listeners, and the sets that it does not take. */
interface AtGateway {
  readonly listeners: readonly Listener[];
  readonly refused: readonly ListenerOwner[];
}

/** Finds the listeners of the Gateways that are served. */
export function createListeners(engine: Engine): (tables: ListenerTables) => Listeners {
  const labels = engine.derive<[ResourceOf<"Namespace">], [], Readonly<Record<string, string>>>(
    "labels of namespaces",
    (_key, [namespace]) => namespace?.metadata.labels,
    isDeepStrictEqual,
  );
  const byName = engine.memo(
    "namespaces by their labels",
    (table: Table<Readonly<Record<string, string>>>): NamespaceLabels =>
      new Map([...table].map(([key, value]) => [key.slice(1), value])),
  );
  const setsOf = createListenerSets(engine);
  const atGateways = engine.lookUp<
    KubernetesGateway,
    [Table<ListenerSet>],
    [ResourceTables["GatewayClass"], NamespaceLabels],
    AtGateway
  >(
    "listeners of Gateways",
    (_key, [gateway, sets], classes, namespaces) =>
      meaningOfClass(gateway.spec.gatewayClassName, classes) === "served"
        ? atGateway(gateway, [...(sets?.values() ?? [])], namespaces)
        : undefined,
    isDeepStrictEqual,
  );
  const listeners = engine.derive<[AtGateway], [], readonly Listener[]>(
    "all listeners of Gateways",
    (_key, [at]) => at?.listeners,
  );
  const parents = engine.derive<[AtGateway], [], Table<ListenerParent>>(
    "Gateways and listener sets as parents",
    (key, [at]) => at && parentsAt(key, at),
  );
  const allParents = engine.flatten<ListenerParent>("all Gateways and listener sets as parents");
  const settle = engine.settle<Listeners>(
    (a, b) => a.byGateway === b.byGateway && a.parents === b.parents,
  );
  return (tables) => {
    const { KubernetesGateway, GatewayClass, Namespace } = tables;
    const namespaces = byName(labels([Namespace]));
    const found = atGateways([KubernetesGateway, setsOf(tables)], GatewayClass, namespaces);
    return settle({ byGateway: listeners([found]), parents: allParents(parents([found])) });
  };
}

function atGateway(
  gateway: KubernetesGateway,
  sets: readonly ListenerSet[],
  namespaces: NamespaceLabels,
): AtGateway {
  const { namespace, name, creationTimestamp } = gateway.metadata;
  const key = keyOf(gateway.metadata);
  const owner: ListenerOwner = { kind: "KubernetesGateway", namespace, name };
  const own = { owner, creationTimestamp, listeners: gateway.spec.listeners };
  const isTaken = (set: ListenerSet): boolean =>
    takesListenersOf(gateway, set.owner.namespace, namespaces);
  const added = sets.filter(isTaken).sort(compareSets);
  const listeners = [own, ...added].flatMap((one) =>
    one.listeners.map((listener, index) =>
      listenerOf(listener, { ...one, key, index, namespaces }),
    ),
  );
  return {
    listeners: withConflicts(listeners),
    refused: sets.filter((set) => !isTaken(set)).map((set) => set.owner),
  };
}

function parentsAt(gatewayKey: string, { listeners, refused }: AtGateway): Table<ListenerParent> {
  const own = new Map<string, Listener[]>([[`KubernetesGateway ${gatewayKey}`, []]]);
  for (const listener of listeners) {
    const key = listenerParentKey(listener.owner);
    own.set(key, [...(own.get(key) ?? []), listener]);
  }
  return Table.from<ListenerParent>([
    ...[...own].map(
      ([key, some]) => [key, { own: some, all: listeners, isRefused: false }] as const,
    ),
    ...refused.map(
      (owner) => [listenerParentKey(owner), { own: [], all: [], isRefused: true }] as const,
    ),
  ]);
}
