import { expect, test } from "vitest";
import { usableKeySet } from "../../../src/config/kinds/security/jwks.js";
import type { JWTRule } from "../../../src/config/kinds/security/request-authentication.js";
import { keyServer, keyServerCluster } from "../../../src/envoy/cluster/key-server-cluster.js";
import { jwtAuthnFilter } from "../../../src/envoy/filter/jwt-authn.js";

const RULE: JWTRule = { issuer: "a", jwksUri: "https://keys.example/jwks" };

/** What a request has to fulfil by some rules. */
function requirementOf(...rules: readonly JWTRule[]): unknown {
  const filter = jwtAuthnFilter(rules, { clusterOf: () => "keys", router: false });
  const { rules: matched } = filter?.typedConfig as unknown as {
    readonly rules: readonly { readonly requires: unknown }[];
  };
  return matched[0]?.requires;
}

const good = (providerName: string) => ({ providerName });
const anyOf = (...requirements: object[]) => ({ requiresAny: { requirements } });
const allOf = (...requirements: object[]) => ({ requiresAll: { requirements } });
const goodOrMissing = (name: string) => anyOf(good(name), { allowMissing: {} });

test("without rules there is no filter", () => {
  expect(jwtAuthnFilter([], { clusterOf: () => "", router: false })).toBeUndefined();
});

test("the token of one issuer is good or missing", () => {
  expect(requirementOf(RULE)).toEqual(goodOrMissing("origins-0"));
});

test("of several issuers one token is good, or each is good or missing", () => {
  expect(requirementOf(RULE, RULE)).toEqual(
    anyOf(
      good("origins-0"),
      good("origins-1"),
      allOf(goodOrMissing("origins-0"), goodOrMissing("origins-1")),
    ),
  );
});

test("a token that is required is not replaced by another", () => {
  const required: JWTRule = { ...RULE, presence: "REQUIRED" };
  expect(requirementOf(required)).toEqual(good("origins-0"));
  expect(requirementOf(required, RULE)).toEqual(
    anyOf(good("origins-0"), allOf(good("origins-0"), goodOrMissing("origins-1"))),
  );
  expect(requirementOf(required, required)).toEqual(
    anyOf(allOf(good("origins-0"), good("origins-1"))),
  );
});

test.each([
  ["https://keys.example/jwks", { host: "keys.example", port: 443, tls: true }],
  ["http://keys.example:8080/", { host: "keys.example", port: 8080, tls: false }],
  ["http://[::1]/", { host: "::1", port: 80, tls: false }],
  ["ftp://keys.example/", undefined],
  ["https://", undefined],
])("the server of %s is found in the URL", (uri, expected) => {
  expect(keyServer(uri)).toEqual(expected);
});

test("a server of keys over TLS has to show a certificate for its name", () => {
  const server = { host: "keys.example", port: 443, tls: true };
  const config = { connectTimeout: "10s", dnsRefreshRate: "60s" };
  expect(keyServerCluster(server, config)).toMatchObject({
    name: "jwks|443||keys.example",
    transportSocket: {
      typedConfig: {
        sni: "keys.example",
        commonTlsContext: {
          validationContext: {
            matchTypedSubjectAltNames: [{ sanType: "DNS", matcher: { exact: "keys.example" } }],
          },
        },
      },
    },
  });
});

test("a server of keys without a name has to show a certificate for its address, and is told no name", () => {
  const server = { host: "2001:db8::1", port: 443, tls: true };
  const { transportSocket } = keyServerCluster(server, {
    connectTimeout: "10s",
    dnsRefreshRate: "60s",
  });
  expect(transportSocket).toMatchObject({
    typedConfig: {
      commonTlsContext: {
        validationContext: {
          matchTypedSubjectAltNames: [{ sanType: "IP_ADDRESS", matcher: { exact: "2001:db8::1" } }],
        },
      },
    },
  });
  expect(transportSocket?.typedConfig).not.toHaveProperty("sni");
});

const EC_KEY = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
};

test.each([
  ["a set", { keys: [EC_KEY] }, { keys: [EC_KEY] }],
  ["a key alone", EC_KEY, { keys: [EC_KEY] }],
  ["a set with a broken key", { keys: [{ ...EC_KEY, y: "AA" }, EC_KEY] }, { keys: [EC_KEY] }],
])("of %s the keys that can check something are used", (_what, given, expected) => {
  expect(JSON.parse(usableKeySet(JSON.stringify(given)) ?? "")).toEqual(expected);
});

test.each(['{"keys":[]}', '{"keys":[{"kty":"RSA","n":"","e":"AQAB"}]}', "{}", "no JSON", '"text"'])(
  "in %s there is no key",
  (text) => {
    expect(usableKeySet(text)).toBeUndefined();
  },
);
