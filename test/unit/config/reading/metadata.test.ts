import { describe, expect, it } from "vitest";
import { readMetadata } from "../../../../src/config/reading/metadata.js";

const codesOf = (value: unknown): readonly string[] =>
  readMetadata(value, false).findings.map(
    ({ path, code, severity = "error" }) => `${path.join(".")} ${code} ${severity}`,
  );

describe("metadata", () => {
  it("has a namespace, labels and annotations when it says none", () => {
    expect(readMetadata({ name: "a" }, false)).toEqual({
      metadata: { name: "a", namespace: "default", labels: {}, annotations: {} },
      findings: [],
    });
  });

  it("needs quotes around a name that YAML reads as something else", () => {
    const [finding] = readMetadata({ name: false }, false).findings;
    expect(finding?.message).toMatch(/, found false: put it in quotes$/);
  });

  it("is of no namespace for kinds without one", () => {
    expect(readMetadata({ name: "a", namespace: "b" }, true).metadata?.namespace).toBe("");
  });

  it("has nothing in it of a field with errors", () => {
    const { metadata, findings } = readMetadata(
      {
        name: "a",
        labels: { one: "b", two: false },
        annotations: { three: "c" },
        ownerReferences: [null, { kind: "A", name: "b", controller: true }],
      },
      false,
    );
    expect(metadata).toEqual({
      name: "a",
      namespace: "default",
      labels: {},
      annotations: { three: "c" },
    });
    expect(findings).toMatchObject([
      { path: ["metadata", "labels", "two"] },
      { path: ["metadata", "ownerReferences", 0] },
    ]);
  });

  it("may have what Kubernetes keeps there", () => {
    const value = {
      name: "a.b-c.1",
      namespace: "shop",
      labels: { app: "a" },
      creationTimestamp: "2026-01-01T00:00:00Z",
      uid: "x",
      resourceVersion: "7",
      generation: 2,
      ownerReferences: [{ apiVersion: "v1", kind: "A", name: "b", uid: "c", controller: true }],
      managedFields: [{ manager: "kubectl" }],
      finalizers: ["a"],
    };
    const { metadata, findings } = readMetadata(value, false);
    expect(findings).toEqual([]);
    expect(metadata).toEqual({
      name: "a.b-c.1",
      namespace: "shop",
      labels: { app: "a" },
      annotations: {},
      creationTimestamp: "2026-01-01T00:00:00Z",
      controller: { kind: "A", name: "b" },
    });
  });

  it.each([
    ["no name", {}, ["metadata.name missing-field error"]],
    ["nothing", undefined, ["metadata.name missing-field error"]],
    ["a list", [], ["metadata wrong-type error", "metadata.name missing-field error"]],
    ["a name in capitals", { name: "A" }, ["metadata.name invalid-name error"]],
    ["an empty name", { name: "" }, ["metadata.name invalid-name error"]],
    ["a name of empty labels", { name: "a..b" }, ["metadata.name invalid-name error"]],
    ["a name that is too long", { name: "a.".repeat(127) }, ["metadata.name invalid-name error"]],
    ["a number as name", { name: 5 }, ["metadata.name invalid-name error"]],
    ["a name that is a path", { name: "../a" }, ["metadata.name invalid-name error"]],
    [
      "a namespace with a dot",
      { name: "a", namespace: "b.c" },
      ["metadata.namespace invalid-name error"],
    ],
    [
      "a number as label",
      { name: "a", labels: { version: 1 } },
      ["metadata.labels.version wrong-type error"],
    ],
    [
      "a field that it does not have",
      { name: "a", label: {} },
      ["metadata.label unknown-field warning"],
    ],
  ])("is wrong with %s", (_, value, expected) => {
    expect(codesOf(value)).toEqual(expected);
  });
});
