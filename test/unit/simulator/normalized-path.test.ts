import { expect, test } from "vitest";
import { normalizedPath } from "../../../src/simulator/normalized-path.js";

const BASE = { normalizePath: true } as const;
const MERGE = { normalizePath: true, mergeSlashes: true } as const;
const DECODE = { ...MERGE, pathWithEscapedSlashesAction: "UNESCAPE_AND_FORWARD" } as const;

const PATHS: readonly (readonly [string, Parameters<typeof normalizedPath>[1], string])[] = [
  ["/x/../%61dmin", {}, "/x/../%61dmin"],
  ["/%61dmin", BASE, "/admin"],
  ["/x/../admin", BASE, "/admin"],
  ["/../../admin", BASE, "/admin"],
  ["/x/%2e%2E/admin", BASE, "/admin"],
  ["/a\\b", BASE, "/a/b"],
  ["/%2561", BASE, "/%2561"],
  ["/a%2Fb%3F", BASE, "/a%2Fb%3F"],
  ["//a//b", BASE, "//a//b"],
  ["/a?b=/../%61//c?d", DECODE, "/a?b=/../%61//c?d"],
  ["//a///b", MERGE, "/a/b"],
  ["/x//../admin", MERGE, "/x/admin"],
  ["/a%2Fb", MERGE, "/a%2Fb"],
  ["/a%2f%2Fb", DECODE, "/a/b"],
  ["/a%5Cb", DECODE, "/a/b"],
  ["/x%2f../admin", DECODE, "/admin"],
  ["*", DECODE, "*"],
  ["", DECODE, ""],
];

test.each(PATHS)("the path %s is made comparable as the manager says", (path, fields, expected) => {
  expect(normalizedPath(path, fields)).toBe(expected);
});
