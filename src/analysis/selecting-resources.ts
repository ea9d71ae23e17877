import { formatLabels } from "../base/text/format-labels.js";
import type { Path } from "../config/kind.js";
import type { TextMap } from "../config/kinds/value/fields.js";
import type { AnalysisContext, Report } from "./analyzer.js";
import type { MessageCode } from "./messages.js";
import type { Analyzed } from "./resources.js";
import type { Workload } from "./workloads.js";

/** A resource that is for the workloads of its namespace with some labels. */
export interface SelectingResource {
  readonly resource: Analyzed;
  readonly labels: TextMap;
  /** Where the labels are. */
  readonly path: Path;
}

/** Who is for whom, and the reports of those that are for nothing. */
export interface Selection {
  readonly reports: readonly Report[];
  readonly byWorkload: ReadonlyMap<Workload, readonly SelectingResource[]>;
}

/** Finds the workloads that resources are for. */
export function selectWorkloads(
  selecting: readonly SelectingResource[],
  { workloads }: AnalysisContext,
): Selection {
  const reports: Report[] = [];
  const byWorkload = new Map<Workload, SelectingResource[]>();
  for (const one of selecting) {
    const { resource, labels, path } = one;
    const selected = workloads.selected(labels, resource.namespace);
    if (selected.length === 0) {
      const message = `no workload of namespace ${resource.namespace} has the labels ${formatLabels(labels)}`;
      reports.push({ resource, code: "IST0101", path, message });
    }
    for (const workload of selected) {
      const others = byWorkload.get(workload);
      if (others === undefined) byWorkload.set(workload, [one]);
      else others.push(one);
    }
  }
  return { reports, byWorkload };
}

/** That several resources are for the same workload, of which one counts. */
export function* analyzeOverlaps(
  code: MessageCode,
  { namespace, name }: Workload,
  selecting: readonly SelectingResource[],
): Iterable<Report> {
  if (selecting.length < 2) return;
  const names = selecting.map(({ resource }) => resource.name).sort();
  for (const { resource, path } of selecting) {
    const message = `several of kind ${resource.kind} are for workload ${namespace}/${name}: ${names.join(", ")}; one counts, so tell their labels apart`;
    yield { resource, code, path, message };
  }
}
