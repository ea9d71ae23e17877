import { describe, test } from "vitest";
import { sameElements } from "../../../../src/base/engine/engine.js";
import type { Table } from "../../../../src/base/table/table.js";
import { expectSameWithoutMemo } from "./edited-inputs.js";
import { type Row, sorted } from "./recording-engine.js";

describe("a pipeline of all operators", () => {
  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const sums = engine.derive<[number, number], [number], number>(
        "sums",
        (_, [left = 0, right = 0], context) => left + right + context,
      );
      const groups = engine.group<number>("groups", (n) => [n % 2 === 0 ? "even" : "odd"]);
      const total = engine.memo("total", (members: Table<number>, name: string) => ({
        text: `${name} ${[...members.values()].reduce((a, b) => a + b, 0)}`,
      }));
      const totals = engine.derive<[Table<number>], [], Row>(
        "totals",
        (name, [members]) => (members === undefined ? undefined : total(members, name)),
        (a, b) => a.text === b.text,
      );
      const flat = engine.flatten<number>("flat");
      const settle = engine.settle<readonly Row[]>(sameElements);
      return ({ left, right, context }) => {
        const grouped = groups(sums([left, right], context));
        return [
          sorted(flat(grouped)),
          sorted(totals([grouped])),
          settle(
            totals([grouped])
              .sorted()
              .map(([, row]) => row),
          ),
        ];
      };
    });
  });
});
