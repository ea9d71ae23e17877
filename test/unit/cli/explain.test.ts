import { expect, test, vi } from "vitest";
import { run } from "./run.js";
import { expectTranscripts } from "./transcript.js";

/** Each command reads Envoy's API and builds a mesh. */
vi.setConfig({ testTimeout: 60_000 });

const MESH = ["--config", "test/golden/console/explained"];
const CALLER = ["--from", "caller"];
const GATEWAY = ["--gateway", "istio-ingressgateway.istio-system"];

test("a request is walked through both ends, with what decides each step", async () => {
  await expectTranscripts("explain", [
    ["explain", ...MESH, ...CALLER, "http://shop/api"],
    ["explain", ...MESH, ...CALLER, "POST", "http://shop.default/api?a=b"],
    ["explain", ...MESH, ...CALLER, "http://shop/old"],
    ["explain", ...MESH, ...CALLER, "http://shop/admin"],
    ["explain", ...MESH, ...CALLER, "get", "http://shop/admin", "-H", "x-role: admin"],
    ["explain", ...MESH, ...CALLER, "http://shop/nothing"],
    ["explain", ...MESH, ...CALLER, "http://elsewhere.example/"],
    ["explain", ...MESH, ...GATEWAY, "http://shop.example.com/"],
    ["explain", ...MESH, ...GATEWAY, "http://other.example.com/"],
    ["explain", ...MESH, ...GATEWAY, "http://shop.example.com:81/"],
    ["explain", ...MESH, ...CALLER, "http://shop/old", "-o", "json"],
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

test("what made a resource is told, and what is in it", async () => {
  await expectTranscripts("why", [
    ["why", ...MESH, "caller", "outbound|80|v1|shop.default.svc.cluster.local"],
    ["why", ...MESH, "caller", "80/shop.default.svc.cluster.local:80"],
    ["why", ...MESH, "shop-v1", "127.30.45.55_8080"],
    ["why", ...MESH, "istio-ingressgateway.istio-system", "http.8080"],
    ["why", ...MESH, "caller", "BlackHoleCluster"],
    ["why", ...MESH, "caller", "nothing"],
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
