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

/** The files of the project that a document names as code, from where the project begins. */
function namedFiles(document: string): readonly string[] {
  const named = readFileSync(document, "utf8").matchAll(
    /`((?:src|test|scripts|bench|proto|examples)\/[\w./-]+)`/g,
  );
  return [...named].map(([, file = ""]) => file);
}

/** What the heads of a document are called in links, as GitHub makes it of their words. */
function anchors(document: string): readonly string[] {
  const heads = readFileSync(document, "utf8").matchAll(/^#+ (.+)$/gm);
  return [...heads].map(([, head = ""]) =>
    head
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The places in documents that a document links to, as `file#anchor`. */
function linkedPlaces(document: string): readonly string[] {
  const links = readFileSync(document, "utf8").matchAll(/\]\(([^)#\s]*\.md)?#([^)]+)\)/g);
  return [...links].map(
    ([, target, anchor = ""]) =>
      `${target === undefined ? document : join(dirname(document), target)}#${anchor}`,
  );
}

test.each(DOCUMENTS)("what %s links to is there", (document) => {
  expect(linked(document).filter((file) => !existsSync(file))).toEqual([]);
});

test.each(DOCUMENTS)("the files that %s names are there", (document) => {
  expect(namedFiles(document).filter((file) => !existsSync(file))).toEqual([]);
});

test.each(DOCUMENTS)("the places that %s links to have heads", (document) => {
  const places = new Set(DOCUMENTS.flatMap((one) => anchors(one).map((head) => `${one}#${head}`)));
  expect(linkedPlaces(document).filter((place) => !places.has(place))).toEqual([]);
});

test("decisions are numbered one after the other, as their titles say", () => {
  const numbers = DECISIONS.map((name) => Number(name.slice(0, 4)));
  expect([...numbers].sort((a, b) => a - b)).toEqual(DECISIONS.map((_, i) => i + 1));
  const titles = DECISIONS.map((name) => readFileSync(join("docs/decisions", name), "utf8"));
  expect(titles.map((text) => Number(/^# (\d+)\./.exec(text)?.[1]))).toEqual(numbers);
});
