/** What fairlead has proxies tell otherwise than the model does. */
import { isDeepStrictEqual } from "node:util";
import type { Made } from "./made.js";
import { model, type Told } from "./model.js";
import type { World } from "./objects.js";

/** A part of what is told for which both have something else. */
export interface Difference {
  readonly where: string;
  readonly field: string;
  readonly expected: unknown;
  readonly found: unknown;
}

const FIELDS = ["logs", "metrics", "tracing"] as const satisfies readonly (keyof Told)[];

/** See the top of this file. */
export function differences(world: World, { found }: Made): readonly Difference[] {
  return found.flatMap(({ teller, side, what, told }) => {
    const expected = model(world, teller, side, what);
    const where = `${side} ${what} of ${teller.labels["app"] ?? ""}.${teller.namespace}`;
    return told.flatMap((one) =>
      FIELDS.filter((field) => !isDeepStrictEqual(one[field], expected[field])).map((field) => ({
        where,
        field,
        expected: expected[field],
        found: one[field],
      })),
    );
  });
}
