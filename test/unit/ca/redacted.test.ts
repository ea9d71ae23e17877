import { inspect } from "node:util";
import { expect, test } from "vitest";
import { redact } from "../../../src/ca/redacted.js";

const SECRET = "s3cret-value";

test.each([
  ["String", (value: unknown) => String(value)],
  ["a template", (value: unknown) => `value: ${value as string}`],
  ["concatenation", (value: unknown) => "value: " + (value as string)],
  ["JSON", (value: unknown) => JSON.stringify({ nested: [value] })],
  ["util.inspect", (value: unknown) => inspect({ nested: value }, { depth: 9, showHidden: true })],
  ["Object.entries", (value: unknown) => JSON.stringify(Object.entries(value as object))],
])("a redacted value is not seen by %s", (_, print) => {
  const printed = print(redact(SECRET));
  expect(printed).not.toContain(SECRET);
});

test("a redacted value says so where it is printed", () => {
  expect(inspect({ key: redact(SECRET) })).toBe("{ key: [redacted] }");
  expect(JSON.stringify({ key: redact(SECRET) })).toBe('{"key":"[redacted]"}');
});

test("a redacted value is revealed to who asks for it", () => {
  expect(redact(SECRET).reveal()).toBe(SECRET);
});
