import { expect, test } from "vitest";
import { nodeMetadata } from "../../../src/up/node-metadata.js";
import { resource, tablesOf } from "./fixtures.js";

const ANNOTATION = "proxy.istio.io/config";

function metadata(mesh: string, annotation?: string): Readonly<Record<string, string>> {
  const tables = tablesOf({
    ...resource("ConfigMap", "istio.istio-system"),
    spec: { data: { mesh } },
  });
  return nodeMetadata(tables, annotation === undefined ? {} : { [ANNOTATION]: annotation });
}

const MESH = `
defaultConfig:
  proxyMetadata: { ISTIO_META_ON_DEMAND_DISCOVERY: "true", ISTIO_META_ZONE: a, OTHER: b }
`;

test("is what the mesh's variables for it say, and no other variables", () => {
  expect(metadata(MESH)).toEqual({ ON_DEMAND_DISCOVERY: "true", ZONE: "a" });
});

test("is nothing where no variables are", () => {
  expect(nodeMetadata(tablesOf(), {})).toEqual({});
});

test("is what a pod's annotation says, over the mesh's", () => {
  const annotation = "proxyMetadata: { ISTIO_META_ON_DEMAND_DISCOVERY: false }";
  expect(metadata(MESH, annotation)).toEqual({ ON_DEMAND_DISCOVERY: "false", ZONE: "a" });
});

test.each(["proxyMetadata: [", "proxyMetadata: text", "- a", ""])(
  "is the mesh's alone where the annotation is %j",
  (annotation) => {
    expect(metadata(MESH, annotation)).toEqual(metadata(MESH));
  },
);
