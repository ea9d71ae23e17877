/** docs/security.md names the test behind each claim: whoever renames or removes one is told here. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const TEXT = readFileSync("docs/security.md", "utf8");

/** The files that the section about policies has letters for. */
const LETTERS: Readonly<Record<string, string>> = {
  A: "test/mesh/authorization.test.ts",
  T: "test/mesh/tokens.test.ts",
  M: "test/mesh/mutual-tls.test.ts",
};

/** A test that the document names: its file, and its name, which may leave something out by "...". */
interface Named {
  readonly file: string;
  readonly name?: string;
}

/** The rows of tables that say which test there is, as cells. */
function claims(): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let isOfTests = false;
  for (const line of TEXT.split("\n")) {
    if (!line.startsWith("|")) isOfTests = false;
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.at(-1) === "test") isOfTests = true;
    else if (isOfTests && !line.startsWith("|---")) rows.push(cells);
  }
  return rows;
}

/** What a text names: files and the names behind them, or a letter and a name up to the next of its kind. */
function namedIn(text: string, before: string | undefined): readonly Named[] {
  const named: Named[] = [];
  let file = before;
  for (const [, path, same, name, letter, rest] of text.matchAll(
    /`(test\/[^`]+\.ts)`|(same file)|"([^"]+)"|\b([ATM]): ([^;|()]+)/g,
  )) {
    if (path !== undefined) named.push({ file: (file = path) });
    else if (same !== undefined) continue;
    else if (name !== undefined && file !== undefined) named.push({ file, name });
    else if (letter !== undefined)
      named.push({ file: LETTERS[letter] ?? "", name: rest?.trim() ?? "" });
  }
  return named;
}

/** The tests of each claim; "same file" is that of the claim before. */
function testsOfClaims(): ReadonlyMap<string, readonly Named[]> {
  const all = new Map<string, readonly Named[]>();
  let file: string | undefined;
  for (const cells of claims()) {
    const named = namedIn(cells.at(-1) ?? "", file);
    file = named.at(-1)?.file ?? file;
    all.set(cells[0] ?? "", named);
  }
  return all;
}

/** Whether a file has a test of that name, by itself or as one of the rows of a table. */
function exists({ file, name = "" }: Named): boolean {
  if (!existsSync(file)) return false;
  const source = readFileSync(file, "utf8");
  const parts = name.split("...").map((part) => part.trim());
  return parts.every((part) => source.includes(part)) || isRow(name, source);
}

/** Whether a name is what the title of a table becomes with the texts of a row. */
function isRow(name: string, source: string): boolean {
  const titles = [...source.matchAll(/\)\(\s*"([^"]*%[sj][^"]*)"/g)].map(([, title = ""]) => title);
  return titles.some((title) => {
    const [first = "", ...rest] = title
      .split(/%[sj]/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const row = new RegExp(`^${[first, ...rest].join("(.+)")}$`).exec(name);
    return row?.slice(1).every((text) => source.includes(`"${text}"`)) === true;
  });
}

const CLAIMS = testsOfClaims();

test("there are claims about who has a sidecar, the network, the configuration and the state", () => {
  expect(CLAIMS.size).toBeGreaterThan(40);
  for (const who of ["a sidecar", "the network", "a copy of the state directory"]) {
    expect(TEXT).toContain(`## Who has ${who}`);
  }
  expect(TEXT).toContain("## Who can write the configuration directory");
});

test.each([...CLAIMS])("that an attacker cannot or we promise: %s, has a test", (_claim, named) => {
  expect(named).not.toEqual([]);
  expect(named.filter((one) => !exists(one))).toEqual([]);
});
