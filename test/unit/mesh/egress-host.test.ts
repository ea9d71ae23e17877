import { describe, expect, test } from "vitest";
import {
  egressHost,
  importsService,
  importsVirtualService,
} from "../../../src/mesh/sidecar/egress-host.js";

const read = (texts: readonly string[]) => texts.map((text) => egressHost(text, "own"));

describe("of the services a Sidecar imports", () => {
  const imported = (...texts: readonly string[]): readonly string[] =>
    ["own/a.com", "own/b.com", "other/a.com", "other/c.b.com"].filter((service) => {
      const [namespace = "", hostname = ""] = service.split("/");
      return importsService(read(texts), { namespace, hostname });
    });

  test.each<[texts: readonly string[], services: readonly string[]]>([
    [["*/*"], ["own/a.com", "own/b.com", "other/a.com", "other/c.b.com"]],
    [["./*"], ["own/a.com", "own/b.com"]],
    [["~/*"], []],
    [
      ["*/*", "~other/*"],
      ["own/a.com", "own/b.com"],
    ],
    [
      ["*/*", "~./*"],
      ["other/a.com", "other/c.b.com"],
    ],
    [
      ["~/a.com", "*/*"],
      ["own/b.com", "other/c.b.com"],
    ],
    [
      ["*/*", "~*/a.com"],
      ["own/b.com", "other/c.b.com"],
    ],
    [
      ["*/*", "~other/*.b.com"],
      ["own/a.com", "own/b.com", "other/a.com"],
    ],
    [
      ["./*", "~other/*"],
      ["own/a.com", "own/b.com"],
    ],
    [["~other/*"], []],
  ])("by %j those are left that nothing excludes", (texts, services) => {
    expect(imported(...texts)).toEqual(services);
  });
});

test.each<[texts: readonly string[], isImported: boolean]>([
  [["*/*"], true],
  [["*/*", "~/a.com"], true],
  [["*/a.com", "~/a.com"], false],
  [["*/*", "~/a.com", "~shop/b.com"], false],
  [["*/*", "~other/*"], true],
  [["~/*"], false],
])("by %j a VirtualService of two hosts is imported: %s", (texts, isImported) => {
  const virtualService = { namespace: "shop", hosts: ["a.com", "b.com"] };
  expect(importsVirtualService(read(texts), virtualService)).toBe(isImported);
});
