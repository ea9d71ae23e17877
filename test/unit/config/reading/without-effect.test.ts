import { expect, test } from "vitest";
import { KINDS } from "../../../../src/config/kinds.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";

const SETTINGS = `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: settings}
spec: {url: "oci://example.com/plugin:1"}
`;

test("warns that a kind which is only read has no effect, at its kind", () => {
  const { diagnostics, tables } = parseOffline([{ path: "settings.yaml", text: SETTINGS }]);
  expect(tables.WasmPlugin.has("default/settings")).toBe(true);
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "not-applied",
      position: { file: "settings.yaml", line: 2 },
      message: expect.stringContaining("no plugin is loaded") as string,
    },
  ]);
});

test("says of each kind without effect what does not happen", () => {
  const sentences = Object.values(KINDS).flatMap((definition) =>
    "withoutEffect" in definition ? [definition.withoutEffect] : [],
  );
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(sentences.length).toBeGreaterThan(0);
});

test("warns of a kind of the Gateway API that fairlead does not have", () => {
  const text = `apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: { name: one }
`;
  expect(parseOffline([{ path: "policy.yaml", text }]).diagnostics).toMatchObject([
    { severity: "warning", code: "not-applied", position: { file: "policy.yaml", line: 2 } },
  ]);
});
