/** What becomes of a fault of ours while it is worked out what proxies should hold: they go on with what they have. */
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { createFaultLog } from "../../../src/app/log/fault-log.js";
import { KeptTables } from "../../../src/app/sessions/kept-tables.js";
import { createProvedStreams } from "../../../src/app/sessions/proved-streams.js";
import {
  createProxySessions,
  type WaitingProxy,
} from "../../../src/app/sessions/proxy-sessions.js";
import { createUpdateLoop } from "../../../src/app/update/update-loop.js";
import { Table } from "../../../src/base/table/table.js";
import type { Encoder } from "../../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import { type EncodedResource, NOT_MADE, TYPE_URL } from "../../../src/xds/resource.js";
import { fakeClock } from "../base/fake-clock.js";
import { createDirectory, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const FAULT = new TypeError("nobody thought of that");

/** What cannot be made while it is broken: resources of a type in which there is a text. */
interface OddResources {
  readonly type: string;
  readonly text: string;
}

/** A mesh with one service, of which single resources cannot be made while `isOdd`, listeners while `isBroken`, and nothing while `isAll`. */
function startMesh(odd: OddResources = { type: MESSAGE.listener, text: "0.0.0.0_81" }) {
  const directory = createDirectory();
  const fault = { isOdd: false, isBroken: false, isAll: false };
  const golden = goldenEncoder();
  const nodeSchema = golden.registry.getMessage("envoy.config.core.v3.Node");
  if (nodeSchema === undefined) throw new TypeError("Envoy's API has no Node");
  const encode: Encoder["encode"] = (typeName, json) => {
    if (fault.isOdd && typeName === odd.type && JSON.stringify(json).includes(odd.text)) {
      throw FAULT;
    }
    return golden.encode(typeName, json);
  };
  const first = directory.write({ "one.yaml": service("one") });
  const discovery = createDiscovery({ ...golden, encode }, first);
  const faults: unknown[] = [];
  const waiting: WaitingProxy[] = [];
  const clock = fakeClock();
  const sessions = createProxySessions({
    authenticate: () => Promise.resolve({ kind: "anonymous" }),
    onRefused: () => undefined,
    secrets: { hold: () => Promise.reject(new Error("nobody proved anything")) },
    streams: createProvedStreams(clock),
    withMeshRoots: (secrets) => secrets,
    resourcesOf: (connected) => {
      if (fault.isAll) throw FAULT;
      const sets = discovery.resourcesOf(connected);
      if (!fault.isBroken) return sets;
      return new Proxy(sets, {
        get: (target, name) => {
          if (name === "listeners") throw FAULT;
          return Reflect.get(target, name, target) as unknown;
        },
      });
    },
    join: () => () => undefined,
    report: () => undefined,
    clock,
    onForgotten: () => undefined,
    onFault: (told, waits) => {
      if (waits === undefined) faults.push(told);
      else waiting.push(waits);
    },
  });
  return {
    fault,
    faults,
    waiting,
    open: async (name: string, type = "sidecar") => {
      const id = `${type}~10.0.0.1~${name}.default~default.svc.cluster.local`;
      const session = await sessions.open({
        node: create(nodeSchema, { id }) as unknown as Node,
        peer: {
          address: "10.0.0.1",
          name: "10.0.0.1:9",
          isEncrypted: false,
          authorization: [],
          certificate: undefined,
        },
        protocol: "delta",
        refuse: () => undefined,
      });
      const table = (typeUrl: string) => session.view(new Map()).get(typeUrl);
      const names = (typeUrl: string) => [...(table(typeUrl) ?? Table.empty()).keys()];
      return {
        table,
        listeners: () => names(TYPE_URL.listener),
        clusters: () => names(TYPE_URL.cluster).filter((cluster) => /one|two/.test(cluster)),
      };
    },
    write: (files: Readonly<Record<string, string>>) => {
      const snapshot = directory.write(files);
      discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
    },
  };
}

const tcp = (name: string, port: number): string =>
  service(name).replace("port: 80", `port: ${port}`);

const EDGE = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  servers: [{ port: { number: 8081, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{ route: [{ destination: { host: one } }] }]
`;

test("a session goes on with what it has while something of it cannot be made", async () => {
  const { fault, faults, open, write } = startMesh();
  const session = await open("early");
  const before = session.listeners();
  expect(before).toContain("0.0.0.0_80");
  expect(session.clusters()).toEqual(["outbound|80||one.default.svc.cluster.local"]);

  fault.isBroken = true;
  write({ "two.yaml": tcp("two", 81) });
  expect(session.listeners()).toEqual(before);
  expect(new Set(faults)).toEqual(new Set([FAULT]));

  fault.isBroken = false;
  write({ "two.yaml": tcp("two", 82) });
  expect(session.listeners()).toContain("0.0.0.0_82");
  expect(session.clusters()).toHaveLength(2);
});

test("a session that has nothing yet has what can be made, and waits for the rest until it can", async () => {
  const { fault, waiting, open, write } = startMesh();
  fault.isBroken = true;
  write({ "two.yaml": tcp("two", 81) });
  const session = await open("late");
  expect(session.table(TYPE_URL.listener)).toBe(NOT_MADE);
  expect(session.clusters()).toHaveLength(2);
  expect(waiting).toEqual([
    { proxy: expect.stringContaining("late") as string, typeUrl: TYPE_URL.listener },
  ]);
  fault.isBroken = false;
  write({ "two.yaml": tcp("two", 82) });
  expect(session.listeners()).toContain("0.0.0.0_82");
});

const TWO = "outbound|81||two.default.svc.cluster.local";
const LISTENERS = ["0.0.0.0_80", "0.0.0.0_81", "virtualInbound", "virtualOutbound"];

test.each([
  ["a listener", { type: MESSAGE.listener, text: "0.0.0.0_81" }, "0.0.0.0_81"],
  [
    "the listener of its own workload",
    { type: MESSAGE.listener, text: "virtualInbound" },
    "virtualInbound",
  ],
  [
    "the listener of all it calls",
    { type: MESSAGE.listener, text: "virtualOutbound" },
    "virtualOutbound",
  ],
  ["the endpoints of a cluster", { type: MESSAGE.endpoint, text: "|81||" }, TWO],
])(
  "a session that has nothing yet has all but %s that cannot be made, and is told why",
  async (_what, odd, name) => {
    const { fault, waiting, open, write } = startMesh(odd);
    fault.isOdd = true;
    write({ "two.yaml": tcp("two", 81) });
    const session = await open("late");
    const withheld = [TYPE_URL.cluster, TYPE_URL.endpoint, TYPE_URL.listener, TYPE_URL.route]
      .flatMap((typeUrl) => [...(session.table(typeUrl)?.values() ?? [])])
      .filter(({ refusal }) => refusal !== undefined);
    expect(withheld.map((one) => [one.name, one.refusal?.reason])).toEqual([
      [name, expect.stringContaining("a fault of fairlead's: nobody thought of that")],
    ]);
    expect(session.listeners()).toEqual(expect.arrayContaining(LISTENERS));
    expect(session.clusters()).toHaveLength(2);
    expect(session.table(TYPE_URL.endpoint)?.size).toBe(2);
    expect(waiting).toEqual([]);
  },
);

test("a gateway has all but the listener that cannot be made", async () => {
  const odd = { type: MESSAGE.listener, text: "0.0.0.0_8081" };
  const { fault, waiting, open, write } = startMesh(odd);
  fault.isOdd = true;
  write({ "edge.yaml": `${EDGE}---${EDGE.replaceAll("edge", "other").replace("8081", "8082")}` });
  const session = await open("edge", "router");
  const listeners = [...(session.table(TYPE_URL.listener)?.values() ?? [])];
  const withheld = listeners.filter(({ refusal }) => refusal !== undefined);
  expect(listeners.map(({ name }) => name).sort()).toEqual(["0.0.0.0_8081", "0.0.0.0_8082"]);
  expect(withheld.map(({ name }) => name)).toEqual(["0.0.0.0_8081"]);
  expect(session.clusters()).toHaveLength(1);
  expect(session.table(TYPE_URL.route)?.size).toBe(2);
  expect(waiting).toEqual([]);
});

test("of a session for which nothing can be made, all waits", async () => {
  const { fault, open, write } = startMesh();
  fault.isAll = true;
  const session = await open("late");
  expect(session.table(TYPE_URL.cluster)).toBe(NOT_MADE);
  expect(session.table(TYPE_URL.secret)).toBe(NOT_MADE);
  fault.isAll = false;
  write({ "two.yaml": tcp("two", 82) });
  expect(session.clusters()).toHaveLength(2);
});

test("of the tables of a session each has the one before in its place", () => {
  const faults: unknown[] = [];
  const kept = new KeptTables((fault, awaited) => faults.push(awaited ?? fault));
  const [first, second] = [Table.empty<EncodedResource>(), Table.empty<EncodedResource>()];
  expect(kept.insteadOf("a", FAULT)).toBe(NOT_MADE);
  for (const table of [first, second]) kept.keep("a", table);
  kept.keep("b", undefined);
  expect(kept.insteadOf("a", FAULT)).toBe(second);
  expect(kept.insteadOf("b", FAULT)).toBeUndefined();
  expect(faults).toEqual(["a", FAULT, FAULT]);
});

test("a mesh that cannot be made leaves the one before in force, until another can", () => {
  const told: unknown[] = [];
  let isBroken = false;
  const update: Discovery["update"] = () => {
    if (isBroken) throw FAULT;
    return true;
  };
  const loop = createUpdateLoop({
    discovery: { update },
    snapshot: createDirectory().write({}),
    standIns: [],
    federated: [],
    issuerKeys: () => Table.empty(),
    wasmModules: () => Table.empty(),
    proxies: () => Table.empty(),
    health: () => Table.empty(),
    forgetting: { soon: () => undefined },
    publish: () => told.push("published"),
    onUpdate: () => undefined,
    onComputed: () => undefined,
    onFault: (fault) => told.push(fault),
    clock: fakeClock(),
  });
  isBroken = true;
  loop.setFederated(["a"]);
  isBroken = false;
  loop.setFederated(["b"]);
  expect(told).toEqual(["published", FAULT, "published"]);
});

test("a fault that all proxies meet is logged some times, and twice a minute", () => {
  const lines: object[] = [];
  let now = 0;
  const log = createFaultLog({ error: (fields: object) => lines.push(fields) }, () => now);
  for (let proxy = 0; proxy < 200; proxy += 1) log(FAULT);
  expect(lines).toHaveLength(3);
  now += 30_000;
  log(FAULT);
  log(new Error("another"));
  expect(lines.slice(3)).toEqual([
    { err: FAULT, omitted: 197 },
    { err: expect.any(Error) as Error },
  ]);
});

test("who waits because of a fault is logged by name, as often", () => {
  const lines: unknown[] = [];
  const log = createFaultLog({ error: (...line: unknown[]) => lines.push(line) }, () => 0);
  const waiting = { proxy: "late.default", typeUrl: TYPE_URL.listener };
  for (let turn = 0; turn < 50; turn += 1) log(FAULT, waiting);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toEqual([{ ...waiting, err: FAULT }, expect.stringContaining("waits")]);
});
