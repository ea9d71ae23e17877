/** Expressions of CEL that a stock Envoy takes, and those for which it refuses a listener, as `--mode validate` told. */
import { expect, test } from "vitest";
import { envoyCelProblem } from "../../../../../src/config/kinds/cel/envoy-cel.js";

const deep = (before: string, inner: string, after: string, times: number): string =>
  before.repeat(times) + inner + after.repeat(times);

test.each([
  "foo.bar == request.nope",
  "has(request.headers.x) && size(request.host) > 1 && request.host.size() > 1",
  "request.path.matches('^/a') || matches(request.path, r'\\d')",
  "request.path.matches(('\\\\d+'))",
  "request.path.matches(request.host)",
  "int('1') + duration('x') + request.time.getHours('UTC')",
  "{'a': [1, 2,]}['a'][0]",
  deep("(", "1", ")", 32),
  deep("size(", "a", ")", 31),
  `a${".b".repeat(31)}`,
  `a${" + a".repeat(31)}`,
  `a${" || a".repeat(200)}`,
])("takes %s", (expression) => {
  expect(envoyCelProblem(expression)).toBeUndefined();
});

test.each([
  ["a b", /cannot stand/],
  ["foo(1)", /no function foo\(\) with 1/],
  ["request.host.foo()", /no function \.foo\(\) with 0/],
  ["string(1)", /no function string\(\)/],
  ["a.toString()", /no function \.toString\(\)/],
  ["size(a, b)", /no function size\(\) with 2/],
  ["google.size(a)", /no function \.size\(\) with 1/],
  ["[1].all(x, x > 0)", /no function \.all\(\) with 2/],
  ["request.host.matches('a(')", /RE2/],
  ["matches(request.host, ('['))", /RE2/],
  [String.raw`a.matches('\\1')`, /RE2/],
  ["Foo{a: 1}", /messages/],
  [deep("(", "1", ")", 33), /more than 32/],
  [deep("size(", "a", ")", 32), /more than 32/],
  [`a${".b".repeat(32)}`, /more than 32/],
  [`a${" + a".repeat(32)}`, /more than 32/],
  [deep("a ? b : (", "c", ")", 17), /more than 32/],
])("does not take %s", (expression, problem) => {
  expect(envoyCelProblem(expression)).toMatch(problem);
});
