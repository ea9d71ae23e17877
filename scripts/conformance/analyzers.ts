import Type, { type Static } from "typebox";
import { analyze } from "../../src/analysis/analyze.js";
import { ANALYZERS } from "../../src/analysis/analyzers.js";
import { DEFAULT_GATEWAY_FILE } from "../../src/analysis/default-gateway.js";
import { ANALYZED_KINDS } from "../../src/analysis/kinds.js";
import type { Diagnostic } from "../../src/base/diagnostic.js";
import { isMap } from "../../src/base/is-map.js";
import { type OfflineFile, parseOffline } from "../../src/config/parse-offline.js";
import type { ConfigSnapshot } from "../../src/config/snapshot.js";
import { parseSection } from "../../src/config/yaml/parse-section.js";
import { splitSections } from "../../src/config/yaml/sections.js";
import { defineSuite } from "./suite.js";

const Case = Type.Object({
  analyzer: Type.String(),
  inputFiles: Type.Array(Type.String()),
  inputContents: Type.Record(Type.String(), Type.String()),
  meshConfigContent: Type.Optional(Type.String()),
  meshNetworksContent: Type.Optional(Type.String()),
  expected: Type.Array(Type.Object({ code: Type.String(), resource: Type.String() })),
});
type Case = Static<typeof Case>;

/** Files, and what one analyzer says of them: the codes and the resources, in any order and as often. */
export const analyzers = defineSuite("analyzers", Case, (testCase) => {
  const got = messagesOf(testCase).sort().join("\n");
  const expected = testCase.expected
    .map(({ code, resource }) => `${code} ${resource}`)
    .sort()
    .join("\n");
  return { passed: got === expected, got: shown(got), expected: shown(expected) };
});

function shown(messages: string): string {
  return messages === "" ? "no messages" : messages;
}

/** Where the resources are that name no namespace: the tables keep them apart from those in `default`. */
const UNSET = "namespace-unset";
const WITHOUT_NAMESPACES: ReadonlySet<string> = new Set(
  Object.values(ANALYZED_KINDS)
    .filter((kind) => "clusterScoped" in kind)
    .map(({ kind }) => kind),
);
const SCHEMA_ANALYZER = "schema.ValidationAnalyzer.";
const SCHEMA_CODES: readonly string[] = ["IST0106", "IST0130", "IST0131", "IST0133"];

function messagesOf(testCase: Case): string[] {
  const snapshot = parseOffline([
    ...testCase.inputFiles.map((path) => withNamespaces(path, testCase.inputContents[path] ?? "")),
    ...meshFiles(testCase),
    DEFAULT_GATEWAY_FILE,
  ]);
  return diagnosticsOf(snapshot, testCase.analyzer).map(({ code, resource = "" }) => {
    // The tables have the networks of the mesh as a resource of their own.
    if (code === "IST0126") return `${code} MeshNetworks istio-system/meshnetworks`;
    return `${code} ${named(resource)}`;
  });
}

/** What is wrong with the resources of a kind by themselves is found when they are read. */
function diagnosticsOf(snapshot: ConfigSnapshot, name: string): readonly Diagnostic[] {
  if (name.startsWith(SCHEMA_ANALYZER)) {
    const kind = name.slice(SCHEMA_ANALYZER.length);
    return snapshot.diagnostics.filter(({ code, resource = "" }) => {
      return SCHEMA_CODES.includes(code) && resource.startsWith(`${kind} `);
    });
  }
  const analyzer = ANALYZERS.find((one) => one.name === name);
  if (analyzer === undefined) throw new Error(`there is no analyzer ${name}`);
  const { tables, written } = snapshot;
  return analyze({ tables, written, diagnostics: [] }, { analyzers: [analyzer], now: new Date() });
}

/** `Kind name.namespace` as the tables write it: `Kind namespace/name`, or `Kind name`. */
function named(resource: string): string {
  const [, kind = "", name = "", namespace = ""] = /^(\S+) (.+)\.([^.]+)$/.exec(resource) ?? [];
  if (kind === "" || WITHOUT_NAMESPACES.has(kind)) return resource;
  return namespace === UNSET ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** A file in which every resource names its namespace. */
function withNamespaces(path: string, text: string): OfflineFile {
  const sections = splitSections(text).flatMap((section) => {
    const parsed = parseSection(section.text);
    if (parsed.error !== undefined) return [section.text];
    return parsed.documents.map((document) => JSON.stringify(withNamespace(document)));
  });
  return { path, text: sections.join("\n---\n") };
}

function withNamespace(document: unknown): unknown {
  if (!isMap(document)) return document;
  const { metadata, items } = document;
  if (Array.isArray(items)) return { ...document, items: items.map(withNamespace) };
  return isMap(metadata) ? { ...document, metadata: { namespace: UNSET, ...metadata } } : document;
}

function meshFiles({ meshConfigContent, meshNetworksContent }: Case): readonly OfflineFile[] {
  if (meshConfigContent === undefined && meshNetworksContent === undefined) return [];
  const configMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    data: { mesh: meshConfigContent ?? "", meshNetworks: meshNetworksContent ?? "" },
  };
  return [{ path: "mesh.yaml", text: JSON.stringify(configMap) }];
}
