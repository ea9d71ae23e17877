/** The Telemetry resources that count for a workload. */
import type { Table } from "../../base/table/table.js";
import type { WorkloadMode } from "../../config/kinds/telemetry/telemetry.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { Labels } from "../labels.js";
import { isFor } from "../policy-targets.js";
import { comparePrecedence } from "../precedence.js";

/** A Telemetry resource. */
export type Telemetry = ResourceOf<"Telemetry">;

/** The side of a request on which a proxy tells of it. */
export type TelemetrySide = "CLIENT" | "SERVER";

/** Whose requests are asked about. */
export interface TelemetryQuery {
  readonly namespace: string;
  readonly labels: Labels;
  readonly rootNamespace: string;
  readonly side: TelemetrySide;
}

/** Whether a Telemetry is for the whole of its namespace. */
const isWhole = ({ spec }: Telemetry): boolean =>
  Object.keys(spec.selector?.matchLabels ?? {}).length === 0 &&
  spec.targetRef === undefined &&
  (spec.targetRefs ?? []).length === 0;

/**
 * The mesh's, then its namespace's, of each the older one of several; then those of its own namespace that select the workload
 * or are attached to it, the older ones first. See Istio, Telemetry.
 */
export function appliedTelemetries(
  table: Table<Telemetry>,
  query: Omit<TelemetryQuery, "side">,
): readonly Telemetry[] {
  const all = [...table.values()].sort(comparePrecedence);
  const wholeOf = (namespace: string): Telemetry | undefined =>
    all.find((one) => one.metadata.namespace === namespace && isWhole(one));
  const mesh = wholeOf(query.rootNamespace);
  const namespace = query.namespace === query.rootNamespace ? undefined : wholeOf(query.namespace);
  const own = all.filter(
    (one) => one.metadata.namespace === query.namespace && !isWhole(one) && isFor(one, query),
  );
  return [mesh, namespace, ...own].filter((one) => one !== undefined);
}

/** Whether what is said for a mode is said for a side. */
export const covers = (mode: WorkloadMode | undefined, side: TelemetrySide): boolean =>
  mode === undefined || mode === "CLIENT_AND_SERVER" || mode === side;
