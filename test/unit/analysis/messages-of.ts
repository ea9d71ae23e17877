import { expect, it } from "vitest";
import { analyze } from "../../../src/analysis/analyze.js";
import type { Analyzer } from "../../../src/analysis/analyzer.js";
import { parseOffline } from "../../../src/config/parse-offline.js";

/** The moment of all analyses in tests. */
export const NOW = new Date("2026-06-01T12:00:00Z");

/**
 * What an analyzer says of a file, in its order: `code Kind name.namespace: word`, where the word is the one that the caret
 * is under.
 */
function messagesOf(analyzer: Analyzer, yaml: string): string[] {
  const { tables, written } = parseOffline([{ path: "mesh.yaml", text: yaml }]);
  const found = analyze({ tables, written, diagnostics: [] }, { analyzers: [analyzer], now: NOW });
  const lines = yaml.split("\n");
  return found.map(({ code, resource = "", position }) => {
    const { line = 0, column = 0 } = position ?? {};
    return `${code} ${resource}: ${firstWord(lines[line - 1]?.slice(column - 1) ?? "")}`;
  });
}

function firstWord(text: string): string {
  const [word = ""] = /^"[^"]*"|^[^\s,:{}[\]]+|^./.exec(text) ?? [];
  return word.replaceAll('"', "");
}

/** A row of a table test: what it says, a file, and what the analyzer says of it. */
type Row = readonly [title: string, yaml: string, messages: readonly string[]];

/** One test for each row. */
export function tryRows(analyzer: Analyzer, rows: readonly Row[]): void {
  it.each(rows)("%s", (_, yaml, messages) => {
    expect(messagesOf(analyzer, yaml)).toEqual(messages);
  });
}

interface Written {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: object;
  readonly annotations?: object;
}

const VERSIONS: Readonly<Record<string, string>> = {
  AuthorizationPolicy: "security.istio.io/v1",
  CustomResourceDefinition: "apiextensions.k8s.io/v1",
  Deployment: "apps/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  MutatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
  RequestAuthentication: "security.istio.io/v1",
  Telemetry: "telemetry.istio.io/v1",
  ValidatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
};
const NETWORKING: readonly string[] = [
  "DestinationRule",
  "Gateway",
  "ServiceEntry",
  "Sidecar",
  "VirtualService",
  "WorkloadEntry",
];
/** Kinds of which all fields are beside `metadata`. */
const WITHOUT_SPEC: readonly string[] = [
  "ConfigMap",
  "MutatingWebhookConfiguration",
  "Secret",
  "ValidatingWebhookConfiguration",
];

/** A resource on three lines, `metadata` on the second and what it says on the third. */
export function resource(kind: string, metadata: Written | string, body: object = {}): string {
  const version = VERSIONS[kind] ?? (NETWORKING.includes(kind) ? "networking.istio.io/v1" : "v1");
  const named = typeof metadata === "string" ? { name: metadata } : metadata;
  const says = WITHOUT_SPEC.includes(kind) ? flow(body).slice(2, -2) : `spec: ${flow(body)}`;
  return `{ apiVersion: ${version}, kind: ${kind},\n  metadata: ${flow(named)},\n  ${says} }`;
}

/** Resources as one file. */
export function file(...resources: readonly string[]): string {
  return resources.join("\n---\n");
}

function flow(value: object): string {
  return JSON.stringify(value).replace(/^\{/, "{ ").replace(/\}$/, " }");
}
