/** What of the resources is the mesh's, where its configuration takes some namespaces alone. See Istio, MeshConfig.discoverySelectors. */
import { isDeepStrictEqual } from "node:util";
import { Engine } from "../base/engine/engine.js";
import type { Table } from "../base/table/table.js";
import { labelsOfNamespace } from "./kinds/kubernetes/namespace.js";
import { type LabelSelector, selectsLabels } from "./kinds/value/label-selector.js";
import { KINDS, type Kind, type ResourceOf } from "./kinds.js";
import { meshConfigIn } from "./mesh-config/mesh-config.js";
import type { ConfigResource } from "./resource.js";
import type { ResourceTables } from "./snapshot.js";

export type Selectors = readonly LabelSelector[];

/** Whether one of the selectors takes a namespace, which a file may declare. */
export function isDiscovered(
  name: string,
  declared: ResourceOf<"Namespace"> | undefined,
  selectors: Selectors,
): boolean {
  const labels = labelsOfNamespace(name, declared?.metadata.labels);
  return selectors.some((one) => selectsLabels(one, labels));
}

/** Keys and certificates are where the gateways are, of the mesh or not; the mesh's own configuration is a ConfigMap. */
const READ_EVERYWHERE: readonly Kind[] = ["ConfigMap", "Secret"];

const isDivided = (kind: Kind): boolean =>
  !("clusterScoped" in KINDS[kind]) && !READ_EVERYWHERE.includes(kind);

/**
 * Leaves out what is in namespaces that none of the selectors takes; without selectors the tables are those that are given.
 * The root namespace is one like others. An edit costs what it changes, and a label of a namespace what that namespace has.
 */
export function createDiscoveredTables(
  engine: Engine,
): (tables: ResourceTables, selectors: Selectors | undefined) => ResourceTables {
  const settle = engine.settle<Selectors>(isDeepStrictEqual);
  const kinds = (Object.keys(KINDS) as Kind[]).filter(isDivided);
  const filters = kinds.map((kind) => [kind, createFilter(engine, kind)] as const);
  return (tables, given = []) => {
    if (given.length === 0) return tables;
    const selectors = settle(given);
    const own = filters.map(([kind, filter]) => {
      const all = tables[kind] as Table<ConfigResource>;
      return [kind, filter(all, tables.Namespace, selectors)] as const;
    });
    return { ...tables, ...(Object.fromEntries(own) as Partial<ResourceTables>) };
  };
}

/** What of some resources is the mesh's by its configuration among them: for those who look once. */
export const discoveredTables = (tables: ResourceTables): ResourceTables =>
  createDiscoveredTables(new Engine())(tables, meshConfigIn(tables).discoverySelectors);

function createFilter(
  engine: Engine,
  kind: Kind,
): (
  all: Table<ConfigResource>,
  namespaces: ResourceTables["Namespace"],
  selectors: Selectors,
) => Table<ConfigResource> {
  // By the keys of namespaces, so that they are found beside what is in them.
  const byNamespace = engine.group<ConfigResource>(`${kind} by namespace`, ({ metadata }) => [
    `/${metadata.namespace}`,
  ]);
  const ofSelected = engine.lookUp<
    Table<ConfigResource>,
    [ResourceOf<"Namespace">],
    [Selectors],
    Table<ConfigResource>
  >(`${kind} of selected namespaces`, (key, [resources, namespace], selectors) =>
    isDiscovered(key.slice(1), namespace, selectors) ? resources : undefined,
  );
  const flat = engine.flatten<ConfigResource>(`${kind} of the mesh`);
  return (all, namespaces, selectors) =>
    flat(ofSelected([byNamespace(all), namespaces], selectors));
}
