/** What is known of other control planes over a restart, and what is told of them. */
import { expect, test } from "vitest";
import type { PeerCallListener } from "../../../../src/app/peers/peer-follower.js";
import { toldRegistration } from "../../../../src/app/peers/peer-messages.js";
import { openPeers } from "../../../../src/app/peers/peers.js";
import type { Registration } from "../../../../src/app/registry/registration.js";
import { Table } from "../../../../src/base/table/table.js";
import { CallRefused } from "../../../../src/grpc/call-refused.js";
import { status } from "../../../../src/grpc/status-code.js";
import { type Proxy, parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { fakeClock } from "../../base/fake-clock.js";

const GRACE_MS = 10_000;
const ADDRESS = "10.0.0.3:15012";

function registration(name: string): Registration {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const locality = { region: "", zone: "", subZone: "" };
  const proxy = parseNode({ id, metadata: {}, locality }) as Proxy;
  const health = { healthy: true, reason: "", at: 7 };
  return { proxy, presence: "connected", since: 7, health };
}

async function open(saved?: string) {
  const clock = fakeClock();
  const listeners: PeerCallListener[] = [];
  const writes: string[] = [];
  let known = Table.empty<Registration>();
  const peers = await openPeers({
    clock,
    graceMs: GRACE_MS,
    random: () => 0,
    addresses: [ADDRESS],
    ownStart: "own",
    call: (_address, listener) => {
      listeners.push(listener);
      return () => undefined;
    },
    registry: {
      addPeer: () => (registrations) => {
        known = registrations;
      },
    },
    storage: {
      load: () => Promise.resolve(saved),
      save: (text) => {
        writes.push(text);
        return Promise.resolve();
      },
    },
    onStatus: () => undefined,
    onUnread: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  return { clock, peers, listeners, writes, known: () => known };
}

const answer = (...names: string[]) => ({
  controlPlane: { start: "other" },
  registrations: names.flatMap((name) => toldRegistration(registration(name)) ?? []),
  complete: true,
});

test("what others told is known at once after a restart, until they tell it again", async () => {
  const first = await open();
  first.listeners[0]?.onMessage(answer("a", "b"));
  await first.peers.close();
  const [text] = first.writes;
  const second = await open(text);
  expect([...second.known().values()].map(({ proxy, presence }) => [proxy.id, presence])).toEqual(
    expect.arrayContaining([
      ["a.default", "left"],
      ["b.default", "left"],
    ]) as unknown,
  );
  expect(second.known().get("a.default/default")?.health).toMatchObject({ healthy: true });
  second.listeners[0]?.onMessage(answer("b"));
  expect([...second.known().keys()]).toEqual(["b.default/default"]);
  await second.peers.close();
});

test.each([undefined, "", "{", "[]", '{"10.0.0.3:15012":{"start":1}}'])(
  "of what was kept as %s nothing is known, and others are asked",
  async (saved) => {
    const { known, listeners, peers } = await open(saved);
    expect([known().size, listeners.length]).toEqual([0, 1]);
    await peers.close();
  },
);

test("one that is not followed is told of once what it had is forgotten, until it is followed", async () => {
  const { clock, peers, listeners } = await open();
  const told: string[] = [];
  peers.onChange(({ newDiagnostics, clearedDiagnostics }) => {
    told.push(...newDiagnostics.map(({ code }) => code));
    told.push(...clearedDiagnostics.map(({ code }) => `no ${code}`));
  });
  listeners[0]?.onEnd(new CallRefused(status.UNAVAILABLE, "gone"));
  await peers.settled;
  expect(peers.diagnostics()).toEqual([]);
  await clock.turnTo(clock.now() + GRACE_MS);
  expect(told).toEqual(["peer-not-followed"]);
  expect(peers.diagnostics()[0]?.message).toMatch(
    /^the control plane at 10\.0\.0\.3:15012 .*: gone$/,
  );
  listeners.at(-1)?.onMessage(answer());
  expect([told.at(-1), peers.diagnostics()]).toEqual(["no peer-not-followed", []]);
  await peers.close();
});
