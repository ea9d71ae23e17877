/** What becomes of a fault of ours while it is worked out what proxies should hold: they go on with what they have. */
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { createFaultLog } from "../../../src/app/fault-log.js";
import { KeptTables } from "../../../src/app/kept-tables.js";
import { createProvedStreams } from "../../../src/app/proved-streams.js";
import { createProxySessions } from "../../../src/app/proxy-sessions.js";
import { createUpdateLoop } from "../../../src/app/update-loop.js";
import { Table } from "../../../src/base/table.js";
import type { Encoder } from "../../../src/envoy/encoder.js";
import { MESSAGE } from "../../../src/envoy/part/envoy-types.js";
import { type EncodedResource, TYPE_URL } from "../../../src/xds/resource.js";
import { fakeTimers } from "../ca/fake-timers.js";
import { createDirectory, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const FAULT = new TypeError("nobody thought of that");

/** A mesh with one service whose listeners cannot be made while `isBroken`, and who is served it. */
function startMesh() {
  const directory = createDirectory();
  const fault = { isBroken: false };
  const golden = goldenEncoder();
  const nodeSchema = golden.registry.getMessage("envoy.config.core.v3.Node");
  if (nodeSchema === undefined) throw new TypeError("Envoy's API has no Node");
  const encode: Encoder["encode"] = (typeName, json) => {
    if (fault.isBroken && typeName === MESSAGE.listener) throw FAULT;
    return golden.encode(typeName, json);
  };
  const first = directory.write({ "one.yaml": service("one") });
  const discovery = createDiscovery({ ...golden, encode }, first);
  const faults: unknown[] = [];
  const timers = fakeTimers();
  const sessions = createProxySessions({
    authenticate: () => Promise.resolve({ kind: "anonymous" }),
    onRefused: () => undefined,
    secrets: { hold: () => Promise.reject(new Error("nobody proved anything")) },
    streams: createProvedStreams(timers),
    resourcesOf: (connected) => discovery.resourcesOf(connected),
    join: () => () => undefined,
    report: () => undefined,
    timers,
    onForgotten: () => undefined,
    onFault: (told) => faults.push(told),
  });
  return {
    fault,
    faults,
    open: async (name: string) => {
      const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
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
      const names = (typeUrl: string) => [
        ...(session.view(new Map()).get(typeUrl) ?? Table.empty()).keys(),
      ];
      return {
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

test("a session that has nothing yet is not told that there is nothing", async () => {
  const { fault, open, write } = startMesh();
  fault.isBroken = true;
  write({ "two.yaml": tcp("two", 81) });
  const session = await open("late");
  expect(session.listeners).toThrow(FAULT);
});

test("of the tables of a session each has the one before in its place", () => {
  const faults: unknown[] = [];
  const kept = new KeptTables((fault) => faults.push(fault));
  const [first, second] = [Table.empty<EncodedResource>(), Table.empty<EncodedResource>()];
  expect(() => kept.insteadOf("a", FAULT)).toThrow(FAULT);
  for (const table of [first, second]) kept.keep("a", table);
  kept.keep("b", undefined);
  expect(kept.insteadOf("a", FAULT)).toBe(second);
  expect(kept.insteadOf("b", FAULT)).toBeUndefined();
  expect(faults).toEqual([FAULT, FAULT]);
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
    timers: fakeTimers(),
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
