/** Links between the documents lead somewhere, and each decision has a number of its own. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const DECISIONS = readdirSync("docs/decisions");
const DOCUMENTS = [
  "README.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
  ...DECISIONS.map((name) => join("docs/decisions", name)),
];

/** The files that a document links to, from where the project begins. */
function linked(document: string): readonly string[] {
  const links = readFileSync(document, "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g);
  return [...links].flatMap(([, target = ""]) =>
    target.includes("://") ? [] : [join(dirname(document), target)],
  );
}

test.each(DOCUMENTS)("what %s links to is there", (document) => {
  expect(linked(document).filter((file) => !existsSync(file))).toEqual([]);
});

test("decisions are numbered one after the other, as their titles say", () => {
  const numbers = DECISIONS.map((name) => Number(name.slice(0, 4)));
  expect([...numbers].sort((a, b) => a - b)).toEqual(DECISIONS.map((_, i) => i + 1));
  const titles = DECISIONS.map((name) => readFileSync(join("docs/decisions", name), "utf8"));
  expect(titles.map((text) => Number(/^# (\d+)\./.exec(text)?.[1]))).toEqual(numbers);
});
