import { expect, test } from "vitest";
import { parseOffline } from "../../../../src/config/parse-offline.js";

test("what is wrong with each of twenty thousand things on one line is found in time in proportion", () => {
  const matches = Array.from({ length: 20_000 }, (_, i) => `{ uri: { prefix: /a${String(i)} } }`);
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec: { hosts: [a], http: [{ match: [${matches.join(", ")}], route: [{ destination: { host: a } }] }] }
`;
  const { diagnostics } = parseOffline([{ path: "a.yaml", text }]);
  expect(diagnostics).toHaveLength(1001);
  expect(diagnostics[0]).toMatchObject({ code: "IST0131", position: { line: 4 } });
  expect(diagnostics.at(-1)).toMatchObject({ code: "too-many-diagnostics" });
});
