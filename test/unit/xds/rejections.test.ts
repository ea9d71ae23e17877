import { expect, test } from "vitest";
import {
  NO_REJECTIONS,
  rejectionOf,
  withRejection,
} from "../../../src/xds/state/subscription/rejections.js";

const refused = (...contents: readonly (readonly [name: string, version: string])[]) =>
  contents.reduce(
    (all, [name, version]) => withRejection(all, name, { version, error: version, at: 0 }),
    NO_REJECTIONS,
  );

test("what was refused again counts as refused last, once", () => {
  const all = refused(["a", "1"], ["a", "2"], ["a", "1"]);
  expect(all.get("a")?.map(({ version }) => version)).toEqual(["2", "1"]);
});

test("of a client that refuses without end a thousand contents are remembered, those of the latest names", () => {
  const names = Array.from({ length: 600 }, (_, i) => `n${i}`);
  const all = refused(...names.flatMap((name) => [[name, "1"] as const, [name, "2"] as const]), [
    "n300",
    "3",
  ]);
  expect([...all.values()].flat()).toHaveLength(999);
  expect(rejectionOf(all, { name: "n99", version: "2" })).toBeUndefined();
  expect(rejectionOf(all, { name: "n300", version: "1" })?.error).toBe("1");
  expect(rejectionOf(all, { name: "n599", version: "2" })?.error).toBe("2");
});
