/** What fairlead makes otherwise of a world than the model does. */
import { isDeepStrictEqual } from "node:util";
import type { Made } from "./made.js";
import { type Description, expectedClusters } from "./model.js";
import type { World } from "./objects.js";

/** A field of a cluster for which both have something else. */
export interface Difference {
  readonly caller: string;
  readonly cluster: string;
  readonly field: string;
  readonly expected: unknown;
  readonly found: unknown;
}

function fieldsOf(expected: Description, found: Description): readonly string[] {
  const fields = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return fields.filter((field) => !isDeepStrictEqual(expected[field], found[field]));
}

/** See the top of this file. */
export function differences(world: World, { clusters }: Made): readonly Difference[] {
  return world.callers.flatMap((caller) => {
    const expected = expectedClusters(world, caller);
    const found = clusters.get(caller) ?? new Map<string, Description>();
    const names = [...new Set([...expected.keys(), ...found.keys()])];
    return names.flatMap((cluster) => {
      const [one = {}, other = {}] = [expected.get(cluster), found.get(cluster)];
      return fieldsOf(one, other).map((field) => ({
        caller: `${caller.namespace} at ${caller.locality}`,
        cluster,
        field,
        expected: one[field],
        found: other[field],
      }));
    });
  });
}
