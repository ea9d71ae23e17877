import type { Analyzer, Report } from "../analyzer.js";
import type { AnalyzedKindName } from "../kinds.js";
import type { Analyzed } from "../resources.js";

/** The conditions of each kind of which it is bad when they do not hold. */
const CONDITIONS = {
  AuthorizationPolicy: ["ZtunnelAccepted", "WaypointAccepted"],
  GRPCRoute: ["Accepted", "Programmed", "ResolvedRefs"],
  HTTPRoute: ["Accepted", "Programmed", "ResolvedRefs"],
  KubernetesGateway: ["Accepted", "Programmed", "ResolvedRefs"],
  ListenerSet: ["Accepted", "Programmed"],
  Service: ["istio.io/WaypointBound"],
  ServiceEntry: ["istio.io/WaypointBound"],
  WorkloadEntry: ["istio.io/WaypointBound"],
  XListenerSet: ["Accepted", "Programmed"],
} as const satisfies Partial<Record<AnalyzedKindName, readonly string[]>>;

/** What controllers wrote into the status of resources that were exported from a cluster. */
export const conditionAnalyzer: Analyzer = {
  name: "conditions.ConditionAnalyzer",
  description: "whether a resource's status says that it was not taken",
  *analyze({ resources }) {
    for (const [kind, types] of Object.entries(CONDITIONS)) {
      for (const resource of resources.all(kind as keyof typeof CONDITIONS)) {
        yield* analyzeResource(resource, types);
      }
    }
  },
};

function* analyzeResource(resource: Analyzed, types: readonly string[]): Iterable<Report> {
  const { conditions = [], parents = [] } = resource.status;
  const placed = [
    ...conditions.map((condition, i) => ({ condition, path: ["status", "conditions", i] })),
    ...parents.flatMap((parent, i) =>
      (parent.conditions ?? []).map((condition, j) => {
        return { condition, path: ["status", "parents", i, "conditions", j] };
      }),
    ),
  ];
  const seen = new Set<string>();
  for (const { condition, path } of placed) {
    const { type = "", status, reason = "", message = "" } = condition;
    // A waypoint that takes a part of a policy says so by the reason alone.
    const isPartial = type === "WaypointAccepted" && reason === "PartiallyInvalid";
    const isNegative = types.includes(type) && (status === "False" || isPartial);
    const text = `its condition ${type} says ${reason === "" ? "no" : reason}: ${message}`;
    if (!isNegative || seen.has(text)) continue;
    seen.add(text);
    yield { resource, code: "IST0171", path, message: text };
  }
}
