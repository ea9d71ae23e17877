import { describe, expect, it } from "vitest";
import { readCel } from "../../../../../src/config/kinds/cel/cel.js";

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
    "a.namespace == b.package.if()",
    "1 +\n- 2",
    String.raw`'\x41\u0041\U0001F600\101\n\'' + b'\xff' + """\"""" + r'\q'`,
    "-9223372036854775807 + 0x7fffffffffffffff < 18446744073709551615u",
  ])("can be %s", (expression) => {
    expect(readCel(expression)).not.toBeTypeOf("string");
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
    [String.raw`'\q'`, String.raw`"'\q'" is nothing of CEL`],
    [String.raw`'\ud800'`, String.raw`"'\ud800'" is nothing of CEL`],
    [String.raw`b'\u0041'`, String.raw`"'\u0041'" cannot stand where it does`],
    ["9223372036854775808", "9223372036854775808 is larger than whole numbers of CEL can be"],
  ])("cannot be %s", (expression, problem) => {
    expect(readCel(expression)).toBe(problem);
  });

  it("has an end, and no more within one another than can be read", () => {
    expect(readCel("(".repeat(9_000))).toBe("more than 250 expressions are within one another");
    expect(readCel("a".repeat(100_001))).toBe("100001 characters are more than 100000");
  });
});
