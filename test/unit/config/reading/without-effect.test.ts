import { expect, test } from "vitest";
import { KINDS } from "../../../../src/config/kinds.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";

const PATCHES = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patches}
spec: {configPatches: []}
`;

test("warns that a kind which is only read has no effect, at its kind", () => {
  const { diagnostics, tables } = parseOffline([{ path: "patches.yaml", text: PATCHES }]);
  expect(tables.EnvoyFilter.has("default/patches")).toBe(true);
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "not-applied",
      position: { file: "patches.yaml", line: 2 },
      message: expect.stringContaining("nothing is patched") as string,
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
