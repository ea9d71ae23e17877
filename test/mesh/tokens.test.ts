/** RequestAuthentications: which tokens are good, what they allow, and where they lead. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCertificates } from "./harness/certificates.js";
import { explanationOf } from "./harness/explanations.js";
import { application, documents, HTTP_GATEWAY, namespace } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { type Answer, call, callAddress, echoOf, type Question } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";
import { createIssuer } from "./harness/tokens.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(36);
const KEYS_PORT = 9080;
const TLS_PORT = 9443;

const ISSUER = createIssuer("https://issuer.example.com");
const OTHER = createIssuer("https://other.example.com");
const THIEF = createIssuer(ISSUER.name);
/** Tells itself where its keys are. */
const FOUND = createIssuer(`https://${OUTSIDE}:${String(TLS_PORT)}/realm`);
const certificates = await openCertificates();

const OUTSIDE_ROUTES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: by-claim }
spec:
  hosts: ["*"]
  gateways: [istio-system/edge]
  http:
  - match: [{ headers: { x-tier: { exact: gold } } }]
    route: [{ destination: { host: preview } }]
  - match: [{ headers: { "@request.auth.claims.groups": { exact: testers } } }]
    route: [{ destination: { host: preview } }]
  - match: [{ withoutHeaders: { "@request.auth.claims[realm][level]": { exact: low } } }]
    route: [{ destination: { host: called } }]
`;

const KEY_SERVICE = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: keys }
spec:
  hosts: [keys.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: ${String(KEYS_PORT)}, name: http, protocol: HTTP }]
  endpoints: [{ address: ${OUTSIDE} }]
`;

/** Has proxies believe the certificates of the tests where they fetch keys by TLS. */
const KEY_ROOTS = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: key-roots }
spec:
  configPatches:
  - applyTo: CLUSTER
    match: { cluster: { name: "jwks|${String(TLS_PORT)}||${OUTSIDE}" } }
    patch:
      operation: MERGE
      value:
        transport_socket:
          name: envoy.transport_sockets.tls
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
            common_tls_context:
              validation_context: { trusted_ca: { filename: "${certificates.rootFile}" } }
`;

const mesh = shareMesh(
  {
    "apps.yaml": documents(
      namespace("default", "enabled"),
      application("called"),
      application("preview"),
    ),
    "keys.yaml": KEY_SERVICE,
    "gateway.yaml": documents(HTTP_GATEWAY, OUTSIDE_ROUTES),
  },
  {
    discoverKeys: [`${OUTSIDE}:${String(TLS_PORT)}`],
    discoverRootsFile: certificates.rootFile,
  },
);

const keys: { servers: Server[]; fetched: string[] } = { servers: [], fetched: [] };

beforeAll(async () => {
  const { certificate, key } = await certificates.certificateFor([OUTSIDE]);
  const host = `${OUTSIDE}:${String(TLS_PORT)}`;
  const answers: Readonly<Record<string, string>> = {
    "/realm/.well-known/openid-configuration": JSON.stringify({
      issuer: FOUND.name,
      jwks_uri: `https://${host}/found`,
    }),
    "/found": FOUND.jwks,
  };
  keys.servers = [
    createServer(({ url = "", headers }, response) => {
      keys.fetched.push(`${headers.host ?? ""}${url}`);
      response.end(ISSUER.jwks);
    }).listen(KEYS_PORT, OUTSIDE),
    createTlsServer({ cert: certificate, key }, ({ url = "", headers }, response) => {
      keys.fetched.push(`${headers.host ?? ""}${url}`);
      response.end(answers[url]);
    }).listen(TLS_PORT, OUTSIDE),
  ];
  await Promise.all(keys.servers.map((server) => once(server, "listening")));
});

