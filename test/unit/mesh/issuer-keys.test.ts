import { expect, test } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { rulesWithoutKeys, withIssuerKeys } from "../../../src/mesh/security/issuer-keys.js";

const { tables } = parseOffline([
  {
    path: "mesh.yaml",
    text: `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: p }
spec:
  jwtRules:
  - { issuer: "https://a.com" }
  - { issuer: "https://a.com", jwksUri: "https://own.com" }
  - { issuer: "https://a.com", jwks_uri: "https://own.com" }
  - { issuer: "https://a.com", jwks: '{"keys":[]}' }
  - { issuer: "https://b.com", jwks: "", audiences: [x] }
`,
  },
]);
const [policy] = [...tables.RequestAuthentication.values()];
if (policy === undefined) throw new Error("the policy was not read");

test("rules without keys are those that say neither what they are nor where", () => {
  expect(rulesWithoutKeys(policy).map(({ issuer, path }) => [issuer, path[2]])).toEqual([
    ["https://a.com", 0],
    ["https://b.com", 4],
  ]);
});

test("such a rule has its keys where the issuer said, and the others where they say", () => {
  const found = withIssuerKeys(policy, Table.from([["https://a.com", "https://keys.com"]]));
  expect(found.spec.jwtRules?.map(({ jwksUri }) => jwksUri)).toEqual([
    "https://keys.com",
    "https://own.com",
    undefined,
    undefined,
    undefined,
  ]);
});

test("a policy of which nothing is known stays the same", () => {
  expect(withIssuerKeys(policy, Table.from([["https://c.com", "https://keys.com"]]))).toBe(policy);
});
