import { expect, test, vi } from "vitest";
import { run } from "../../run.js";
import { expectTranscripts } from "../../transcript.js";

/** Each command reads Envoy's API and builds a mesh. */
vi.setConfig({ testTimeout: 60_000 });

const MESH = ["--config", "test/golden/console/explained"];
const CALLER = ["--from", "caller"];
const GATEWAY = ["--gateway", "istio-ingressgateway.istio-system"];
/** A gateway that looks up the hosts of a wildcard. */
const LOOKED_UP = ["--config", "test/golden/dynamic-dns", "--gateway", "egress.istio-system"];

test("a request is walked through both ends, with what decides each step", async () => {
  await expectTranscripts("explain", [
    ["explain", ...MESH, ...CALLER, "http://shop/api"],
    ["explain", ...MESH, "--from", "caller", "http://shop/limited"],
    ["explain", ...MESH, ...CALLER, "POST", "http://shop.default/api?a=b"],
    ["explain", ...MESH, ...CALLER, "http://shop/old"],
    ["explain", ...MESH, ...CALLER, "http://shop/admin"],
    ["explain", ...MESH, ...CALLER, "http://copied.example/"],
    ["explain", ...MESH, ...CALLER, "get", "http://shop/admin", "-H", "x-role: admin"],
    ["explain", ...MESH, ...CALLER, "http://shop/nothing"],
    ["explain", ...MESH, ...CALLER, "http://elsewhere.example/"],
    ["explain", ...MESH, ...GATEWAY, "http://shop.example.com/"],
    ["explain", ...MESH, ...GATEWAY, "http://other.example.com/"],
    ["explain", ...MESH, ...GATEWAY, "http://shop.example.com:81/"],
    ["explain", ...MESH, ...CALLER, "http://shop/old", "-o", "json"],
    ["explain", ...LOOKED_UP, "http://old.example.com/"],
    ["explain", ...LOOKED_UP, "http://www.example.org/"],
  ]);
});

test("extensions that a call passes are told, with what has become of their modules", async () => {
  const mesh = ["--config", "test/golden/console/extended"];
  await expectTranscripts("explain-extensions", [
    ["explain", ...mesh, ...CALLER, "http://shop/"],
    ["why", ...mesh, "caller", "extensions.istio.io/trafficextension/default.greeting"],
  ]);
});

const GUARDED = ["--config", "test/golden/console/guarded", ...CALLER];

/** Tokens for it by whom nobody has the keys any more: what they say is in their middle part. */
const TOKENS = {
  good: "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsInN1YiI6InNvbWVvbmUiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6InNob3AiLCJncm91cHMiOlsiYWRtaW5zIl19.wvOllJgwY1xc7qyzO70YeeNKdFyZsfs7GlSqaH9JCShU7INuk9vmomzjm-vcesMBXrHMCwuYUZKaJGgeW3-7jw",
  other:
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsInN1YiI6InNvbWVvbmUiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6InNob3AifQ.J73apZ5-h3Y6QDWAQkpcBgBtGLJP8fS_BJCB8Ra0W9ovCb9lWkbuU2WHLuou_IOu6fOxa624XSXbF9EtRAz20A",
  expired:
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsInN1YiI6InNvbWVvbmUiLCJleHAiOjE2MDAwMDAwMDAsImF1ZCI6InNob3AifQ.r9QSqC25dP7peIRHWhVQ_a_qk_XPP_kqBpCMG1BYOr4qP29KeYTVfTRaEAAuRefEihaTwis0Y1MHkXGqCG-0xA",
  audience:
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsInN1YiI6InNvbWVvbmUiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6ImVsc2UifQ.7jGMn-7ft2ketTINCVFypvs7DGrQyyK6J558v6bDfswM1JocpjgcdMwBIIwfsvMdJDaxqKpfxmS5wnBA3_REeA",
  thief:
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsInN1YiI6InNvbWVvbmUiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6InNob3AifQ.Lob84iJsWHf2HwKLtUmICYynBF6PtJbxeGxsecJlGtbKvxKEg365nyRshFv1otawTCtCShU3JRlNzOZRwroFIg",
  stranger:
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUuY29tIiwic3ViIjoic29tZW9uZSIsImV4cCI6NDEwMjQ0NDgwMCwiYXVkIjoic2hvcCJ9.ghfGu8RFdxxmmA9qf07IXTwSA4zPGN2rJahU7Kvk4VgmPu62VTkv3Tw-iRD0gfkzZw_hy3sejsmVfFTrWreqFw",
  remote:
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2tleXMuZXhhbXBsZS5jb20iLCJzdWIiOiJzb21lb25lIiwiZXhwIjo0MTAyNDQ0ODAwfQ.AA",
  banned:
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2tleXMuZXhhbXBsZS5jb20iLCJzdWIiOiJiYW5uZWQiLCJleHAiOjQxMDI0NDQ4MDB9.AA",
};

