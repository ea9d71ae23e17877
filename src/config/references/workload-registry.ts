import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import type { TextMap } from "../kinds/fields.js";
import type { Kind, ResourceOf } from "../kinds.js";
import type { ConfigResource } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";

/** The labels that workloads have as far as files say, by namespace. Another object only when these are others. */
export type WorkloadRegistry = ReadonlyMap<string, readonly TextMap[]>;

interface WorkloadLabels {
  readonly namespace: string;
  readonly labels: TextMap;
}

/**
 * How each kind says that there are workloads with some labels. The selector of a Service says it too: workloads register
 * themselves when their proxies connect, so files need not have them.
 */
const LABELS_OF: { readonly [K in Kind]?: (resource: ResourceOf<K>) => TextMap | undefined } = {
  DaemonSet: ({ spec }) => spec.template.metadata?.labels,
  Deployment: ({ spec }) => spec.template.metadata?.labels,
  Pod: ({ metadata }) => metadata.labels,
  Service: ({ spec }) => spec.selector,
  StatefulSet: ({ spec }) => spec.template.metadata?.labels,
  WorkloadEntry: ({ metadata, spec }) => ({ ...metadata.labels, ...spec.labels }),
  WorkloadGroup: ({ spec }) => ({ ...spec.metadata?.labels, ...spec.template.labels }),
};

/** The labels of the workloads of some resources, found anew only for what changed. */
export function createWorkloadRegistry(
  engine: Engine,
): (tables: ResourceTables) => WorkloadRegistry {
  const kinds = Object.keys(LABELS_OF) as readonly (keyof typeof LABELS_OF)[];
  const labelTables = kinds.map((kind) => {
    const labelsOf = LABELS_OF[kind] as (resource: ConfigResource) => TextMap | undefined;
    const derive = engine.derive(
      `labels of ${kind}`,
      (_key, [resource]: readonly [ConfigResource | undefined]) => rowOf(resource, labelsOf),
      isDeepStrictEqual,
    );
    return (tables: ResourceTables) => derive([tables[kind]]);
  });
  const registry = engine.memo("workload registry", registryOf);
  return (tables) => registry(...labelTables.map((labels) => labels(tables)));
}

function rowOf(
  resource: ConfigResource | undefined,
  labelsOf: (resource: ConfigResource) => TextMap | undefined,
): WorkloadLabels | undefined {
  const labels = resource && labelsOf(resource);
  if (resource === undefined || labels === undefined) return undefined;
  return { namespace: resource.metadata.namespace, labels };
}

function registryOf(...tables: readonly Table<WorkloadLabels>[]): WorkloadRegistry {
  const registry = new Map<string, TextMap[]>();
  for (const { namespace, labels } of tables.flatMap((table) => [...table.values()])) {
    const others = registry.get(namespace);
    if (others === undefined) registry.set(namespace, [labels]);
    else others.push(labels);
  }
  return registry;
}

/** The namespaces with a workload that has all these labels. */
export function namespacesWith(registry: WorkloadRegistry, selector: TextMap): readonly string[] {
  const wanted = Object.entries(selector);
  const namespaces = [...registry].filter(([, workloads]) =>
    workloads.some((labels) => wanted.every(([name, value]) => labels[name] === value)),
  );
  return namespaces.map(([namespace]) => namespace);
}
