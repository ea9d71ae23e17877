import { expect, test } from "vitest";
import { createQuarantine } from "../../../../src/app/refused/quarantine.js";
import type { Update } from "../../../../src/app/update/update.js";
import type { Quarantined, StreamStatus } from "../../../../src/xds/state/status/stream-status.js";
import { fakeClock } from "../../base/fake-clock.js";
import { createDirectory } from "../../config/directory.js";

test("the longer it takes to look at what is refused, the more rarely that is done", async () => {
  const clock = fakeClock(0);
  let spent = 0;
  const now = (): number => clock.now() + spent;
  const { observer } = createQuarantine({
    streams: () => {
      spent = 200;
      return [];
    },
    wanted: () => undefined,
    snapshot: () => createDirectory().write({}),
    onChange: () => undefined,
    onCounts: () => undefined,
    clock: { ...clock, now, after: (ms, callback) => clock.at(now() + ms, callback) },
  });
  const name = { stream: "s", session: "a", protocol: "delta" } as const;
  const refuse = (): void => {
    observer.nacked({ ...name, typeUrl: "t", nonce: "1", ms: 1, error: "no", names: [] });
  };
  refuse();
  expect(clock.due()).toEqual([100]);
  await clock.turnTo(100);
  refuse();
  expect(clock.due()).toEqual([100 + 200 + 2000]);
});

const CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

const refusal = (name: string, error: string): Quarantined => ({
  name,
  version: "1",
  error,
  at: 0,
  acceptedVersion: undefined,
});

/** Of a proxy that refused something before. */
const stream = (session: string, quarantined: readonly Quarantined[]): StreamStatus => ({
  stream: session,
  session,
  protocol: "delta",
  openedAt: 0,
  types: [
    {
      typeUrl: CLUSTER,
      wildcard: true,
      names: 0,
      unjudged: 0,
      resumedAt: undefined,
      lastSent: undefined,
      lastAcked: undefined,
      lastNacked: { nonce: "1", version: "1", at: 0, error: "no" },
      quarantined,
    },
  ],
});

/** What is told of streams, which are looked at whenever something is refused. */
function watched(streams: () => readonly StreamStatus[]) {
  const clock = fakeClock(0);
  const told: Update[] = [];
  const quarantine = createQuarantine({
    streams,
    wanted: () => undefined,
    snapshot: () => createDirectory().write({}),
    onChange: (update) => told.push(update),
    onCounts: () => undefined,
    clock: clock,
  });
  const refuse = (): void => {
    const name = { stream: "s", session: "a", protocol: "delta" } as const;
    quarantine.observer.nacked({
      ...name,
      typeUrl: CLUSTER,
      nonce: "1",
      ms: 1,
      error: "",
      names: [],
    });
  };
  return { clock, told, quarantine, refuse };
}

test("of many resources that proxies refuse it is told how many more there are, and always of the same", () => {
  const refused = Array.from({ length: 1000 }, (_, i) => refusal(`c${i}`, "no"));
  let status = stream("a", refused);
  const { quarantine, refuse } = watched(() => [status]);
  refuse();
  const [more, ...others] = quarantine.list();
  expect(more).toEqual({
    severity: "error",
    code: "refused-by-proxy",
    message: "proxies refuse 900 more resources",
  });
  expect(others).toHaveLength(100);
  status = stream("a", refused.toReversed());
  expect(quarantine.list().slice(1)).toEqual(others);
});

test("what is told of a refusal is no longer than the words of the proxy, and moves no cursor", () => {
  const long = "x".repeat(100_000);
  const sessions = Array.from({ length: 5 }, (_, i) => `${i}${long}`);
  const { quarantine, refuse } = watched(() =>
    sessions.map((session) => stream(session, [refusal(long, "no\u001b[2J")])),
  );
  refuse();
  const message = quarantine.list()[0]?.message ?? "";
  expect(message.length).toBeLessThan(1000);
  expect(message).toMatch(/ and 2 more refuse CDS x+\.\.\., and go on .*: no\ufffd\[2J$/);
});

test("proxies that refuse anew in other words all the time do not have it told at their speed", async () => {
  let round = 0;
  const names = Array.from({ length: 100 }, (_, i) => `c${i}`);
  const { clock, told, refuse } = watched(() => [
    stream(
      "a",
      names.map((name) => refusal(name, String(round))),
    ),
  ]);
  const seconds = 600;
  for (; round < seconds * 10; round++) {
    refuse();
    await clock.turnTo(round * 100);
  }
  const count = told.reduce((sum, { newDiagnostics }) => sum + newDiagnostics.length, 0);
  expect(count).toBeGreaterThan(1000);
  expect(count).toBeLessThanOrEqual(1000 + seconds + names.length);
});

test("what a proxy refused before is told of when it is in force again, though nothing is sent then", async () => {
  let refused = [refusal("c", "no")];
  const { clock, told, quarantine, refuse } = watched(() => [stream("a", refused)]);
  refuse();
  await clock.turnTo(100);
  for (const [at, next] of [
    [200, []],
    [300, [refusal("c", "no")]],
  ] as const) {
    refused = [...next];
    quarantine.lookSoon();
    await clock.turnTo(at);
  }
  expect(told.map((one) => [one.newDiagnostics.length, one.clearedDiagnostics.length])).toEqual([
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
});

test("as long as nobody refused anything nothing is looked at", () => {
  const { clock, quarantine } = watched(() => []);
  quarantine.lookSoon();
  expect(clock.due()).toEqual([]);
});
