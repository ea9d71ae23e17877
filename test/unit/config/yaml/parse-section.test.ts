import { describe, expect, it } from "vitest";
import { lineStarts, placeOf } from "../../../../src/config/yaml/lines.js";
import { parseSection } from "../../../../src/config/yaml/parse-section.js";
import { splitSections } from "../../../../src/config/yaml/sections.js";

const documentsOf = (text: string): readonly unknown[] | undefined => {
  const parsed = parseSection(text);
  return parsed.error === undefined ? parsed.documents : undefined;
};

const errorOf = (text: string): readonly [string | undefined, string | undefined] => {
  const { error } = parseSection(text);
  if (error === undefined) return [undefined, undefined];
  const { line, column } = placeOf(text, lineStarts(text), error.offset);
  return [error.code, `${String(line)}:${String(column)}`];
};

describe("a section of a file", () => {
  it.each([
    ["a map", "a: 1\nb: [x, {c: yes}]\n", [{ a: 1, b: ["x", { c: true }] }]],
    [
      "keys that are numbers and booleans as text",
      "1: a\non: b\n1.5: c",
      [{ 1: "a", true: "b", 1.5: "c" }],
    ],
    ["a member with nothing behind it as absent", "a:\nb: ~\nc: [~]", [{ c: [null] }]],
    ["a member with nothing behind it over one that is merged", "<<: {a: 1}\na:", [{}]],
    ["a number in quotes as text", "a: '1'\nb: \"yes\"", [{ a: "1", b: "yes" }]],
    [
      "a text in brackets that ends with a colon as text",
      "a: [2001:db8::, fe80::]\nb: [c: , d: 1, e:]",
      [{ a: ["2001:db8::", "fe80::"], b: [{}, { d: 1 }, "e:"] }],
    ],
    ["what is tagged as text as text", "a: !!str 5", [{ a: "5" }]],
    [
      "JSON with tabs and escapes",
      '{\n\t"a": "\\ud83d\\ude00\\/",\n\t"b": [1e5, null]\n}',
      [{ a: "😀/", b: [100000, null] }],
    ],
    [
      "aliases and merges",
      "x: &b {p: 1, q: 2}\nz:\n  <<: *b\n  q: 3",
      [{ x: { p: 1, q: 2 }, z: { p: 1, q: 3 } }],
    ],
    [
      "names of Object's own members",
      "constructor: 1\ntoString: 2",
      [{ constructor: 1, toString: 2 }],
    ],
    ["documents that end with ...", "a: 1\n...\nb: 2", [{ a: 1 }, { b: 2 }]],
    ["directives", "%YAML 1.1\n---\na: 1", [{ a: 1 }]],
    ["comments as no document", "# nothing\n", []],
    ["a bare marker as an empty document", "---\n", [null]],
  ])("reads %s", (_, text, documents) => {
    expect(documentsOf(text)).toEqual(documents);
  });

  it("keeps the members with nothing behind them where they count", () => {
    const parsed = parseSection("a:\nb: { c: ~ }", { keepsNull: true });
    expect(parsed).toEqual({ documents: [{ a: null, b: { c: null } }] });
  });

  it.each([
    ["an unfinished list", "a: [1", "invalid-yaml", "1:6"],
    ["a tab as indentation", "a:\n\t- b", "invalid-yaml", "2:1"],
    ["wrong indentation", "a:\n  b: 1\n c: 2", "invalid-yaml", "3:2"],
    ["an alias to nothing", "a: *b", "invalid-yaml", "1:4"],
    ["a map as a key", "? [a]: b", "invalid-yaml", "1:1"],
    ["nothing as a key", "~: 1", "invalid-yaml", "1:1"],
    ["the key __proto__", "a: 1\n__proto__: {}", "invalid-yaml", "2:1"],
    ["a NUL", "a\u0000b", "invalid-yaml", "1:2"],
    ["binary data", "a: !!binary eA==", "invalid-yaml", "1:4"],
    ["too many levels", "[".repeat(200), "invalid-yaml", "1:100"],
    ["a key that is given twice", "a: 1\nb: 2\na: 3", "duplicate-key", "3:1"],
    ["a key that is given twice, at first with nothing", "a:\na: 1", "duplicate-key", "2:1"],
    ["a key that is given twice, then with nothing", "a: { b: 1, b: ~ }", "duplicate-key", "1:12"],
    ["a key that is given twice by another spelling", "on: 1\nyes: 2", "duplicate-key", "2:1"],
    ["a key in quotes that is given twice", "a: 1\n'a': 2", "duplicate-key", "2:1"],
    ["an alias within what it stands for", "a: &x [*x]", "alias-bomb", "1:9"],
    ["too many aliases", `a: &x 1\nb: [${"*x,".repeat(1001)}]`, "alias-bomb", "2:3006"],
  ])("finds %s", (_, text, code, place) => {
    expect(errorOf(text)).toEqual([code, place]);
  });

  it.each([
    ["a: 1\na : 2", "a"],
    ['{"a b": 1, "a b": 2}', '"a b"'],
    ["a b: 1\n'a b': 2", "'a b'"],
    ["a:b: 1\na:b: 2", "a:b"],
    ["{a: 1, a}", "a"],
  ])("calls the key that is given twice what it is called there: %s", (text, key) => {
    const { error } = parseSection(text);
    expect(error?.message).toBe(`the key ${key} is there twice in the same map; keep one of them`);
  });

  it.each([
    ["a:\n- *", '2:3 a text that begins with * has to be in quotes, "*"'],
    [
      "a: [*.b.c]",
      '1:5 no anchor has the name of this alias; a text that begins with * has to be in quotes, "*.b.c"',
    ],
    ["a: @b", "1:4 a text that begins with @ has to be in quotes"],
    ["a: b: c", "1:5 a text with a colon and a space in it has to be in quotes"],
    ["a: 'b's'", "1:7 a quote within single quotes is written twice"],
    ["a: 1\nb: {{ .c }}", "2:4 {{ begins a template: render it first, as `helm template` does"],
    ["{{- if .a }}\nb: 1", "1:1 {{ begins a template: render it first, as `helm template` does"],
    ["a: |\n  {{ .b }}\nc: 1\n  d: 2", "4:4 bad indentation of a mapping entry"],
  ])("says what would be right: %j", (text, expected) => {
    const { error } = parseSection(text);
    const { line, column } = placeOf(text, lineStarts(text), error?.offset ?? -1);
    const said = error?.message.replace("cannot be read as YAML: ", "");
    expect(`${String(line)}:${String(column)} ${String(said)}`).toBe(expected);
  });

  it("finds an alias bomb in milliseconds", () => {
    const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let i = 1; i < 12; i++) {
      lines.push(`a${String(i)}: &a${String(i)} [${`*a${String(i - 1)},`.repeat(9)}]`);
    }
    const start = performance.now();
    expect(errorOf(lines.join("\n"))).toEqual(["alias-bomb", "2:11"]);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe("the sections of a file", () => {
  it("begin with the lines ---, wherever these are", () => {
    const text = "a\n---\nb: |\n  x\n--- # c\nd\n----\ne\r\n---\r\nf\n--- g\n---";
    expect(splitSections(text)).toEqual([
      { text: "a\n", linesBefore: 0 },
      { text: "---\nb: |\n  x\n", linesBefore: 1 },
      { text: "--- # c\nd\n----\ne\r\n", linesBefore: 4 },
      { text: "---\r\nf\n", linesBefore: 8 },
      { text: "--- g\n", linesBefore: 10 },
      { text: "---", linesBefore: 11 },
    ]);
  });

  it("are one when the file has directives, which belong to the document behind them", () => {
    expect(splitSections("%YAML 1.1\n---\na: 1\n---\nb: 2")).toHaveLength(1);
  });

  it("are none when the file is empty", () => {
    expect(splitSections("")).toEqual([]);
  });

  it("do not hand an error on: an unfinished text ends at the marker", () => {
    const [first, second] = splitSections('a: "b\n---\nc: d\n');
    expect(parseSection(first?.text ?? "").error?.code).toBe("invalid-yaml");
    expect(documentsOf(second?.text ?? "")).toEqual([{ c: "d" }]);
  });
});

describe("the place of an offset", () => {
  it("counts every kind of line break", () => {
    const text = "a\nb\r\nc\rd";
    const starts = lineStarts(text);
    const places = [0, 2, 5, 7].map((offset) => placeOf(text, starts, offset));
    expect(places).toEqual([
      { line: 1, column: 1, sourceLine: "a" },
      { line: 2, column: 1, sourceLine: "b" },
      { line: 3, column: 1, sourceLine: "c" },
      { line: 4, column: 1, sourceLine: "d" },
    ]);
  });

  it("shows no control characters", () => {
    expect(placeOf("a\u001b[2Jb\tc", [0], 0).sourceLine).toBe("a\ufffd[2Jb\tc");
  });
});
