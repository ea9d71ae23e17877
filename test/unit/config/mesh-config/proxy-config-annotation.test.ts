import { describe, expect, test } from "vitest";
import { readProxyConfig } from "../../../../src/config/mesh-config/proxy-config-annotation.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";

const template = (kind: string, annotation: string): string => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: edge }
spec:
  selector: { matchLabels: { app: edge } }
  template:
    metadata:
      labels: { app: edge }
      annotations:
        proxy.istio.io/config: ${annotation}
`;

const pod = (annotation: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: edge
  annotations:
    proxy.istio.io/config: ${annotation}
spec: {}
`;

const BLOCK = `|
          concurrency: 2
          gatewayTopology:
            numTrustedProxies: one`;

function problems(text: string): readonly string[] {
  const { diagnostics } = parseOffline([{ path: "a.yaml", text }]);
  return diagnostics.map(
    ({ severity, position, message }) =>
      `${severity} ${String(position?.line)}:${String(position?.column)} ${message}`,
  );
}

describe("the annotation proxy.istio.io/config", () => {
  test.each(["Deployment", "StatefulSet", "DaemonSet"])(
    "is warned of in the template of a %s, at the line that cannot be read",
    (kind) => {
      expect(problems(template(kind, BLOCK))).toEqual([
        expect.stringMatching(
          /^warning 13:32 proxy.istio.io\/config: .* whole number.*: gatewayTopology is left out$/,
        ),
      ]);
    },
  );

  test("is warned of in a Pod", () => {
    expect(problems(pod('"concurrency: two"'))).toEqual([
      expect.stringMatching(
        /^warning 6:28 proxy.istio.io\/config: .* whole number.*: concurrency is left out$/,
      ),
    ]);
  });

  test.each(['"a: ["', '"- a"', '"gatewayTopology: { proxyProtocol: true }"'])(
    "is warned of when it is %s",
    (annotation) => {
      expect(problems(pod(annotation))).toEqual([expect.stringMatching(/^warning 6:/)]);
    },
  );

  test("is warned of where it asks for what is not done", () => {
    expect(problems(pod('"runtimeValues: { a: b }"'))).toEqual([
      "warning 6:28 proxy.istio.io/config: runtimeValues has no effect in fairlead",
    ]);
    expect(problems(pod('"tracing: { sampling: 1 }"'))).toEqual([]);
  });

  test("is warned of where a tag of spans is none that an Envoy takes", () => {
    const tags = "customTags: { a: { header: { name: no header } }, b: { literal: { value: c } } }";
    expect(problems(pod(`"tracing: { ${tags} }"`))).toEqual([
      expect.stringMatching(
        /^warning 6:28 proxy.istio.io\/config: .* header.*: the tag is left out$/,
      ),
    ]);
  });

  test("is beside another whose expressions are told of when they are none", () => {
    const text = pod("''").replace(
      "proxy.istio.io/config: ''",
      'sidecar.istio.io/statsInclusionRegexps: "a.*,("',
    );
    expect(problems(text)).toEqual([
      expect.stringMatching(/^warning 6:.*"\(" is no RE2 regular expression.*: it is left out$/),
    ]);
  });

  test("may have settings that nobody knows, and leaves all resources in force", () => {
    expect(problems(template("Deployment", '"notYetKnown: 1"'))).toEqual([]);
    const { tables } = parseOffline([{ path: "a.yaml", text: template("Deployment", "'['") }]);
    expect(tables.Deployment.has("default/edge")).toBe(true);
  });

  test("says what can be read of it", () => {
    const { fields } = readProxyConfig("concurrency: two\nproxyMetadata: { A: 1, B: true, C: c }");
    expect(fields).toEqual({ proxyMetadata: { A: "1", B: "true", C: "c" } });
    expect(readProxyConfig("- a").fields).toEqual({});
    expect(readProxyConfig("").fields).toEqual({});
  });
});
