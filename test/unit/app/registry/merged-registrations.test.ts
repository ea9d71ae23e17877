/** What control planes know of registered workloads, as one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { readTold, toldRegistration } from "../../../../src/app/peers/peer-messages.js";
import { PeerRegistrations } from "../../../../src/app/peers/peer-registrations.js";
import {
  openProxyRegistry,
  type ProxyRegistry,
} from "../../../../src/app/registry/proxy-registry.js";
import type { Registration } from "../../../../src/app/registry/registration.js";
import { Table } from "../../../../src/base/table/table.js";
import { type Proxy, parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { type FakeClock, fakeClock } from "../../base/fake-clock.js";

const GRACE_MS = 10_000;

function proxy(name: string, version = "v1"): Proxy {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const locality = { region: "", zone: "", subZone: "" };
  return parseNode({ id, metadata: { LABELS: { version } }, locality }) as Proxy;
}

const keyOf = (name: string): string => `${name}.default/default`;

/** A registry that keeps nothing. `ahead` is how far its clock is. */
function open(clock: FakeClock, ahead = 0): Promise<ProxyRegistry> {
  return openProxyRegistry({
    clock: {
      ...clock,
      now: () => clock.now() + ahead,
      at: (time, callback) => clock.at(time - ahead, callback),
    },
    graceMs: GRACE_MS,
    onError: () => undefined,
    storage: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
  });
}

/** The way from a registry to another, which is told when the test says so, and may break. */
function way(from: ProxyRegistry, to: ProxyRegistry, clock: FakeClock) {
  const registrations = new PeerRegistrations({
    clock,
    graceMs: GRACE_MS,
    onChange: to.addPeer(),
  });
  let told: Table<Registration> | undefined;
  return {
    deliver: (): boolean => {
      const isFirst = told === undefined;
      const changes = from.own().changesFrom(told ?? Table.empty());
      told = from.own();
      if (isFirst) registrations.begin("start");
      const message = readTold({
        registrations: changes.flatMap(({ after }) => (after && toldRegistration(after)) ?? []),
        removed: changes.flatMap(({ key, after }) => (after === undefined ? [key] : [])),
        complete: isFirst,
      });
      registrations.take(message);
      return isFirst || changes.length > 0;
    },
    breakOff: () => {
      told = undefined;
      registrations.lose();
    },
  };
}

async function openTwo(ahead = 0) {
  const clock = fakeClock();
  const [a, b] = [await open(clock), await open(clock, ahead)];
  const ways = [way(a, b, clock), way(b, a, clock)] as const;
  const deliverAll = (): void => {
    while (ways.map((one) => one.deliver()).some(Boolean));
  };
  deliverAll();
  return { clock, a, b, ways, deliverAll };
}

const known = (registry: ProxyRegistry) => ({
  proxies: registry.proxies().sorted(),
  health: registry.health().sorted(),
});

const HEALTHY = { healthy: true, reason: "" };
const UNHEALTHY = { healthy: false, reason: "no answer in time" };

test("a registration that is known to both changes nothing when it moves, not even the table", async () => {
  const { clock, a, b, deliverAll } = await openTwo();
  const leave = a.connect(proxy("x"));
  deliverAll();
  const [atA, atB] = [a.proxies(), b.proxies()];
  leave();
  b.connect(proxy("x"));
  deliverAll();
  await clock.turnTo(clock.now() + 2 * GRACE_MS);
  deliverAll();
  expect([a.proxies() === atA, b.proxies() === atB, atA.size, atB.size]).toEqual([
    ...[true, true, 1, 1],
  ]);
});

test("where a proxy is connected it is known best, whatever another says of it that it left", async () => {
  const { a, b, deliverAll } = await openTwo();
  const leave = a.connect(proxy("x", "v1"));
  b.connect(proxy("x", "v2"));
  deliverAll();
  leave();
  deliverAll();
  expect([a, b].map((one) => one.proxies().get(keyOf("x"))?.labels["version"])).toEqual([
    ...["v2", "v2"],
  ]);
});

test("of two that it says to be connected to the later counts, also by a clock that is behind", async () => {
  const { a, b, deliverAll } = await openTwo(-60_000);
  a.connect(proxy("x", "v1"));
  deliverAll();
  b.connect(proxy("x", "v2"));
  deliverAll();
  expect([a, b].map((one) => one.proxies().get(keyOf("x"))?.labels["version"])).toEqual([
    ...["v2", "v2"],
  ]);
});

