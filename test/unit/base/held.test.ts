/** What engines hold weakly. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

interface Row {
  readonly text: string;
}

function holding(options: { readonly memo: boolean }) {
  const made: string[] = [];
  const engine = new Engine({ ...options, record: (name, key) => made.push(`${name} ${key}`) });
  const rowOf = engine.held("rows", (text): Row => ({ text }));
  return { made, rowOf };
}

test("equal texts give one object while it is held", async () => {
  const { made, rowOf } = holding({ memo: true });
  const row = rowOf("a");
  await setImmediate();
  collectGarbage();
  expect(rowOf("a")).toBe(row);
  expect(made).toEqual(["rows a"]);
});

test("what nobody holds is forgotten", async () => {
  const { made, rowOf } = holding({ memo: true });
  rowOf("a");
  await expect
    .poll(
      async () => {
        await setImmediate();
        collectGarbage();
        rowOf("a");
        return made.length;
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThan(1);
});

test("an engine that remembers nothing holds nothing", () => {
  const { rowOf } = holding({ memo: false });
  const row = rowOf("a");
  expect(rowOf("a")).toEqual(row);
  expect(rowOf("a")).not.toBe(row);
});
