/** What the callers of a namespace are sent in place of what all others are sent. */
import { describe, expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import {
  createHostReplacement,
  createReplacement,
  type HostRows,
} from "../../../src/envoy/outbound/host-rows.js";
import { SIDECAR, sentTo } from "./sent-to.js";

/** The rows of hosts, each with what it makes. */
function rowsOf(
  hosts: Readonly<Record<string, Readonly<Record<string, string>>>>,
): HostRows<string> {
  const made = Object.entries(hosts).map(([host, rows]) => [host, Object.entries(rows)] as const);
  return {
    byHost: Table.from(made.map(([host, rows]) => [host, Table.from(rows)] as const)),
    all: Table.from(made.flatMap(([, rows]) => rows)),
  };
}

const hostsOf = (...hosts: readonly string[]): Table<readonly string[]> =>
  Table.from(hosts.map((host) => [host, []] as const));

const entriesOf = (table: Table<string>): unknown => Object.fromEntries(table.sorted());

describe("rows in place of others", () => {
  const common = rowsOf({ a: { "a:80": "all", "a:81": "all" }, b: { "b:80": "all" } });

  test("leave out what their host does not make for these callers, before and after edits", () => {
    const replace = createReplacement<string>(new Engine(), "rows");
    const fewer = rowsOf({ a: { "a:80": "own" } });
    const first = replace(common, fewer, hostsOf("a"));
    expect(entriesOf(first)).toEqual({ "a:80": "own", "b:80": "all" });
    expect(replace(common, fewer, hostsOf("a"))).toBe(first);
    const others = rowsOf({ a: { "a:80": "own", "a:81": "own" } });
    expect(entriesOf(replace(common, others, hostsOf("a")))).toEqual({
      "a:80": "own",
      "a:81": "own",
      "b:80": "all",
    });
    expect(entriesOf(replace(common, fewer, hostsOf("a")))).toEqual({
      "a:80": "own",
      "b:80": "all",
    });
    expect(entriesOf(replace(common, rowsOf({}), hostsOf("a", "b")))).toEqual({});
    expect(replace(common, rowsOf({}), hostsOf())).toEqual(common.all);
  });

  test("of hosts leave out those that these callers do not see, before and after edits", () => {
    const replace = createHostReplacement<string>(new Engine(), "hosts");
    const all = Table.from(Object.entries({ a: "all", b: "all", c: "all" }));
    const none = Table.empty<string>();
    expect(entriesOf(replace(all, none, hostsOf("a")))).toEqual({ b: "all", c: "all" });
    expect(entriesOf(replace(all, none, hostsOf("a", "b")))).toEqual({ c: "all" });
    const own = Table.from(Object.entries({ a: "own" }));
    expect(entriesOf(replace(all, own, hostsOf("a", "b")))).toEqual({ a: "own", c: "all" });
    expect(entriesOf(replace(all, none, hostsOf()))).toEqual({ a: "all", b: "all", c: "all" });
  });
});

const entry = (namespace: string, ports: readonly number[]): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: ${namespace}, creationTimestamp: "2026-01-01T00:00:00Z" }
spec:
  hosts: [api.example.com]
  resolution: DNS
  ports: [${ports.map((port) => `{ number: ${port}, name: http-${port}, protocol: HTTP }`).join(", ")}]`;

test("a host of the callers' own namespace has none of the ports that another namespace gives it", () => {
  const sent = sentTo(SIDECAR, entry("another", [80, 81]), entry("default", [80]));
  expect(sent.clusters.has("outbound|80||api.example.com")).toBe(true);
  expect(sent.clusters.has("outbound|81||api.example.com")).toBe(false);
  expect(sent.listeners.has("0.0.0.0_81")).toBe(false);
  expect(sent.routes.has("81")).toBe(false);
});

test("a rule of the callers' own namespace leaves nothing of the subsets of another", () => {
  const rule = (namespace: string, spec: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api, namespace: ${namespace} }
spec: { host: api.example.com, ${spec} }`;
  const sent = sentTo(
    SIDECAR,
    entry("another", [80]),
    rule("another", "subsets: [{ name: v1, labels: { version: v1 } }]"),
    rule("default", "trafficPolicy: { loadBalancer: { simple: RANDOM } }"),
  );
  expect(sent.clusters.get("outbound|80||api.example.com")?.lbPolicy).toBe("RANDOM");
  expect(sent.clusters.has("outbound|80|v1|api.example.com")).toBe(false);
});
