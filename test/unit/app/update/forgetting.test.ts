/** What was made for proxies goes with them. */
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Node } from "../../../../gen/types/envoy/config/core/v3/base_pb.js";
import {
  createMeshSessions,
  type MeshSessionsOptions,
} from "../../../../src/app/sessions/mesh-sessions.js";
import { createForgetting } from "../../../../src/app/update/forgetting.js";
import { createUpdateLoop } from "../../../../src/app/update/update-loop.js";
import { Table } from "../../../../src/base/table/table.js";
import type { Proxy } from "../../../../src/mesh/proxy/proxy.js";
import type { Session } from "../../../../src/xds/session.js";
import { fakeClock } from "../../base/fake-clock.js";
import { createDirectory } from "../../config/directory.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const KEPT_MS = 60_000;
const PAUSE_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Sessions on the plaintext port, where nobody proves anything, and who was left when others were forgotten. */
function openDoor() {
  const encoder = goldenEncoder();
  const nodeSchema = encoder.registry.getMessage("envoy.config.core.v3.Node");
  if (nodeSchema === undefined) throw new TypeError("Envoy's API has no Node");
  const snapshot = createDirectory().write({});
  const left: (readonly string[])[] = [];
  const options = {
    configuration: { snapshot: () => snapshot, onSnapshot: () => undefined },
    discovery: {
      forgetOthers: (proxies: Iterable<Proxy>) => {
        left.push([...proxies].map(({ id }) => id));
      },
    },
    encoder,
    identity: { authenticate: () => Promise.resolve({ kind: "anonymous" }) },
    registry: {},
    onFault: () => undefined,
    onStranger: () => undefined,
  } as unknown as MeshSessionsOptions;
  const { proxies } = createMeshSessions(options);
  const open = async (name: string): Promise<Session> => {
    const address = "10.0.0.1";
    return proxies.open({
      node: create(nodeSchema, { id: idOf(name) }) as unknown as Node,
      peer: {
        ...{ address, name: `${address}:9`, isEncrypted: false },
        ...{ authorization: [], certificate: undefined },
      },
      protocol: "delta",
      refuse: () => undefined,
    });
  };
  return { left, open };
}

const idOf = (name: string): string => `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;

test("what was made for proxies that left is forgotten, once for all of them, also when they proved nothing", async () => {
  const { left, open } = openDoor();
  await open("stays");
  for (const name of ["a", "b", "c"]) (await open(name)).closed();
  vi.advanceTimersByTime(KEPT_MS + PAUSE_MS);
  expect(left).toEqual([["stays.default"]]);
});

test("nothing is forgotten of a proxy that came back", async () => {
  const { left, open } = openDoor();
  (await open("a")).closed();
  await open("a");
  vi.advanceTimersByTime(KEPT_MS + PAUSE_MS);
  expect(left).toEqual([]);
});

test("what is used is looked for no more often than after a pause, however often it changes", async () => {
  const clock = fakeClock();
  let looks = 0;
  const { soon } = createForgetting(clock, () => {
    looks += 1;
  });
  for (let ms = 0; ms < 60_000; ms += 100) {
    soon();
    await clock.turnTo(clock.now() + 100);
  }
  expect(looks).toBe(60_000 / PAUSE_MS);
});

test("what was made for proxies as they were is forgotten after each change of the mesh", () => {
  let asked = 0;
  const soon = (): void => {
    asked += 1;
  };
  const nothing = (): void => undefined;
  const none = () => Table.empty<never>();
  const loop = createUpdateLoop({
    discovery: { update: ({ federated = [] }) => federated.length < 2 },
    snapshot: createDirectory().write({}),
    ...{ standIns: [], federated: [], clock: fakeClock(), forgetting: { soon } },
    ...{ issuerKeys: none, wasmModules: none, proxies: none, health: none },
    ...{ publish: nothing, onUpdate: nothing, onComputed: nothing, onFault: nothing },
  });
  loop.setFederated(["a"]);
  expect(asked).toBe(2);
  loop.setFederated(["a", "b"]);
  expect(asked).toBe(2);
});
