import { expect, test } from "vitest";
import { parseOffline } from "../../../../src/config/parse-offline.js";

test("warns of a kind of the Gateway API that fairlead does not have", () => {
  const text = `apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: { name: one }
`;
  expect(parseOffline([{ path: "policy.yaml", text }]).diagnostics).toMatchObject([
    { severity: "warning", code: "not-applied", position: { file: "policy.yaml", line: 2 } },
  ]);
});
