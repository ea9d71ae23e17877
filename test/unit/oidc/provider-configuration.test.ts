import { expect, test } from "vitest";
import { configurationUrl, keysAddress } from "../../../src/oidc/provider-configuration.js";

test.each([
  ["https://a.com", "https://a.com/.well-known/openid-configuration"],
  ["https://a.com/", "https://a.com/.well-known/openid-configuration"],
  ["https://a.com:8443/tenant/v2", "https://a.com:8443/tenant/v2/.well-known/openid-configuration"],
])("the configuration of %s is at %s", (issuer, url) => {
  expect(configurationUrl(issuer)?.href).toBe(url);
});

test.each([
  "http://a.com",
  "a.com",
  "https://",
  "https://u:p@a.com",
  "https://a.com?x=1",
  "https://a.com#x",
  "file:///etc/passwd",
  "kubernetes/serviceaccount",
])("%s has none", (issuer) => {
  expect(configurationUrl(issuer)).toBeUndefined();
});

test("an issuer that is longer than any has none", () => {
  const [longest, longer] = [2035, 2036].map((length) => `https://a.co/${"x".repeat(length)}`);
  expect(configurationUrl(longest ?? "")?.pathname).toMatch(/^\/x{2035}\//);
  expect(configurationUrl(longer ?? "")).toBeUndefined();
});

const ISSUER = "https://a.com";
const said = (value: unknown): string => JSON.stringify(value);

test("an issuer's keys are where its configuration says", () => {
  const uri = "https://keys.a.com/v1";
  expect(keysAddress(ISSUER, said({ issuer: ISSUER, jwks_uri: uri }))).toEqual({ uri });
});

test.each([
  ["no JSON", "<html>", "its answer is no JSON object"],
  ["no object", "null", "its answer is no JSON object"],
  [
    "another issuer",
    said({ issuer: "https://b.com", jwks_uri: "https://b.com/k" }),
    'it says that it is the issuer "https://b.com"',
  ],
  ["no issuer", said({ jwks_uri: "https://a.com/k" }), "it says that it is the issuer (none)"],
  ["no address", said({ issuer: ISSUER }), "its jwks_uri (none) is no https URL"],
  [
    "an address without TLS",
    said({ issuer: ISSUER, jwks_uri: "http://a.com/k" }),
    'its jwks_uri "http://a.com/k" is no https URL',
  ],
  [
    "a file",
    said({ issuer: ISSUER, jwks_uri: "file:///k" }),
    'its jwks_uri "file:///k" is no https URL',
  ],
  [
    "a list",
    said({ issuer: ISSUER, jwks_uri: ["https://a.com/k"] }),
    'its jwks_uri ["https://a.com/k"] is no https URL',
  ],
  [
    "a line that is no URL",
    said({ issuer: ISSUER, jwks_uri: "https://a.com/k\nx" }),
    'its jwks_uri "https://a.com/k\\nx" is no https URL',
  ],
  [
    "too long an address",
    said({ issuer: ISSUER, jwks_uri: `https://a.com/${"k".repeat(3000)}` }),
    `its jwks_uri ${`"https://a.com/${"k".repeat(3000)}"`.slice(0, 200)} is no https URL`,
  ],
])("a configuration of %s is of no use", (_what, text, problem) => {
  expect(keysAddress(ISSUER, text)).toEqual({ problem });
});
