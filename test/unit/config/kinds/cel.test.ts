import { describe, expect, it } from "vitest";
import { celProblem } from "../../../../src/config/kinds/cel.js";

describe("an expression of CEL", () => {
  it.each([
    "true",
    "response.code >= 400",
    "!has(request.headers) || response.code in [500, 503u, 0x1F]",
    "request.path.startsWith('/api') && !request.path.endsWith(\"/health\")",
    "connection.mtls ? 'a' : -1.5e3",
    "filter_state['x'].map(k, v, {'a': k, 'b': [v,],})[0] != null",
    "has((a.b.c)) && has(a, b) && a.has(b)",
    "a.b.all(x, x > 1) && a.exists(1) && [1].map(x, x > 0, x * 2) == [] && all(1, 2)",
    "a ? b : c ? d : e",
    "!!a == (--1 < 0)",
    "google.protobuf.Duration{seconds: 3} < duration('5s')",
    ".a.b(c).d",
    "r'\\d' + b\"x\" + '''it's''' // a comment",
    "inside == index",
    "1 +\n- 2",
  ])("can be %s", (expression) => {
    expect(celProblem(expression)).toBeUndefined();
  });

  it.each([
    ["", "the expression ends too early"],
    ["response.code >", "the expression ends too early"],
    ["response.", "the expression ends too early"],
    ["(a", "the expression ends too early"],
    ["a b", '"b" cannot stand where it does'],
    ["a = b", '"= b" is nothing of CEL'],
    ["f(a,)", '")" cannot stand where it does'],
    ["a ? b", "the expression ends too early"],
    ["{'a' 1}", '"1" cannot stand where it does'],
    ["package.name", '"package" cannot stand where it does'],
    ["'open", '"\'open" is nothing of CEL'],
    ["a[0", "the expression ends too early"],
    ["has(a)", "has() is for a field, such as has(a.b)"],
    ["has(a['b'])", "has() is for a field, such as has(a.b)"],
    ["has(!a.b)", "has() is for a field, such as has(a.b)"],
    ["has(a.b + a.c)", "has() is for a field, such as has(a.b)"],
    ["has(a.b())", "has() is for a field, such as has(a.b)"],
    ["a.all(x.y, true)", "all() needs a name for an item first, such as all(x, ...)"],
    ["a.map(1, true, 2)", "map() needs a name for an item first, such as map(x, ...)"],
    ["a ? b ? c : d : e", '"?" cannot stand where it does'],
    ["!-a", '"a" cannot stand where it does'],
    ["&& a", '"&&" cannot stand where it does'],
  ])("cannot be %s", (expression, problem) => {
    expect(celProblem(expression)).toBe(problem);
  });
});
