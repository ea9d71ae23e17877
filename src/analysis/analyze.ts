import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.js";
import { meshConfigIn } from "../config/mesh-config/mesh-config.js";
import { formatRef } from "../config/resource.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import { showable } from "../config/yaml/lines.js";
import { withMadeRouting } from "../mesh/made-routing.js";
import type { AnalysisContext, Analyzer, Report } from "./analyzer.js";
import { DEFAULT_ANALYZERS } from "./analyzers.js";
import { createHostScopes } from "./host-scopes.js";
import { severityOf } from "./messages.js";
import { type Resources, resourcesOf } from "./resources.js";
import { createAnnotationFilter } from "./suppression.js";
import { createWorkloadIndex } from "./workload-index.js";
import { declaredWorkloads, expectedWorkloads } from "./workloads.js";

/** How to analyze. */
export interface AnalysisOptions {
  /** Those that run by default when absent, and all that was found by reading; else what they say of that alone. */
  readonly analyzers?: readonly Analyzer[];
  /** The moment for which it is asked whether certificates are valid. */
  readonly now: Date;
}

/**
 * All that is wrong with the files of a snapshot: what was found when they were read, and what analyzers find; in order,
 * without what resources ask not to be told by their annotation. The cost is that of looking at everything: it is for who
 * asks, not for each change.
 */
export function analyze(
  { tables, diagnostics, written }: Pick<ConfigSnapshot, "tables" | "diagnostics" | "written">,
  options: AnalysisOptions,
): readonly Diagnostic[] {
  const resources = resourcesOf(written());
  const found = reportsOf({ tables, resources }, options).map(diagnosticOf);
  const isSuppressed = createAnnotationFilter(resources);
  return merged(toldOf(diagnostics, found, options.analyzers), found)
    .filter((one) => !isSuppressed(one))
    .sort(compareDiagnostics);
}

/** What is told of what was found by reading: what is about no resource, and what some analyzers tell or find too. */
function toldOf(
  diagnostics: readonly Diagnostic[],
  found: readonly Diagnostic[],
  analyzers: readonly Analyzer[] | undefined,
): readonly Diagnostic[] {
  if (analyzers === undefined) return diagnostics;
  const kinds = new Set(analyzers.flatMap(({ reads }) => reads ?? []));
  const places = new Set(found.map(placeOf));
  return diagnostics.filter((one) => {
    const [kind] = one.resource?.split(" ", 1) ?? [];
    return kind === undefined || kinds.has(kind) || places.has(placeOf(one));
  });
}

/** What analyzers find; those that look at the same thing find the same. */
function reportsOf(
  { tables, resources }: Pick<ConfigSnapshot, "tables"> & { readonly resources: Resources },
  { analyzers = DEFAULT_ANALYZERS, now }: AnalysisOptions,
): readonly Report[] {
  const context: AnalysisContext = {
    resources,
    meshConfig: meshConfigIn(tables),
    workloads: createWorkloadIndex(declaredWorkloads(resources), expectedWorkloads(resources)),
    hosts: createHostScopes(resources),
    made: () => withMadeRouting(tables),
    now,
  };
  return analyzers.flatMap((analyzer) => [...analyzer.analyze(context)]);
}

function diagnosticOf(report: Report): Diagnostic {
  const { resource, code, path, end = "value", message } = report;
  return {
    severity: report.severity ?? severityOf(code),
    code,
    message: showable(message),
    ...resource.written.place(path, end),
    resource: formatRef(resource),
  };
}

/**
 * What was found when files were read, and what analyzers found besides. Where both say the same, reading says it of this
 * mesh, and the level is that of the analyzer.
 */
function merged(
  diagnostics: readonly Diagnostic[],
  found: readonly Diagnostic[],
): readonly Diagnostic[] {
  const levels = new Map(found.map((one) => [placeOf(one), one.severity]));
  const known = new Set(diagnostics.map(placeOf));
  const all = [
    ...diagnostics.map((one) => ({ ...one, severity: levels.get(placeOf(one)) ?? one.severity })),
    ...found.filter((one) => !known.has(placeOf(one))),
  ];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** Equal for diagnostics of the same code at the same place: they say the same. */
function placeOf({ code, position, resource }: Diagnostic): string {
  return JSON.stringify([code, position, resource]);
}