test("what was said last of its health counts, wherever that was, also by a clock that is behind", async () => {
  const { a, b, deliverAll } = await openTwo(-60_000);
  a.connect(proxy("x"));
  a.report(proxy("x"), UNHEALTHY);
  deliverAll();
  b.report(proxy("x"), HEALTHY);
  deliverAll();
  expect([a, b].map((one) => one.healthOf(proxy("x")))).toEqual([HEALTHY, HEALTHY]);
});

test("its health goes with a workload that moves, and is forgotten with one that is gone", async () => {
  const { clock, a, b, deliverAll } = await openTwo();
  const leave = a.connect(proxy("x"));
  a.report(proxy("x"), HEALTHY);
  deliverAll();
  leave();
  const leaveAgain = b.connect(proxy("x"));
  deliverAll();
  await clock.turnTo(clock.now() + 2 * GRACE_MS);
  deliverAll();
  expect([a, b].map((one) => one.healthOf(proxy("x")))).toEqual([HEALTHY, HEALTHY]);
  leaveAgain();
  await clock.turnTo(clock.now() + 2 * GRACE_MS);
  deliverAll();
  expect([a, b].map((one) => [one.own().size, one.health().size, one.proxies().size])).toEqual([
    ...[
      [0, 0, 0],
      [0, 0, 0],
    ],
  ]);
});

test("who only told of its health does not keep a workload that left elsewhere", async () => {
  const { clock, a, b, deliverAll } = await openTwo();
  const leave = a.connect(proxy("x"));
  deliverAll();
  b.report(proxy("x"), UNHEALTHY);
  b.report(proxy("stranger"), UNHEALTHY);
  deliverAll();
  expect([a.healthOf(proxy("x")), b.own().size]).toEqual([UNHEALTHY, 1]);
  leave();
  await clock.turnTo(clock.now() + 2 * GRACE_MS);
  deliverAll();
  expect([a.proxies().size, b.proxies().size, b.own().size]).toEqual([0, 0, 0]);
});

const NAMES = ["x", "y", "z"] as const;
const AT = fc.constantFrom(0, 1);
const NAME = fc.constantFrom(...NAMES);

const EVENT = fc.oneof(
  fc.record({
    kind: fc.constant("connect"),
    at: AT,
    name: NAME,
    version: fc.constantFrom("v1", "v2"),
  }),
  fc.record({ kind: fc.constant("leave"), at: AT, name: NAME }),
  fc.record({ kind: fc.constant("report"), at: AT, name: NAME, healthy: fc.boolean() }),
  fc.record({ kind: fc.constant("deliver"), at: AT }),
  fc.record({ kind: fc.constant("break"), at: AT }),
  fc.record({ kind: fc.constant("turn"), ms: fc.constantFrom(1, 500, 4000, GRACE_MS) }),
);

test("whatever happens in whatever order, both come to the same, and what is connected is there", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(EVENT, { maxLength: 40 }),
      fc.constantFrom(-60_000, 0, 60_000),
      async (events, ahead) => {
        const { clock, a, b, ways, deliverAll } = await openTwo(ahead);
        const registries = [a, b] as const;
        const leaves = new Map<string, () => void>();
        for (const event of events) {
          if ("ms" in event) await clock.turnTo(clock.now() + event.ms);
          else if (event.kind === "deliver") ways[event.at === 0 ? 0 : 1].deliver();
          else if (event.kind === "break") ways[event.at === 0 ? 0 : 1].breakOff();
          else if ("name" in event) {
            const registry = registries[event.at === 0 ? 0 : 1];
            const key = `${event.at} ${event.name}`;
            if ("version" in event) {
              const last = leaves.get(key);
              leaves.set(key, registry.connect(proxy(event.name, event.version)));
              last?.();
            } else if ("healthy" in event) {
              registry.report(proxy(event.name), { healthy: event.healthy, reason: "" });
            } else {
              leaves.get(key)?.();
              leaves.delete(key);
            }
          }
        }
        deliverAll();
        expect(known(a)).toEqual(known(b));
        await clock.turnTo(clock.now() + 2 * GRACE_MS);
        deliverAll();
        expect(known(a)).toEqual(known(b));
        const connected = new Set([...leaves.keys()].map((key) => keyOf(key.slice(2))));
        expect(
          a
            .proxies()
            .sorted()
            .map(([key]) => key),
        ).toEqual([...connected].sort());
        for (const one of registries) await one.close();
      },
    ),
    { numRuns: 300 },
  );
});