const withToken = (token: keyof typeof TOKENS): readonly string[] => [
  "-H",
  `Authorization: Bearer ${TOKENS[token]}`,
];

test("tokens are checked as the proxies check them, and authorizers are not spoken for", async () => {
  await expectTranscripts(
    "explain-guarded",
    [
      ["explain", ...GUARDED, "http://shop/"],
      ["explain", ...GUARDED, "http://shop/", ...withToken("good")],
      ...(["expired", "audience", "thief", "stranger"] as const).map((token) => [
        ...["explain", ...GUARDED, "http://shop/", ...withToken(token)],
      ]),
      ["explain", ...GUARDED, "http://shop/", "-H", "Authorization: Bearer nonsense"],
      ["explain", ...GUARDED, "http://shop/admin", ...withToken("good")],
      ["explain", ...GUARDED, "http://shop/admin", ...withToken("other")],
      ["explain", ...GUARDED, "http://shop/", "-H", `x-token: ${TOKENS.remote}`],
      ["explain", ...GUARDED, "http://shop/", "-H", `x-token: ${TOKENS.banned}`],
      [...["explain", ...GUARDED, "http://shop/", ...withToken("good")], "-H", "x-token: bad"],
      [
        ...["explain", ...GUARDED, "http://shop/", ...withToken("expired")],
        ...["-H", `x-token: ${TOKENS.remote}`, "-H", "x-who: banned"],
      ],
      ["explain", ...GUARDED, `http://shop/?token=${TOKENS.banned}`],
      ["explain", ...GUARDED, "http://shop/asked"],
      ["explain", ...GUARDED, "http://shop/asked", "-o", "json"],
    ],
    Object.fromEntries(Object.entries(TOKENS).map(([name, token]) => [token, name])),
  );
});

test("calls with bytes are followed to the port that is called", async () => {
  await expectTranscripts("explain-bytes", [
    ["explain", ...GUARDED, "tcp://shop:5432"],
    ["explain", ...GUARDED, "tcp://shop:80"],
    ["explain", ...GUARDED, "tcp://shop:5433"],
    ["explain", ...GUARDED, "tcp://shop"],
  ]);
});

test("endpoints that callers are not to call, for they are on other nodes, are told of", async () => {
  const local = ["explain", "--config", "test/golden/console/local"];
  await expectTranscripts("explain-local", [
    [...local, "--from", "alone", "http://logs/"],
    [...local, "--from", "logs-a", "http://logs/b"],
    [...local, "--from", "logs-a", "http://logs/none"],
    [...local, "--from", "lost", "http://logs/"],
    [...local, "--from", "alone", "--flags", "UH", "http://logs/"],
  ]);
});

test("a route that is left to a delegate names both of them", async () => {
  await expectTranscripts("explain-delegated", [
    ["explain", ...GUARDED, "http://orders.example.com/orders/1"],
    ["explain", ...GUARDED, "http://orders.example.com/other"],
    [...["why", "--config", "test/golden/console/guarded", "caller"], "80/orders.example.com:80"],
  ]);
});

test("a route that an Ingress means names the Ingress", async () => {
  const mesh = ["--config", "test/golden/console/entered"];
  await expectTranscripts("explain-ingress", [
    ["explain", ...mesh, ...GATEWAY, "http://shop.example.com/cart"],
    ["why", ...mesh, "istio-ingressgateway.istio-system", "http.8080"],
  ]);
});

test("a route that an HTTPRoute means names the HTTPRoute, and a missing backend ends its share alone", async () => {
  const mesh = ["--config", "test/golden/console/gateway-api"];
  const edge = ["--gateway", "edge-istio"];
  await expectTranscripts("explain-gateway-api", [
    ["explain", ...mesh, ...edge, "http://shop.example.com/api"],
    ["explain", ...mesh, ...edge, "http://shop.example.com/half"],
    ["explain", ...mesh, ...edge, "http://shop.example.com/gone"],
    ["explain", ...mesh, "--from", "shop", "http://shop/api"],
    ["why", ...mesh, "edge-istio", "http.80"],
  ]);
});

