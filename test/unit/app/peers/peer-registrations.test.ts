/** What is known of what registered itself at another control plane, while that comes and goes. */
import { expect, test } from "vitest";
import type { ToldRegistrations } from "../../../../src/app/peers/peer-messages.js";
import {
  PeerRegistrations,
  type RememberedPeer,
} from "../../../../src/app/peers/peer-registrations.js";
import type { Registration } from "../../../../src/app/registry/registration.js";
import { Table } from "../../../../src/base/table/table.js";
import { type Proxy, parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { fakeClock } from "../../base/fake-clock.js";

const GRACE_MS = 10_000;

function registration(name: string, changed: Partial<Registration> = {}): Registration {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const locality = { region: "", zone: "", subZone: "" };
  const proxy = parseNode({ id, metadata: {}, locality }) as Proxy;
  return { proxy, presence: "connected", since: 1, ...changed };
}

const told = (
  names: readonly string[],
  changed: Partial<ToldRegistrations> = {},
): ToldRegistrations => ({
  registrations: names.map((name) => [name, registration(name)]),
  removed: [],
  isComplete: true,
  unread: 0,
  ...changed,
});

function open(remembered?: RememberedPeer) {
  const clock = fakeClock();
  const changes: (readonly string[])[] = [];
  const registrations = new PeerRegistrations({
    clock,
    graceMs: GRACE_MS,
    ...(remembered && { remembered }),
    onChange: (all) => changes.push([...all.keys()].sort()),
  });
  const names = (): readonly string[] => [...registrations.all.keys()].sort();
  return { clock, changes, registrations, names };
}

test("what is told in several messages is in force when it is complete, and then message by message", () => {
  const { changes, registrations } = open();
  registrations.begin("one");
  registrations.take(told(["a"], { isComplete: false }));
  registrations.take(told(["b"]));
  registrations.take(told(["c"], { isComplete: false, removed: ["a"] }));
  expect(changes).toEqual([
    ["a", "b"],
    ["b", "c"],
  ]);
});

test("what is not heard any more stays for the grace time as what left, and goes then", async () => {
  const { clock, registrations, names } = open();
  registrations.begin("one");
  registrations.take(told(["a"]));
  registrations.lose();
  expect(registrations.all.get("a")?.presence).toBe("left");
  await clock.turnTo(clock.now() + GRACE_MS - 1);
  expect(names()).toEqual(["a"]);
  await clock.turnTo(clock.now() + 1);
  expect(names()).toEqual([]);
});

test("calls that come to nothing do not lengthen the grace time", async () => {
  const { clock, registrations, names } = open();
  registrations.begin("one");
  registrations.take(told(["a"]));
  registrations.lose();
  for (let second = 0; second < 10; second++) {
    registrations.begin("two");
    registrations.take(told(["b"], { isComplete: false }));
    registrations.lose();
    await clock.turnTo(clock.now() + 1000);
  }
  expect(names()).toEqual([]);
});

test("the same control plane knows what is gone when it is heard again", () => {
  const { changes, registrations } = open();
  registrations.begin("one");
  registrations.take(told(["a", "b"]));
  registrations.lose();
  registrations.begin("one");
  registrations.take(told(["b"]));
  expect(changes.at(-1)).toEqual(["b"]);
});

test("one that was started anew takes nothing away before its proxies had time to come back to it", async () => {
  const { clock, registrations, names } = open();
  registrations.begin("one");
  registrations.take(told(["a", "b"]));
  registrations.lose();
  registrations.begin("two");
  registrations.take(told([]));
  expect(names()).toEqual(["a", "b"]);
  registrations.take(told(["b"]));
  await clock.turnTo(clock.now() + GRACE_MS);
  expect(names()).toEqual(["b"]);
  expect(registrations.all.get("b")?.presence).toBe("connected");
});

test("what was known before the start is known until the grace time is over, or the same one is heard", async () => {
  const remembered = {
    start: "one",
    registrations: Table.from([["a", registration("a", { presence: "left", since: 0 })]]),
  };
  const first = open(remembered);
  expect(first.names()).toEqual(["a"]);
  await first.clock.turnTo(first.clock.now() + GRACE_MS);
  expect(first.names()).toEqual([]);

  const second = open(remembered);
  second.registrations.begin("one");
  second.registrations.take(told(["b"]));
  expect(second.names()).toEqual(["b"]);
});

test("more than a control plane can have is not taken", () => {
  const { registrations, changes } = open();
  registrations.begin("one");
  const one = registration("a");
  const many = (from: number): ToldRegistrations =>
    told([], {
      registrations: Array.from({ length: 10_001 }, (_, i) => [`a${from + i}`, one] as const),
      isComplete: false,
    });
  expect([registrations.take(many(0)), registrations.take(many(20_000))]).toEqual([true, false]);
  expect(changes).toEqual([]);
});
