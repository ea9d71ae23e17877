/** The ListenerSets of both groups, by the Gateways to which they add listeners. See Gateway API, ListenerSet. */

import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { compareText } from "../../base/text/compare-text.js";
import type { AllowedNamespaces, GatewayListener } from "../kinds/gateway-api/gateway.js";
import {
  type ListenerSetSpec,
  portOf,
  type XListenerSetSpec,
} from "../kinds/gateway-api/listener-set.js";
import { parentType } from "../kinds/gateway-api/parents.js";
import { labelsOfNamespace } from "../kinds/kubernetes/namespace.js";
import { selectsLabels } from "../kinds/value/label-selector.js";
import type { ResourceOf } from "../kinds.js";
import { type ConfigResource, keyOf } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";
import type { ListenerOwner, NamespaceLabels } from "./listener.js";

/** A ListenerSet of either group. */
export type ListenerSetResource = ConfigResource<ListenerSetSpec | XListenerSetSpec>;

/** Listeners that are added to a Gateway, whatever the set is called. */
export interface ListenerSet {
  readonly owner: ListenerOwner & { readonly kind: "ListenerSet" | "XListenerSet" };
  readonly creationTimestamp: string | undefined;
  /** `namespace/name` of the Gateway; undefined when the parent is no Gateway. */
  readonly gateway: string | undefined;
  readonly listeners: readonly GatewayListener[];
}

/** What a ListenerSet adds, and to which Gateway. */
export function listenerSet(resource: ListenerSetResource): ListenerSet {
  const { metadata, spec } = resource;
  const { namespace, name, creationTimestamp } = metadata;
  const { parentRef } = spec;
  const isOfGateway = parentType(parentRef) === "KubernetesGateway";
  return {
    owner: {
      kind: resource.kind === "XListenerSet" ? "XListenerSet" : "ListenerSet",
      namespace,
      name,
    },
    creationTimestamp,
    gateway: isOfGateway ? `${parentRef.namespace ?? namespace}/${parentRef.name}` : undefined,
    // One without a port is not taken: it is an error.
    listeners: spec.listeners.map((listener) => ({ ...listener, port: portOf(listener) ?? 0 })),
  };
}

/** Finds the ListenerSets of each Gateway, by its `namespace/name`. */
export function createListenerSets(
  engine: Engine,
): (tables: Pick<ResourceTables, "ListenerSet" | "XListenerSet">) => Table<Table<ListenerSet>> {
  const read = engine.derive<
    [ResourceOf<"ListenerSet">, ResourceOf<"XListenerSet">],
    [],
    Table<ListenerSet>
  >("listener sets", (key, both) =>
    Table.from(
      both.flatMap((one) =>
        one === undefined ? [] : [[`${one.kind} ${key}`, listenerSet(one)] as const],
      ),
    ),
  );
  const all = engine.flatten<ListenerSet>("all listener sets");
  const byGateway = engine.group<ListenerSet>("listener sets by Gateway", ({ gateway }) =>
    gateway === undefined ? [] : [gateway],
  );
  return ({ ListenerSet, XListenerSet }) => byGateway(all(read([ListenerSet, XListenerSet])));
}

/** The older of two sets first, then by namespace and name: of listeners that cannot be beside each other those of the first count. */
export function compareSets(a: ListenerSet, b: ListenerSet): number {
  return (
    compareText(a.creationTimestamp ?? "", b.creationTimestamp ?? "") ||
    compareText(keyOf(a.owner), keyOf(b.owner)) ||
    compareText(a.owner.kind, b.owner.kind)
  );
}

/** Whether a Gateway takes listeners of a namespace; those of none when it does not say. */
export function takesListenersOf(
  { metadata, spec: { allowedListeners } }: ResourceOf<"KubernetesGateway">,
  namespace: string,
  namespaces: NamespaceLabels,
): boolean {
  const { from = "None", selector = {} }: AllowedNamespaces = allowedListeners?.namespaces ?? {};
  switch (from) {
    case "All":
      return true;
    case "Same":
      return namespace === metadata.namespace;
    case "Selector":
      return selectsLabels(selector, labelsOfNamespace(namespace, namespaces.get(namespace)));
    default:
      return false;
  }
}
