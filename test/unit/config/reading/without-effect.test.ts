import { expect, test } from "vitest";
import { KINDS } from "../../../../src/config/kinds.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";

const SETTINGS = `apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: settings}
spec: {concurrency: 1}
`;

test("warns that a kind which is only read has no effect, at its kind", () => {
  const { diagnostics, tables } = parseOffline([{ path: "settings.yaml", text: SETTINGS }]);
  expect(tables.ProxyConfig.has("default/settings")).toBe(true);
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "not-applied",
      position: { file: "settings.yaml", line: 2 },
      message: expect.stringContaining("keep the settings") as string,
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
