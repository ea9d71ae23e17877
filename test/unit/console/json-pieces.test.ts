import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPieces } from "../../../src/console/json-pieces.js";

test("pieces together are the JSON of the whole, whatever the depth", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat({ max: 5 }), (value, depth) => {
      expect([...jsonPieces(value, depth)].join("")).toBe(JSON.stringify(value));
    }),
  );
});

test("a member without a value is left out", () => {
  const value = { a: undefined, b: { c: undefined, d: 1 } };
  for (const depth of [0, 1, 2])
    expect([...jsonPieces(value, depth)].join("")).toBe('{"b":{"d":1}}');
});

test("pieces are no larger than what is at the depth", () => {
  const value = { list: Array.from({ length: 100 }, () => "a".repeat(10)) };
  const lengths = [...jsonPieces(value, 2)].map(({ length }) => length);
  expect(Math.max(...lengths)).toBe(12);
});
