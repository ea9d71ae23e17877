/** Which endpoints of a service its callers prefer, because the service or its namespace asks for it. */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";

/** Whether callers prefer endpoints of their own zone, those nearest to them of all, or none. */
export type TrafficDistribution = "any" | "same-zone" | "nearest";

/** The annotation for what a Kubernetes Service has a field for, `spec.trafficDistribution`. */
const ANNOTATION = "networking.istio.io/traffic-distribution";

/** The second is the older name of the first. */
const WORDS: ReadonlyMap<string, TrafficDistribution> = new Map([
  ["prefersamezone", "same-zone"],
  ["preferclose", "same-zone"],
  ["prefersamenode", "nearest"],
]);

/**
 * What a service says in its field, else its annotation, else that of its namespace (`byDefault`). A word that is none says
 * "any" in an annotation, and nothing in the field. See Istio, model.GetTrafficDistribution.
 */
export function trafficDistribution(
  annotations: Readonly<Record<string, string>>,
  byDefault: TrafficDistribution,
  field: string | undefined = "",
): TrafficDistribution {
  const ofField = WORDS.get(field.toLowerCase());
  const annotation = annotations[ANNOTATION] ?? "";
  if (ofField !== undefined || annotation === "") return ofField ?? byDefault;
  return WORDS.get(annotation.toLowerCase()) ?? "any";
}

/** What namespaces say for their services, by name; those that say nothing are not there. */
export type NamespaceDistributions = ReadonlyMap<string, TrafficDistribution>;

interface NamespaceRow {
  readonly name: string;
  readonly distribution: TrafficDistribution;
}

function namespaceRow({ metadata }: ResourceOf<"Namespace">): NamespaceRow | undefined {
  const distribution = trafficDistribution(metadata.annotations, "any");
  return distribution === "any" ? undefined : { name: metadata.name, distribution };
}

/** Finds what namespaces say; the same map for as long as they say the same. */
export function createNamespaceDistributions(
  engine: Engine,
): (namespaces: Table<ResourceOf<"Namespace">>) => NamespaceDistributions {
  const rows = engine.derive<[ResourceOf<"Namespace">], [], NamespaceRow>(
    "traffic distributions of namespaces",
    (_key, [namespace]) => namespace && namespaceRow(namespace),
    (a, b) => a.name === b.name && a.distribution === b.distribution,
  );
  const byName = engine.latestOf(
    "traffic distributions by namespace",
    (table: Table<NamespaceRow>): NamespaceDistributions =>
      new Map([...table.values()].map(({ name, distribution }) => [name, distribution])),
  );
  return (namespaces) => byName(rows([namespaces]));
}
