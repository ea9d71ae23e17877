import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { TextMap } from "../kinds/value/fields.js";
import type { Kind, ResourceOf } from "../kinds.js";
import type { ConfigResource } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";

/** The labels that workloads have as far as files say. Another object only when these are others. */
export interface WorkloadRegistry {
  readonly all: readonly WorkloadLabels[];
  /** By each of their labels, `name=value`. */
  readonly byLabel: ReadonlyMap<string, readonly WorkloadLabels[]>;
}

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

const keyOf = ([name, value]: readonly [string, string]): string => `${name}=${value}`;

function registryOf(...tables: readonly Table<WorkloadLabels>[]): WorkloadRegistry {
  const all = tables.flatMap((table) => [...table.values()]);
  const byLabel = new Map<string, WorkloadLabels[]>();
  for (const workload of all) {
    for (const label of Object.entries(workload.labels)) {
      const others = byLabel.get(keyOf(label));
      if (others === undefined) byLabel.set(keyOf(label), [workload]);
      else others.push(workload);
    }
  }
  return { all, byLabel };
}

/** The namespaces with a workload that has all these labels. */
export function namespacesWith(
  { all, byLabel }: WorkloadRegistry,
  selector: TextMap,
): readonly string[] {
  const wanted = Object.entries(selector);
  // Only those with the rarest of the labels can have them all.
  const candidates = wanted
    .map((label) => byLabel.get(keyOf(label)) ?? [])
    .reduce((fewest, some) => (some.length < fewest.length ? some : fewest), all);
  const found = candidates.filter(({ labels }) =>
    wanted.every(([name, value]) => labels[name] === value),
  );
  return [...new Set(found.map(({ namespace }) => namespace))];
}
