/** The Telemetry resources that count for a workload. */
import type { Table } from "../base/table.js";
import type { WorkloadMode } from "../config/kinds/telemetry.js";
import type { ResourceOf } from "../config/kinds.js";
import { type Labels, selects } from "./labels.js";
import { comparePrecedence } from "./precedence.js";

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

/** The mesh's, then its namespace's, then the workload's own: the older one of several. See Istio, Telemetry. */
export function appliedTelemetries(
  table: Table<Telemetry>,
  query: Omit<TelemetryQuery, "side">,
): readonly Telemetry[] {
  const all = [...table.values()].sort(comparePrecedence);
  const selector = ({ spec }: Telemetry): Labels => spec.selector?.matchLabels ?? {};
  const whole = (namespace: string): Telemetry | undefined =>
    all.find(
      (one) =>
        one.metadata.namespace === namespace &&
        Object.keys(selector(one)).length === 0 &&
        one.spec.targetRefs === undefined,
    );
  const own = all.find(
    (one) =>
      one.metadata.namespace === query.namespace &&
      Object.keys(selector(one)).length > 0 &&
      selects(selector(one), query.labels),
  );
  const namespace = query.namespace === query.rootNamespace ? undefined : whole(query.namespace);
  return [whole(query.rootNamespace), namespace, own].filter((one) => one !== undefined);
}

/** Whether what is said for a mode is said for a side. */
export const covers = (mode: WorkloadMode | undefined, side: TelemetrySide): boolean =>
  mode === undefined || mode === "CLIENT_AND_SERVER" || mode === side;
