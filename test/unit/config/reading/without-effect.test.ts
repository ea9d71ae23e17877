import { expect, test } from "vitest";
import { KINDS } from "../../../../src/config/kinds.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";

const POLICY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody}
spec: {}
`;

test("warns that a policy which is not enforced has no effect, at its kind", () => {
  const { diagnostics, tables } = parseOffline([{ path: "policy.yaml", text: POLICY }]);
  expect(tables.AuthorizationPolicy.has("default/nobody")).toBe(true);
  expect(diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "not-applied",
      position: { file: "policy.yaml", line: 2 },
      message: expect.stringContaining("no request is allowed or denied") as string,
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