test("a call from outside has an address of its own, and that which a trusted proxy tells", async () => {
  const outside = ["explain", "--config", "test/golden/console/outside", ...GATEWAY];
  const url = "http://shop.example.com/";
  await expectTranscripts("explain-outside", [
    [...outside, url],
    [...outside, "--from-ip", "203.0.113.7", url],
    [...outside, "--from-ip", "192.0.2.7", url, "-H", "X-Forwarded-For: 198.51.100.7"],
    [...outside, "--from-ip", "192.0.2.7", url, "-H", "X-Forwarded-For: 198.51.100.7, 192.0.2.9"],
    [...outside, "--from-ip", "somewhere", url],
    [
      "explain",
      "--config",
      "test/golden/console/outside",
      ...CALLER,
      "--from-ip",
      "192.0.2.7",
      url,
    ],
  ]);
});

test("response flags are read in the light of the configuration", async () => {
  await expectTranscripts("explain-flags", [
    ["explain", "--flags", "ut, fi"],
    ["explain", ...MESH, ...CALLER, "--flags", "UH,URX", "--to", "shop/api"],
    ["explain", ...MESH, ...CALLER, "--flags", "UF", "--to", "http://shop/admin"],
    ["explain", ...MESH, ...CALLER, "--flags", "UO,FI,DI", "POST", "--to", "shop/limited"],
    ["explain", "--flags", "UFO"],
  ]);
});

const PATCHED = ["--config", "test/golden/console/patched"];

test("what EnvoyFilters changed or made names their patches: clusters, routes, virtual hosts, chains and filters", async () => {
  await expectTranscripts("why-patched", [
    ["why", ...PATCHED, "shop", "http_proxy"],
    ["why", ...PATCHED, "shop", "outbound|80||shop.default.svc.cluster.local"],
    ["why", ...PATCHED, "shop", "127.30.59.41_8080"],
    ["explain", ...PATCHED, "--from", "shop", "http://shop/health"],
    ["explain", ...PATCHED, "--from", "shop", "http://shop/api"],
  ]);
});

const CHAINS = ["--config", "test/golden/console/chains"];

test("filter chains name the server, port, listener of a Sidecar, route and policy that made them", async () => {
  await expectTranscripts("why-chains", [
    ["why", ...CHAINS, "istio-ingressgateway.istio-system", "127.30.200.150_8080"],
    ["why", ...CHAINS, "istio-ingressgateway.istio-system", "127.30.200.150_8443"],
    ["why", ...CHAINS, "stock", "127.30.17.195_7070"],
    ["why", ...CHAINS, "stock", "127.30.17.195_7080"],
    ["why", ...CHAINS, "stock", "inbound|7080||"],
    ["why", ...CHAINS, "shop", "127.32.59.41_9000"],
  ]);
});

test("what made a resource is told, and what is in it", async () => {
  await expectTranscripts("why", [
    ["why", ...MESH, "caller", "outbound|80|v1|shop.default.svc.cluster.local"],
    ["why", ...MESH, "caller", "80/shop.default.svc.cluster.local:80"],
    ["why", ...MESH, "shop-v1", "127.30.45.55_8080"],
    ["why", ...MESH, "istio-ingressgateway.istio-system", "http.8080"],
    ["why", ...MESH, "caller", "BlackHoleCluster"],
    ["why", ...MESH, "caller", "nothing"],
    ["why", ...MESH, "caller", "outbound|80|v1|shops.default.svc.cluster.local"],
    ["why", ...MESH, "caller", "shop.default"],
  ]);
});

test("what cannot be explained is said", async () => {
  await expectTranscripts("explain-errors", [
    ["explain", "http://shop/"],
    ["explain", ...MESH, "--from", "nobody", "http://shop/"],
    ["explain", ...MESH, ...CALLER, "shop"],
    ["explain", ...MESH, ...CALLER, "http://shop/", "-H", "x-role"],
    ["explain", "--config", "nowhere", ...CALLER, "http://shop/"],
  ]);
});

test("only one can call", async () => {
  const { code, stderr } = await run(["explain", ...CALLER, ...GATEWAY, "http://shop/"]);
  expect(code).toBe(2);
  expect(stderr).toContain("cannot be used with option '--from <pod>'");
});
