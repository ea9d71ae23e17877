import { describe, expect, it } from "vitest";
import { findingsOf, tryRows } from "./findings-of.js";

describe("a PeerAuthentication", () => {
  const selector = { matchLabels: { app: "a" } };
  const ports = (portLevelMtls: object) => ({ selector, portLevelMtls });
  tryRows("PeerAuthentication", [
    ["can be for the namespace", { mtls: { mode: "STRICT" } }, []],
    ["should select workloads by something", { selector: {} }, ["warning spec.selector"]],
    ["can be for ports of some workloads", ports({ 8080: { mode: "DISABLE" } }), []],
    [
      "is for ports of some workloads, not of all",
      { portLevelMtls: { 80: {} } },
      ["spec.portLevelMtls"],
    ],
    ["is for ports where it says so", ports({}), ["spec.portLevelMtls"]],
    [
      "is for ports by their numbers",
      ports({ http: {}, 0: {}, 65536: {} }),
      ["spec.portLevelMtls.0", "spec.portLevelMtls.65536", "spec.portLevelMtls.http"],
    ],
  ]);
});

describe("a RequestAuthentication", () => {
  const rule = (one: object) => ({ jwtRules: [{ issuer: "a", ...one }] });
  const RULE = "spec.jwtRules[0]";
  const key = { kty: "RSA", e: "AQAB", n: "AA" };
  tryRows("RequestAuthentication", [
    ["has an issuer or its keys", { jwtRules: [{}] }, [`${RULE}.issuer`]],
    [
      "names the issuer where it says one",
      { jwtRules: [{ issuer: "", jwksUri: "https://a/keys" }] },
      [`${RULE}.issuer`],
    ],
    ["can do without the issuer", { jwtRules: [{ jwksUri: "https://a/keys" }] }, []],
    [
      "has no more claims that are lists of words than Istio takes",
      rule({ spaceDelimitedClaims: Array.from({ length: 65 }, (_, i) => `claim-${i}`) }),
      [`${RULE}.spaceDelimitedClaims`],
    ],
    ["leaves out where keys are or says it", rule({ jwksUri: "" }), [`${RULE}.jwksUri`]],
    ["fetches keys by HTTP", rule({ jwksUri: "a.b/keys" }), [`${RULE}.jwksUri`]],
    ["fetches keys from an address", rule({ jwksUri: "https://a:b" }), [`${RULE}.jwksUri`]],
    [
      "fetches keys from a path that is one",
      rule({ jwksUri: "https://a/%zz" }),
      [`${RULE}.jwksUri`],
    ],
    ["can name the protocol in capital letters", rule({ jwksUri: "HTTPS://a/keys" }), []],
    [
      "has keys or an address of them",
      rule({ jwksUri: "https://a", jwks: JSON.stringify({ keys: [key] }) }),
      [`${RULE}.jwks`],
    ],
    [
      "has keys or an address of them, also where there are none",
      rule({ jwksUri: "https://a", jwks: "" }),
      [`${RULE}.jwks`],
    ],
    [
      "has one address of keys",
      rule({ jwksUri: "https://a", jwks_uri: "https://a" }),
      [`${RULE}.jwks_uri`],
    ],
    ["can have a single key", rule({ jwks: JSON.stringify(key) }), []],
    ["has keys in JSON", rule({ jwks: "{" }), [`${RULE}.jwks`]],
    ["has a list of keys", rule({ jwks: '{"keys": {}}' }), [`${RULE}.jwks`]],
    [
      "has keys of types that there are",
      rule({ jwks: JSON.stringify({ keys: [key, { kty: "X" }] }) }),
      [`${RULE}.jwks`],
    ],
    [
      "has keys that are whole",
      rule({ jwks: '{"keys": [{"kty": "RSA", "n": "AA"}]}' }),
      [`${RULE}.jwks`],
    ],
    [
      "has keys in base64",
      rule({ jwks: JSON.stringify({ keys: [{ ...key, n: "a b" }] }) }),
      [`${RULE}.jwks`],
    ],
    [
      "finds tokens somewhere",
      rule({ fromParams: [""], fromHeaders: [{ name: "" }] }),
      [`${RULE}.fromHeaders[0].name`, `${RULE}.fromParams[0]`],
    ],
    [
      "copies claims to headers that can be",
      rule({ outputClaimToHeaders: [{ claim: "", header: "x.a" }] }),
      [`${RULE}.outputClaimToHeaders[0].claim`, `${RULE}.outputClaimToHeaders[0].header`],
    ],
    ["waits for keys", rule({ timeout: "0s" }), [`${RULE}.timeout`]],
    ["can ask for a token", rule({ presence: "REQUIRED" }), []],
  ]);

  it("does not quote keys", () => {
    const [finding] = findingsOf("RequestAuthentication", rule({ jwks: '{"keys": "hunter2"}' }));
    expect(JSON.stringify(finding)).not.toContain("hunter2");
  });
});