afterAll(() => {
  for (const server of keys.servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A RequestAuthentication for the called workload, or another. */
function authentication(rules: readonly object[], labels = "app: called", ns = "default"): string {
  return `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: ${ns} }
spec:
  selector: { matchLabels: { ${labels} } }
  jwtRules: ${JSON.stringify(rules)}
`;
}

function allow(rules: string): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: tokens }
spec:
  selector: { matchLabels: { app: called } }
  rules: ${rules}
`;
}

async function inForce(...policies: readonly string[]): Promise<void> {
  await mesh().writeForTest("policies.yaml", documents(...policies));
}

const bearer = (token: string): Question => ({ headers: { authorization: `Bearer ${token}` } });

function callCalled(question: Question = {}, path = "/"): Promise<Answer> {
  const at = { address: mesh().pod("called-0").addresses.pod, port: 8080 };
  return callAddress(at, `http://called${path}`, question);
}

async function statusWith(token: string): Promise<number> {
  return (await callCalled(bearer(token))).status;
}

const RULE = { issuer: ISSUER.name, jwks: ISSUER.jwks };
const LONG_AGO = Math.floor(Date.now() / 1000) - 3600;

test("takes good tokens, refuses all others, and lets requests without one through", async () => {
  await inForce(authentication([{ ...RULE, audiences: ["shop"] }]));
  expect(await statusWith(ISSUER.issue({ aud: "shop" }))).toBe(200);
  expect(await statusWith(ISSUER.issue({ aud: ["other", "shop"] }))).toBe(200);
  expect(await statusWith(ISSUER.issue({ aud: "other" }))).toBe(403);
  expect(await statusWith(ISSUER.issue({ aud: "shop", exp: LONG_AGO }))).toBe(401);
  expect(await statusWith(OTHER.issue({ aud: "shop" }))).toBe(401);
  expect(await statusWith(THIEF.issue({ aud: "shop" }))).toBe(401);
  expect(await statusWith("not.a.token")).toBe(401);
  expect((await callCalled()).status).toBe(200);
});

/** The statuses that requests to the called workload get, and those that explain tells, by the names of the requests. */
async function seenAndTold(
  ask: (question: Question, path: string) => Promise<Answer>,
  questions: readonly (readonly [name: string, question: Question, path?: string])[],
): Promise<{ seen: Record<string, number>; told: Record<string, number | undefined> }> {
  const seen: Record<string, number> = {};
  const told: Record<string, number | undefined> = {};
  for (const [name, question, path = "/"] of questions) {
    const url = `http://called${path}`;
    seen[name] = (await ask(question, path)).status;
    const headers = Object.entries(question.headers ?? {}).flatMap(([key, value]) => {
      return ["-H", `${key}: ${String(value)}`];
    });
    const { results } = await explanationOf(mesh(), "--from", "preview-0", url, ...headers);
    told[name] = results[0]?.answeredBy.length === 1 ? 200 : results[0]?.status;
  }
  return { seen, told };
}

test("explain tells which tokens are taken, and what policies say to what is in them", async () => {
  await inForce(
    authentication([{ ...RULE, audiences: ["shop"] }]),
    allow('[{ when: [{ key: "request.auth.claims[groups]", values: [testers] }] }]'),
  );
  const tokens = {
    good: ISSUER.issue({ aud: "shop", groups: ["users", "testers"] }),
    "of another group": ISSUER.issue({ aud: "shop", groups: "users" }),
    "for nobody": ISSUER.issue(),
    "for others": ISSUER.issue({ aud: "other" }),
    old: ISSUER.issue({ aud: "shop", exp: LONG_AGO }),
    "of another": OTHER.issue({ aud: "shop" }),
    "of a thief": THIEF.issue({ aud: "shop" }),
    none: "not.a.token",
  };
  const questions = Object.entries(tokens).map(([name, token]) => [name, bearer(token)] as const);
  const { seen, told } = await seenAndTold(
    (question) => call(mesh().pod("preview-0"), "http://called/", question),
    questions,
  );
  expect(told).toEqual(seen);
  expect(Object.values(seen).sort((a, b) => a - b)).toEqual([
    200, 401, 401, 401, 401, 403, 403, 403,
  ]);
});

test("explain tells what becomes of several tokens, and which headers they are told in", async () => {
  const headers = [{ name: "x-token" }];
  await inForce(
    authentication([
      { ...RULE, outputClaimToHeaders: [{ header: "x-who", claim: "realm.who" }] },
      { issuer: OTHER.name, jwks: OTHER.jwks, fromHeaders: headers, fromParams: ["token"] },
    ]),
    allow(`
  - to: [{ operation: { paths: [/who] } }]
    when: [{ key: "request.headers[x-who]", values: [me] }]
  - to: [{ operation: { paths: [/other] } }]
    when: [{ key: "request.auth.claims[iss]", values: ["${OTHER.name}"] }]
  - to: [{ operation: { paths: [/any] } }]`),
  );
  const good = bearer(ISSUER.issue({ realm: { who: "me" } })).headers;
  const bad = bearer(THIEF.issue()).headers;
  const [other, forged] = [{ "x-token": OTHER.issue() }, { "x-token": ISSUER.issue() }];
  // Each by a connection of its own: one that is kept has still the filters with which it was accepted.
  const { seen, told } = await seenAndTold(callCalled, [
    ["a claim in a header", { headers: { ...good } }, "/who"],
    ["a forged header", { headers: { "x-who": "me" } }, "/who"],
    ["a forged header beside a token", { headers: { ...good, "x-who": "you" } }, "/who"],
    ["a forged header beside another's token", { headers: { ...other, "x-who": "me" } }, "/who"],
    ["the claims of the first", { headers: { ...good, ...other } }, "/other"],
    ["a good one before a bad one", { headers: { ...good, ...forged } }, "/any"],
    ["a good one behind a bad one", { headers: { ...bad, ...other } }, "/other"],
    ["bad ones", { headers: { ...bad, ...forged } }, "/any"],
    ["one of somebody else", { headers: { ...forged } }, "/any"],
    ["two of one issuer", { headers: { ...other } }, `/other?token=${OTHER.issue()}`],
    [
      "a good and a bad one of one issuer",
      { headers: { ...forged } },
      `/any?token=${OTHER.issue()}`,
    ],
  ]);
  expect(told).toEqual(seen);
  expect(Object.values(seen)).toEqual([200, 403, 200, 403, 403, 200, 200, 401, 401, 200, 401]);
});

test("lets requests without a token through no more when a policy asks for its principal", async () => {
  await inForce(
    authentication([RULE]),
    allow(`[{ from: [{ source: { requestPrincipals: ["${ISSUER.name}/someone"] } }] }]`),
  );
  expect(await statusWith(ISSUER.issue())).toBe(200);
  expect(await statusWith(ISSUER.issue({ sub: "else" }))).toBe(403);
  expect((await callCalled()).status).toBe(403);
  expect(await statusWith(THIEF.issue())).toBe(401);
});

test("decides by what tokens say: lists, words, nested claims, audience and presenter", async () => {
  await inForce(
    authentication([RULE]),
    allow(`
  - when:
    - { key: "request.auth.claims[groups]", values: [admins] }
    - { key: "request.auth.claims[realm][level]", values: ["hi*"] }
    - { key: "request.auth.claims[scope]", values: [write] }
    - { key: "request.auth.audiences", values: [shop] }
    - { key: "request.auth.presenter", notValues: [robot] }`),
  );
  const good = {
    groups: ["users", "admins"],
    realm: { level: "high" },
    scope: "read write",
    aud: "shop",
    azp: "person",
  };
  expect(await statusWith(ISSUER.issue(good))).toBe(200);
  const wrong = {
    groups: ["users"],
    realm: { level: "low" },
    scope: "read",
    aud: "x",
    azp: "robot",
  };
  for (const [claim, value] of Object.entries(wrong)) {
    expect(await statusWith(ISSUER.issue({ ...good, [claim]: value }))).toBe(403);
  }
});

const CLAIMS = { "x-count": 7, "x-below": -1, "x-part": 1.5, "x-flag": true, "x-list": ["<b>", 1] };
const CLAIM_HEADERS = {
  "x-count": "7",
  "x-below": "-1.000000",
  "x-part": "1.500000",
  "x-flag": "true",
  "x-list": Buffer.from('["\\u003cb\\u003e",1]').toString("base64"),
};

test("finds tokens where rules say, and hands on what they say", async () => {
  await inForce(
    authentication([
      {
        ...RULE,
        fromHeaders: [{ name: "x-token", prefix: "Token " }],
        fromParams: ["token"],
        fromCookies: ["session"],
        outputPayloadToHeader: "x-payload",
        outputClaimToHeaders: [
          { header: "x-who", claim: "sub" },
          ...Object.keys(CLAIM_HEADERS).map((name) => ({ header: name, claim: `as.${name}` })),
        ],
        forwardOriginalToken: true,
      },
    ]),
    allow('[{ from: [{ source: { requestPrincipals: ["*"] } }] }]'),
  );
  const token = ISSUER.issue({ as: CLAIMS });
  const found = await callCalled({ headers: { "x-token": `Token ${token}`, "x-who": "forged" } });
  const { headers } = echoOf(found);
  expect(headers).toMatchObject({
    "x-token": `Token ${token}`,
    "x-who": "someone",
    ...CLAIM_HEADERS,
  });
  const payload = Buffer.from(headers["x-payload"] ?? "", "base64url").toString();
  expect(JSON.parse(payload)).toMatchObject({ iss: ISSUER.name, sub: "someone" });
  expect((await callCalled({}, `/?token=${token}`)).status).toBe(200);
  expect((await callCalled({ headers: { cookie: `session=${token}` } })).status).toBe(200);
  // Nobody looks there now.
  expect(await statusWith(token)).toBe(403);
  await inForce(authentication([RULE]));
  expect(echoOf(await callCalled(bearer(token))).headers).not.toHaveProperty("authorization");
});

test("takes tokens of several issuers, each by its own keys", async () => {
  await inForce(
    authentication([RULE, { issuer: OTHER.name, jwks: OTHER.jwks }]),
    allow('[{ from: [{ source: { requestPrincipals: ["*"] } }] }]'),
  );
  expect(await statusWith(ISSUER.issue())).toBe(200);
  expect(await statusWith(OTHER.issue())).toBe(200);
  expect(await statusWith(OTHER.issue({ iss: ISSUER.name }))).toBe(401);
  expect((await callCalled()).status).toBe(403);
});

test("takes a token as the namespace says before it does as the whole mesh says", async () => {
  const told = (header: string) => [{ ...RULE, outputPayloadToHeader: header }];
  await inForce(
    authentication(told("x-mesh"), "app: called", "istio-system"),
    authentication(told("x-namespace")),
  );
  const { headers } = echoOf(await callCalled(bearer(ISSUER.issue())));
  expect(Object.keys(headers)).toContain("x-namespace");
  expect(Object.keys(headers)).not.toContain("x-mesh");
});

test("refuses requests without a token when a rule says that there has to be one", async () => {
  await inForce(authentication([{ ...RULE, presence: "REQUIRED" }]));
  expect(await statusWith(ISSUER.issue())).toBe(200);
  expect((await callCalled()).status).toBe(401);
});

test("lets questions of browsers through without a token, and believes nothing that they say in its place", async () => {
  const question = {
    method: "OPTIONS",
    headers: {
      origin: "https://evil.example.com",
      "access-control-request-method": "GET",
      "x-subject": "admin",
    },
  };
  expect(echoOf(await callCalled(question)).headers["x-subject"]).toBe("admin");
  const rule = { ...RULE, outputClaimToHeaders: [{ header: "x-subject", claim: "sub" }] };
  await inForce(authentication([{ ...rule, presence: "REQUIRED" }]));
  const answer = await callCalled(question);
  expect(answer.status).toBe(200);
  const { headers } = echoOf(answer);
  expect(headers["origin"]).toBe("https://evil.example.com");
  expect(headers["x-subject"]).toBeUndefined();
});

test("refuses every request by a policy with errors that never was without", async () => {
  await inForce(authentication([{ ...RULE, presense: "REQUIRED" }]));
  expect((await callCalled()).status).toBe(401);
  expect(await statusWith(ISSUER.issue())).toBe(401);
  await inForce(authentication([RULE]));
  expect((await callCalled()).status).toBe(200);
});

test.each([
  ["a service of the mesh", `keys.example.com:${String(KEYS_PORT)}`],
  ["a server that nobody registered", `${OUTSIDE}:${String(KEYS_PORT)}`],
])("has Envoy fetch keys from %s", async (_what, host) => {
  await inForce(authentication([{ issuer: ISSUER.name, jwksUri: `http://${host}/keys` }]));
  await expect.poll(() => statusWith(ISSUER.issue())).toBe(200);
  expect(keys.fetched).toContain(`${host}/keys`);
  expect(await statusWith(THIEF.issue())).toBe(401);
});

/** What is said of rules without keys. */
const saidOfKeys = (): readonly string[] =>
  mesh()
    .controlPlane.diagnostics()
    .filter(({ code }) => code === "issuer-keys")
    .map(({ message }) => message);

test("asks an issuer that may be asked where its keys are, and has Envoy fetch them there", async () => {
  await inForce(authentication([{ issuer: FOUND.name }]), KEY_ROOTS);
  await expect.poll(() => statusWith(FOUND.issue()), { timeout: 30_000 }).toBe(200);
  const host = `${OUTSIDE}:${String(TLS_PORT)}`;
  expect(keys.fetched).toContain(`${host}/realm/.well-known/openid-configuration`);
  expect(keys.fetched).toContain(`${host}/found`);
  expect(await statusWith(createIssuer(FOUND.name).issue())).toBe(401);
  expect(saidOfKeys()).toEqual([]);
});

test("asks no other issuer, refuses its tokens, and says what would have it asked", async () => {
  const other = `https://${OUTSIDE}:${String(TLS_PORT + 1)}`;
  await inForce(authentication([{ issuer: other }]));
  expect(await statusWith(createIssuer(other).issue())).toBe(401);
  expect((await callCalled()).status).toBe(200);
  expect(saidOfKeys()).toEqual([
    `the keys of "${other}" are not known, so that its tokens are refused: nobody allowed to ask it where its keys are; ` +
      `give the rule a jwksUri, or start with --discover-keys ${OUTSIDE}:${String(TLS_PORT + 1)}`,
  ]);
});

test.each([
  ["cannot be fetched", { jwksUri: `http://${OUTSIDE}:1/keys` }],
  ["are nowhere", {}],
  ["are none", { jwks: '{"keys":[]}' }],
  ["cannot check anything", { jwks: '{"keys":[{"kty":"RSA","n":"","e":"AQAB"}]}' }],
])("refuses every token of an issuer whose keys %s", async (_what, source) => {
  await inForce(authentication([{ issuer: ISSUER.name, ...source }]));
  expect(await statusWith(ISSUER.issue())).toBe(401);
  expect((await callCalled()).status).toBe(200);
});

test("routes at a gateway by what tokens say", async () => {
  const outputClaimToHeaders = [{ header: "x-tier", claim: "tier" }];
  const rule = { ...RULE, outputClaimToHeaders };
  await inForce(authentication([rule], "istio: ingressgateway", "istio-system"));
  const at = { address: mesh().gateway().addresses.pod, port: 8080 };
  const podFor = async (question: Question): Promise<string | number> => {
    const answer = await callAddress(at, "http://anything.example/", question);
    return answer.status === 200 ? echoOf(answer).pod : answer.status;
  };
  expect(await podFor(bearer(ISSUER.issue({ groups: ["testers"] })))).toBe("preview-0");
  expect(await podFor(bearer(ISSUER.issue({ groups: "testers" })))).toBe("preview-0");
  expect(await podFor(bearer(ISSUER.issue({ groups: ["users"] })))).toBe("called-0");
  expect(await podFor({})).toBe("called-0");
  expect(await podFor(bearer(ISSUER.issue({ realm: { level: "low" } })))).toBe(404);
  expect(await podFor(bearer(THIEF.issue({ groups: ["testers"] })))).toBe(401);
  const { name, namespace: own } = mesh().gateway();
  const explained = async (...headers: readonly string[]): Promise<readonly string[]> => {
    const lines = headers.flatMap((header) => ["-H", header]);
    const gateway = ["--gateway", `${name}.${own}`, "http://anything.example/"];
    const { results } = await explanationOf(mesh(), ...gateway, ...lines);
    return results.flatMap(({ answeredBy }) => answeredBy);
  };
  const tester = `Authorization: Bearer ${ISSUER.issue({ groups: ["testers"] })}`;
  expect(await explained(tester)).toEqual(["preview-0.default"]);
  const gold = ISSUER.issue({ tier: "gold" });
  expect(await podFor(bearer(gold))).toBe("preview-0");
  expect(await explained(`Authorization: Bearer ${gold}`)).toEqual(["preview-0.default"]);
  // What a client says itself counts no more beside a token, and without one the route is not chosen again.
  const plain = bearer(ISSUER.issue());
  expect(await podFor({ headers: { ...plain.headers, "x-tier": "gold" } })).toBe("called-0");
  expect(await podFor({ headers: { "x-tier": "gold" } })).toBe("preview-0");
  const { authorization } = plain.headers as { readonly authorization: string };
  expect(await explained("x-tier: gold", `Authorization: ${authorization}`)).toEqual([
    "called-0.default",
  ]);
  expect(await explained("x-tier: gold")).toEqual(["preview-0.default"]);
});
