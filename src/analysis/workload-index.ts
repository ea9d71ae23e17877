import type { TextMap } from "../config/kinds/value/fields.js";
import { indexPair, selects } from "../mesh/labels.js";
import type { Workload } from "./workloads.js";

/** Finds workloads by their labels. */
export interface WorkloadIndex {
  /** Those that resources declare. */
  readonly declared: readonly Workload[];
  /**
   * The declared workloads with all of these labels, of one namespace or of all; where there is none, those that a Service
   * asks for.
   */
  readonly selected: (selector: TextMap, namespace?: string) => readonly Workload[];
}

/** An index of some workloads; `expected` are those that Services ask for. */
export function createWorkloadIndex(
  declared: readonly Workload[],
  expected: readonly Workload[],
): WorkloadIndex {
  const amongDeclared = lookUpIn(declared);
  const amongExpected = lookUpIn(expected);
  return {
    declared,
    selected: (selector, namespace) => {
      const found = amongDeclared(selector, namespace);
      return found.length > 0 ? found : amongExpected(selector, namespace);
    },
  };
}

function lookUpIn(workloads: readonly Workload[]): WorkloadIndex["selected"] {
  const byPair = new Map<string, Workload[]>();
  for (const workload of workloads) {
    for (const [name, value] of Object.entries(workload.labels)) {
      const pair = `${name}=${value}`;
      const others = byPair.get(pair);
      if (others === undefined) byPair.set(pair, [workload]);
      else others.push(workload);
    }
  }
  return (selector, namespace) => {
    const pair = indexPair(selector);
    const candidates = pair === undefined ? workloads : (byPair.get(pair) ?? []);
    return candidates.filter(
      (one) =>
        (namespace === undefined || one.namespace === namespace) && selects(selector, one.labels),
    );
  };
}
