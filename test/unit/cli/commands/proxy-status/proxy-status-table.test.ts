import { expect, test } from "vitest";
import type {
  ProxyJson,
  TypeSyncJson,
} from "../../../../../gen/types/fairlead/debug/v1/debug_pb.js";
import {
  peerLines,
  refusalLines,
  statusTable,
  subscriptionTable,
} from "../../../../../src/cli/commands/proxy-status/proxy-status-table.js";

const NOW = Date.parse("2026-11-25T21:00:10Z");

const type = (shortName: string, sync: Partial<TypeSyncJson> = {}): TypeSyncJson => ({
  shortName,
  status: "SYNCED",
  lastSent: "2026-11-25T21:00:04Z",
  ...sync,
});

const proxy = (id: string, ...types: readonly TypeSyncJson[]): ProxyJson => ({
  id,
  clusterId: "Kubernetes",
  istioVersion: "1.29.6",
  types: [...types],
});

const PROXIES = [
  proxy(
    "istio-ingressgateway-0.istio-system",
    type("CDS"),
    type("LDS", { lastSent: "2026-11-25T20:47:00Z" }),
    type("EDS", { status: "STALE" }),
    type("RDS", { status: "NOT_SENT" }),
    type("SDS"),
  ),
  proxy(
    "payments-v1-0.default",
    type("CDS", {
      status: "ERROR",
      lastRefusal: {
        at: "2026-11-25T21:00:05Z",
        error: "no such extension",
        names: ["outbound|80||a.default.svc.cluster.local"],
      },
    }),
    type("LDS", { lastSent: "2026-11-23T20:00:00Z" }),
  ),
];
const CONTROL_PLANE = { id: "devbox", version: "0.1.0" };

const shown = { proxies: PROXIES, controlPlane: CONTROL_PLANE, peers: [] };

const PEERS = [
  {
    address: "10.0.0.3:15012",
    id: "other",
    followed: true,
    proxies: [{ id: "orders-0.default", clusterId: "Kubernetes", istioVersion: "1.29.6" }],
  },
  {
    address: "10.0.0.4:15012",
    id: "devbox",
    problem: "gone",
    proxies: [{ id: "users-0.default", clusterId: "Kubernetes", istioVersion: "1.29.6" }],
  },
  { address: "10.0.0.5:15012" },
];

const text = (lines: readonly string[]): string => `\n${lines.join("\n")}\n`;

test("lists the types that each proxy asked for", () => {
  expect(text(subscriptionTable(shown))).toBe(`
NAME                                    CLUSTER        ISTIOD     VERSION     SUBSCRIBED TYPES
istio-ingressgateway-0.istio-system     Kubernetes     devbox     1.29.6      5 (CDS,LDS,EDS,RDS,SDS)
payments-v1-0.default                   Kubernetes     devbox     1.29.6      2 (CDS,LDS)
`);
});

test("counts the age of what a proxy came back with from when it came", () => {
  const listeners: TypeSyncJson = {
    shortName: "LDS",
    status: "SYNCED",
    resumedAt: "2026-11-25T21:00:04Z",
  };
  const proxies = [proxy("payments-v1-0.default", listeners)];
  const [, row] = statusTable({ ...shown, proxies }, NOW);
  expect(row).toContain(" SYNCED (6s) ");
});

test("has a column for each type, with where a proxy stands and since when", () => {
  expect(text(statusTable(shown, NOW))).toBe(`
NAME                                    CLUSTER        CDS             ECDS        EDS            LDS              RDS          NDS         ISTIOD     VERSION
istio-ingressgateway-0.istio-system     Kubernetes     SYNCED (6s)     IGNORED     STALE (6s)     SYNCED (13m)     NOT SENT     IGNORED     devbox     1.29.6
payments-v1-0.default                   Kubernetes     ERROR (6s)      IGNORED     IGNORED        SYNCED (2d)      IGNORED      IGNORED     devbox     1.29.6
`);
});

test("says what a proxy refuses, and in its own words why", () => {
  expect(refusalLines(PROXIES)).toEqual([
    "",
    "payments-v1-0.default refuses CDS outbound|80||a.default.svc.cluster.local: no such extension",
  ]);
  expect(refusalLines(PROXIES.slice(0, 1))).toEqual([]);
});

test("says for which files a proxy is waiting", () => {
  const files = Array.from({ length: 6 }, (_, i) => `/certs/${i}.crt`);
  const lastRefusal = {
    error: "Invalid path: /certs/0.crt",
    names: ["file-root:/certs/0.crt"],
    files,
  };
  const proxies = [{ id: "a.default", types: [{ shortName: "SDS", lastRefusal }] }];
  expect(refusalLines(proxies).at(-1)).toBe(
    "a.default refuses SDS file-root:/certs/0.crt: Invalid path: /certs/0.crt; sent again from time to time until " +
      "it takes it, since it names files of the proxy's machine: /certs/0.crt, /certs/1.crt, /certs/2.crt, /certs/3.crt and 2 more",
  );
});

test("lists the proxies of other control planes where they are, and what is not known of them here", () => {
  const all = { ...shown, proxies: PROXIES.slice(1), peers: PEERS };
  expect(text(subscriptionTable(all))).toBe(`
NAME                      CLUSTER        ISTIOD             VERSION     SUBSCRIBED TYPES
orders-0.default          Kubernetes     other              1.29.6      -
payments-v1-0.default     Kubernetes     devbox             1.29.6      2 (CDS,LDS)
users-0.default           Kubernetes     10.0.0.4:15012     1.29.6      -
`);
  expect(statusTable(all, NOW)[1]).toMatch(
    /^orders-0\.default +Kubernetes( +-){6} +other +1\.29\.6$/,
  );
});

test("says which control planes are not followed, and why", () => {
  expect(peerLines(PEERS)).toEqual([
    "",
    "The control plane at 10.0.0.4:15012 is not followed: gone",
    "The control plane at 10.0.0.5:15012 is not followed",
  ]);
  expect(peerLines(PEERS.slice(0, 1))).toEqual([]);
});
