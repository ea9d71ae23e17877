import { expect, test } from "vitest";
import { checkTls, type ServerTls } from "../../../src/console/tls-check.js";
import { tlsCheckTable, wideTlsCheckTable } from "../../../src/console/tls-check-table.js";

const CLIENT = "spiffe://cluster.local/ns/default/sa/client";

const meshed = (mode: string, more: ServerTls = {}): ServerTls => ({
  ...{ workload: "a-0.default", address: "10.0.0.1", mode, hasSidecar: true },
  ...more,
});
const BARE: ServerTls = { workload: "bare-0.default", mode: "PERMISSIVE" };

const check = (mode: string, ...servers: readonly ServerTls[]) =>
  checkTls({ host: "a", port: 80, client: { mode }, servers }, CLIENT);

test.each([
  ["AUTO", meshed("STRICT"), "mutual TLS"],
  ["AUTO", meshed("PERMISSIVE"), "mutual TLS"],
  ["AUTO", meshed("DISABLE"), "plaintext"],
  ["AUTO", BARE, "plaintext"],
  ["PLAINTEXT", meshed("PERMISSIVE"), "plaintext"],
  ["DISABLE", meshed("DISABLE"), "plaintext"],
  ["DISABLE", BARE, "plaintext"],
  ["ISTIO_MUTUAL", meshed("STRICT"), "mutual TLS"],
  ["SIMPLE", meshed("PERMISSIVE"), "TLS of the application"],
  ["SIMPLE", BARE, "TLS of the application"],
  ["MUTUAL", meshed("DISABLE"), "mutual TLS of the application"],
])("a client of mode %s gets on with %j: %s", (mode, server, reason) => {
  expect(check(mode, server)).toMatchObject({ status: "OK", reason });
});

const ALONE = "the server takes the mesh's mutual TLS alone and is called";

test.each([
  ["PLAINTEXT", meshed("STRICT"), `${ALONE} in plaintext: a-0.default`],
  ["DISABLE", meshed("STRICT"), `${ALONE} in plaintext: a-0.default`],
  ["SIMPLE", meshed("STRICT"), `${ALONE} by TLS of the application: a-0.default`],
  ["MUTUAL", meshed("STRICT"), `${ALONE} by mutual TLS of the application: a-0.default`],
  [
    "ISTIO_MUTUAL",
    meshed("DISABLE"),
    "the server takes plaintext alone and is called by mutual TLS: a-0.default",
  ],
  ["ISTIO_MUTUAL", BARE, "the server has no sidecar and is called by mutual TLS: bare-0.default"],
])("a client of mode %s does not get on with %j: %s", (mode, server, reason) => {
  expect(check(mode, server)).toMatchObject({ status: "CONFLICT", reason });
});

test("workloads that differ are told apart, and of many the first are named", () => {
  const strict = ["b", "c", "d", "e"].map((name) => meshed("STRICT", { workload: `${name}-0.x` }));
  const result = check("DISABLE", meshed("PERMISSIVE"), ...strict, BARE);
  expect(result).toMatchObject({
    status: "CONFLICT",
    reason: `${ALONE} in plaintext: b-0.x, c-0.x, d-0.x and 1 more`,
    server: { modes: ["PERMISSIVE", "STRICT"], effective: ["PERMISSIVE", "STRICT", "DISABLE"] },
  });
  expect(check("AUTO", meshed("STRICT"), BARE).reason).toBe("mutual TLS or plaintext");
});

test("a host outside the mesh has no server to disagree with", () => {
  expect(check("SIMPLE")).toMatchObject({
    status: "OK",
    reason: "no workload of the mesh serves it",
  });
});

test("the tables have what resources say, and what comes of it", () => {
  const source = { kind: "PeerAuthentication", namespace: "default", name: "strict" };
  const checks = [
    check("AUTO", meshed("STRICT", { source: { ...source, file: "mesh.yaml", line: 7 } })),
    check("PLAINTEXT", BARE),
    check("SIMPLE"),
  ];
  expect(tlsCheckTable(checks).slice(1)).toEqual([
    ["a:80", "OK", "STRICT", "-", "default/strict", "-"],
    ["a:80", "OK", "PERMISSIVE", "-", "-", "-"],
    ["a:80", "OK", "-", "SIMPLE", "-", "-"],
  ]);
  expect(wideTlsCheckTable(checks).map((row) => row.slice(6, 10))).toEqual([
    ["SERVER IN FACT", "CLIENT IN FACT", "SERVER DECIDED BY", "CLIENT DECIDED BY"],
    [
      "STRICT",
      "ISTIO_MUTUAL",
      "PeerAuthentication default/strict (mesh.yaml:7)",
      "auto mutual TLS",
    ],
    ["DISABLE", "DISABLE", "the default", "no rule, no auto mutual TLS"],
    ["-", "-", "-", "-"],
  ]);
});
