import { describe, expect, it } from "vitest";
import { lineStarts, placeOf } from "../../../../src/config/yaml/lines.js";
import { indexSection, locateMember, startOfFirst } from "../../../../src/config/yaml/locate.js";

const TEXT = `---
apiVersion: v1
metadata:
  "name": 'reviews'
  labels: &labels
    app: "reviews"
    on: x
spec:
  http:
  - match:
    - uri: {prefix: /a}
    route:
  - name: second
  more: *labels
  merged:
    <<: *labels
    own: 1
data:
  mesh: |-

    rootNamespace: istio-system
    defaultConfig:
      proxyMetadata: {A: b}
  text: |
    just text
---
second: document
`;

const at = (document: number, ...path: (string | number)[]): readonly string[] => {
  const { key, value } = locateMember(indexSection(TEXT), document, path);
  return [key, value].map((offset) => {
    const { line, column } = placeOf(TEXT, lineStarts(TEXT), offset);
    return `${String(line)}:${String(column)}`;
  });
};

describe("a member's place", () => {
  it.each([
    ["the root", [], ["2:1", "2:1"]],
    ["a top-level member", ["apiVersion"], ["2:1", "2:13"]],
    ["a quoted name and value", ["metadata", "name"], ["4:3", "4:11"]],
    ["a map", ["metadata", "labels"], ["5:3", "6:5"]],
    ["a name that is a boolean", ["metadata", "labels", "true"], ["7:5", "7:9"]],
    ["a list", ["spec", "http"], ["9:3", "10:3"]],
    ["a list item", ["spec", "http", 1], ["13:5", "13:5"]],
    [
      "a member in flow style",
      ["spec", "http", 0, "match", 0, "uri", "prefix"],
      ["11:13", "11:21"],
    ],
    ["a name with nothing behind it", ["spec", "http", 0, "route"], ["12:5", "12:5"]],
    ["an alias", ["spec", "more"], ["14:3", "14:9"]],
    ["what an alias stands for", ["spec", "more", "app"], ["6:5", "6:10"]],
    [
      "what is not there: the map that lacks it",
      ["spec", "http", 1, "timeout", "x"],
      ["13:5", "13:5"],
    ],
    ["an index that is not there: the list", ["spec", "http", 7], ["9:3", "10:3"]],
    ["a name in a list: the list", ["spec", "http", "name"], ["9:3", "10:3"]],
    ["what came by a merge: the map that merges", ["spec", "merged", "app"], ["15:3", "16:5"]],
    ["a member of YAML in a text", ["data", "mesh", "rootNamespace"], ["21:5", "21:20"]],
    [
      "a deep member of YAML in a text",
      ["data", "mesh", "defaultConfig", "proxyMetadata", "A"],
      ["23:23", "23:26"],
    ],
    ["a member in a text without members", ["data", "text", "a"], ["25:5", "25:5"]],
  ])("is found for %s", (_, path, places) => {
    expect(at(0, ...path)).toEqual(places);
  });

  it("is found in the second document of a section", () => {
    expect(at(1, "second")).toEqual(["27:1", "27:9"]);
  });

  it("is the start of the section for a document that is not there", () => {
    expect(at(2, "x")).toEqual(["1:1", "1:1"]);
  });
});

it.each([
  "kind: Service",
  "# a comment\n\n---\n  \n# another\nkind: Service\nspec: {}\n",
  "--- # the first\r\nkind: Service\r\n",
  "---\n\n\tkind: x".replace("\t", ""),
])("knows without parsing where %j begins, as with it", (text) => {
  expect(startOfFirst(text)).toBe(locateMember(indexSection(text), 0, []).key);
});

it.each([
  "  kind: Service",
  "&it\nkind: Service",
  '{"kind": "Service"}',
  "# nothing\n",
  "--- kind: Service",
  "---\n---\nkind: Service",
  "%YAML 1.1\n---\nkind: Service",
])("does not say without parsing where %j begins", (text) => {
  expect(startOfFirst(text)).toBeUndefined();
});
