import { expect, test } from "vitest";
import { editList, type ListEdit } from "../../../../src/envoy/patch/list-operations.js";

const isB = (one: string): boolean => one === "b";
const isMissing = (one: string): boolean => one === "z";

test.each<[string, ListEdit<string>["operation"], ListEdit<string>["matches"], string]>([
  ["adds at the end, whatever is named", "ADD", isB, "abc+"],
  ["inserts first, whatever is named", "INSERT_FIRST", isB, "+abc"],
  ["inserts before what is named", "INSERT_BEFORE", isB, "a+bc"],
  ["inserts before nothing in particular at the start", "INSERT_BEFORE", undefined, "+abc"],
  ["inserts nothing before what is missing", "INSERT_BEFORE", isMissing, "abc"],
  ["inserts after what is named", "INSERT_AFTER", isB, "ab+c"],
  ["inserts after nothing in particular at the end", "INSERT_AFTER", undefined, "abc+"],
  ["inserts nothing after what is missing", "INSERT_AFTER", isMissing, "abc"],
  ["replaces what is named", "REPLACE", isB, "a+c"],
  ["replaces nothing in particular by nothing", "REPLACE", undefined, "abc"],
  ["removes what is named", "REMOVE", isB, "ac"],
  ["removes nothing in particular", "REMOVE", undefined, "abc"],
  ["leaves merging to others", "MERGE", isB, "abc"],
])("%s", (_what, operation, matches, expected) => {
  expect(editList(["a", "b", "c"], { operation, value: "+", matches }).join("")).toBe(expected);
});
