import { expect, test } from "vitest";
import type { JwtProviderJson, JwtRequirementJson } from "../../../src/envoy/api.js";
import {
  checkTokens,
  payloadsOf,
  type TokenOutcome,
} from "../../../src/simulator/access/token-check.js";
import { request } from "./calls.js";

/** Signed by nobody: without a judge nobody asks. */
function token(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

const KEYS = { localJwks: { inlineString: "{}" } };

const provider = (issuer: string, given: Partial<JwtProviderJson> = {}): JwtProviderJson => ({
  issuer,
  ...KEYS,
  payloadInMetadata: "payload",
  ...given,
});

const anyOf = (...requirements: JwtRequirementJson[]): JwtRequirementJson => ({
  requiresAny: { requirements },
});
const allOf = (...requirements: JwtRequirementJson[]): JwtRequirementJson => ({
  requiresAll: { requirements },
});
const A = { providerName: "a" };
const B = { providerName: "b" };
const MISSING = { allowMissing: {} };
const OPTIONAL = anyOf(A, B, allOf(anyOf(A, MISSING), anyOf(B, MISSING)));

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

const check = (
  providers: Readonly<Record<string, JwtProviderJson>>,
  requires: JwtRequirementJson,
  { headers = {}, path = "/" }: Asked,
): TokenOutcome =>
  checkTokens(
    { providers, rules: [{ requires }] },
    { request: request({ headers, path }), judge: undefined },
  );

const CLAIMS: readonly (readonly [string, unknown, string | undefined])[] = [
  ["a string", "me", "me"],
  ["a string with nothing in it", "", undefined],
  ["a count", 7, "7"],
  ["a count of many digits", 2 ** 60, "1152921504606846976"],
  ["a number that is no count", 1.5, "1.500000"],
  ["a number below nothing", -1, "-1.000000"],
  ["a number that is too great for a count", 2 ** 64, "18446744073709551616.000000"],
  ["a truth", false, "false"],
  ["nothing", null, undefined],
  ["a list", ["<b>", 1], Buffer.from('["\\u003cb\\u003e",1]').toString("base64")],
  ["an object", { a: 1 }, Buffer.from('{"a":1}').toString("base64")],
];

test.each(CLAIMS)("a claim that is %s is told in a header as Envoy writes it", (_, value, text) => {
  const claimToHeaders = [{ headerName: "X-Told", claimName: "deep.claim" }];
  const headers = {
    "x-told": "forged",
    authorization: `Bearer ${token({ iss: "a", deep: { claim: value } })}`,
  };
  const outcome = check({ a: provider("a", { claimToHeaders }) }, A, { headers });
  expect(outcome.request.headers["x-told"]).toBe(text);
});

const TELLING = { claimToHeaders: [{ headerName: "x-who", claimName: "sub" }] };
const TWO = {
  a: provider("a", TELLING),
  b: provider("b", { ...TELLING, fromHeaders: [{ name: "x-b" }], fromParams: ["b"] }),
};
const OF_A = { authorization: `Bearer ${token({ iss: "a", sub: "1" })}` };
const OF_B = { "x-b": token({ iss: "b", sub: "2" }) };
const STRANGE = token({ iss: "c" });
const BAD_A = { authorization: `Bearer ${STRANGE}` };
const BAD_B = { "x-b": STRANGE };
const NOT_ASKED_FOR = "its token is of an issuer that is not asked for";
const REQUIRED = "it has no token, and one is required";

type Left = readonly [says: string | undefined, headers: object];

/** With which token counts, or why none does, and the headers that are left. */
const TOKENS: readonly (readonly [string, JwtRequirementJson, Asked, Left])[] = [
  ["no token", OPTIONAL, {}, [undefined, {}]],
  ["no token where one has to be", anyOf(A, B), {}, [REQUIRED, {}]],
  ["a forged header", OPTIONAL, { headers: { "x-who": "1" } }, [undefined, {}]],
  ["one of the first", OPTIONAL, { headers: OF_A }, ["a", { "x-who": "1" }]],
  ["one of the second", OPTIONAL, { headers: { ...OF_B, "x-who": "1" } }, ["b", { "x-who": "2" }]],
  ["one of each", OPTIONAL, { headers: { ...OF_A, ...OF_B } }, ["a", { ...OF_B, "x-who": "1" }]],
  [
    "one of each that is wanted",
    allOf(A, B),
    { headers: { ...OF_A, ...OF_B } },
    ["b", { "x-who": "2" }],
  ],
  ["one of two that are wanted", allOf(A, B), { headers: OF_A }, [REQUIRED, {}]],
  [
    "a bad one behind a good one",
    OPTIONAL,
    { headers: { ...OF_A, ...BAD_B } },
    ["a", { ...BAD_B, "x-who": "1" }],
  ],
  [
    "a good one behind a bad one",
    OPTIONAL,
    { headers: { ...BAD_A, ...OF_B } },
    ["b", { ...BAD_A, "x-who": "2" }],
  ],
  [
    "a bad one that is wanted",
    allOf(A, B),
    { headers: { ...BAD_A, ...OF_B } },
    [NOT_ASKED_FOR, { ...BAD_A, ...OF_B }],
  ],
  [
    "bad ones",
    OPTIONAL,
    { headers: { ...BAD_A, ...BAD_B } },
    [NOT_ASKED_FOR, { ...BAD_A, ...BAD_B }],
  ],
  [
    "a bad and a good one of one issuer",
    B,
    { headers: BAD_B, path: `/?b=${OF_B["x-b"]}` },
    [NOT_ASKED_FOR, { ...BAD_B, "x-who": "2" }],
  ],
];

test.each(TOKENS)(
  "with %s a request has the claims and the headers that Envoy gives it",
  (_, requires, asked, [says, headers]) => {
    const { accepted, refusal, request: left } = check(TWO, requires, asked);
    const { payload } = payloadsOf(accepted) as { readonly payload?: { readonly iss: string } };
    expect(refusal?.reason ?? payload?.iss).toBe(says);
    expect(left.headers).toEqual(headers);
  },
);

test("a client is told what is wrong with a token, before that another issuer's is not there", () => {
  const providers = { a: provider("a", { audiences: ["shop"] }), b: provider("b") };
  expect(check(providers, OPTIONAL, { headers: OF_A }).refusal).toMatchObject({
    status: 403,
    provider: { issuer: "a" },
  });
});

test("tokens are taken out of parameters, and left in cookies", () => {
  const text = token({ iss: "a" });
  const places = { fromParams: ["t"], fromCookies: ["t"] };
  const asked = { path: `/p?t=${text}&x=1`, headers: { cookie: `t=${text}` } };
  const { request: left, accepted } = check({ a: provider("a", places) }, A, asked);
  expect(accepted).toHaveLength(2);
  expect(left).toMatchObject({ path: "/p?x=1", headers: asked.headers });
});

test("a question of a browser needs no token, and keeps no header that is a provider's to set", () => {
  const asks = { origin: "https://a.example.com", "access-control-request-method": "GET" };
  const config = {
    providers: {
      a: provider("a", { claimToHeaders: [{ headerName: "x-who", claimName: "sub" }] }),
    },
    rules: [{ requires: A }],
    bypassCorsPreflight: true,
  };
  const ask = (headers: Readonly<Record<string, string>>, method = "OPTIONS"): TokenOutcome =>
    checkTokens(config, { request: request({ method, headers }), judge: undefined });
  const { refusal, request: left } = ask({ ...asks, "x-who": "admin" });
  expect(refusal).toBeUndefined();
  expect(left.headers).toEqual(asks);
  expect(ask(asks, "GET").refusal).toMatchObject({ status: 401 });
  expect(ask({ origin: asks.origin }).refusal).toMatchObject({ status: 401 });
});
