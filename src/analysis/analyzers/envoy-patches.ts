import type { EnvoyConfigObjectPatch } from "../../config/kinds/networking/envoy-patch.js";
import type { Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import type { MessageCode } from "../messages.js";
import type { AnalyzedOf } from "../resources.js";

type EnvoyFilter = AnalyzedOf<"EnvoyFilter">;
type EnvoyPatch = Draft<EnvoyConfigObjectPatch>;

/** EnvoyFilters whose patches have no effect, or one that depends on the order in which filters are applied. */
export const envoyPatchAnalyzer: Analyzer = {
  name: "envoyfilter.EnvoyPatchAnalyzer",
  description: "whether the operations of EnvoyFilters fit what they are applied to",
  *analyze({ resources }) {
    // The filters that were patched for some versions of the proxy alone, by the EnvoyFilters so far.
    const versioned = new Set<string>();
    for (const filter of resources.all("EnvoyFilter")) yield* analyzeFilter(filter, versioned);
  },
};

/** One report of a code for each EnvoyFilter, at the first patch that it is about. */
function* analyzeFilter(filter: EnvoyFilter, versioned: Set<string>): Iterable<Report> {
  const { configPatches = [], priority = 0 } = filter.spec;
  const reported = new Set<MessageCode>();
  for (const [index, patch] of configPatches.entries()) {
    if (patch.patch === undefined) return;
    const name = filterName(patch);
    const { code, message } = analyzePatch(patch, priority, versioned.has(name)) ?? {};
    if (code !== undefined && message !== undefined && !reported.has(code)) {
      reported.add(code);
      const path = ["spec", "configPatches", index, "patch", "operation"];
      yield { resource: filter, code, path, message };
    }
    if ((patch.match?.proxy?.proxyVersion ?? "") !== "") versioned.add(name);
  }
}

type Verdict = Pick<Report, "code" | "message"> | undefined;

function analyzePatch(patch: EnvoyPatch, priority: number, isVersioned: boolean): Verdict {
  const { applyTo = "", patch: change } = patch;
  const isRoute = applyTo === "ROUTE_CONFIGURATION" || applyTo === "HTTP_ROUTE";
  const isFilter = applyTo === "NETWORK_FILTER" || applyTo === "HTTP_FILTER";
  const relative = priority === 0 ? describeRelative(change?.operation, isVersioned) : undefined;
  switch (change?.operation) {
    case "ADD":
      return isRoute ? ignored("IST0153", "ADD", applyTo) : undefined;
    case "REMOVE":
      return isRoute ? ignored("IST0154", "REMOVE", applyTo) : relative;
    case "REPLACE":
      if (isFilter) return relative;
      return ignored("IST0152", "REPLACE", applyTo, "it is for HTTP_FILTER and NETWORK_FILTER");
    case "INSERT_BEFORE":
    case "INSERT_AFTER":
      return relative;
    default:
      return undefined;
  }
}

function ignored(
  code: MessageCode,
  operation: string,
  applyTo: string,
  right = "MERGE would change one that is there",
): Verdict {
  return { code, message: `the operation ${operation} has no effect on a ${applyTo}: ${right}` };
}

function describeRelative(operation: string | undefined, isVersioned: boolean): Verdict {
  const what = `what ${operation ?? ""} does depends on which EnvoyFilters are applied before it`;
  const right = "give a priority, or take INSERT_FIRST, ADD or MERGE";
  return isVersioned
    ? {
        code: "IST0155",
        message: `${what}, and another one patches the same filter for some proxyVersion: ${right}`,
      }
    : { code: "IST0151", message: `${what}: ${right}` };
}

/** The filter that a patch is about: by its own name, else by that of the filter which it matches. */
function filterName({ patch, match }: EnvoyPatch): string {
  if (patch?.value === undefined) return "";
  const { name } = patch.value;
  if (name !== undefined) return JSON.stringify(name);
  return match?.listener?.filterChain?.filter?.name ?? "";
}
