import { expect, test } from "vitest";
import { columns } from "../../../../src/base/text/columns.js";
import { visibleJson, visibleText } from "../../../../src/base/text/visible-text.js";

test("what a terminal obeys is written as an escape", () => {
  expect(visibleText("a\u001b[2Jb\u0007\u007f\u0085\u009b1m")).toBe(
    "a\\x1b[2Jb\\x07\\x7f\\x85\\x9b1m",
  );
});

test("what begins another line is written as an escape", () => {
  expect(visibleText("a\nb\r")).toBe("a\\nb\\r");
});

test("tabs and letters of all languages stay as they are", () => {
  const text = "\ta\\n é ü 漢字 → 🙂";
  expect(visibleText(text)).toBe(text);
});

test("a column is as wide as what is shown of its cells", () => {
  expect(
    columns(
      [
        ["NAME", "PORT"],
        ["a\u001bb\n", "80"],
      ],
      1,
    ),
  ).toEqual(["NAME     PORT", "a\\x1bb\\n 80"]);
});

test("what JSON leaves of controls is written as JSON may write it, and means the same", () => {
  const text = JSON.stringify({ name: "a\u009b1m\u007f\u001b é" });
  expect(visibleJson(text)).toBe('{"name":"a\\u009b1m\\u007f\\u001b é"}');
  expect(JSON.parse(visibleJson(text))).toEqual(JSON.parse(text));
});
