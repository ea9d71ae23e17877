/** When an Envoy is told to check the application beside it. */
import { expect, test } from "vitest";
import { createHealthSessions } from "../../../../src/app/sessions/health-sessions.js";
import { createProvedStreams } from "../../../../src/app/sessions/proved-streams.js";
import { proved } from "../../../../src/ca/caller/proof.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { Health } from "../../../../src/mesh/workload/health-probe.js";
import type { OpenHealthRequest } from "../../../../src/xds/health/health-session.js";
import { fakeClock } from "../../base/fake-clock.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const GROUP = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms }
spec: { template: {}, probe: { initialDelaySeconds: 30, tcpSocket: { port: 80 } } }
`;

const LIFETIME_MS = 100_000;

const groupOf = (text: string) =>
  parseOffline([{ path: "group.yaml", text }]).tables.WorkloadGroup.get("default/vms");

const encoder = goldenEncoder();

/** Opens a session of a proxy of whose application this is known. */
async function open(known?: Health, text = GROUP) {
  const group = groupOf(text);
  const clock = fakeClock();
  const proof = proved({
    ...{ trustDomain: "cluster.local", namespace: "default", serviceAccount: "default" },
    ...{ method: "certificate", evidence: "1", expiresAt: clock.now() + LIFETIME_MS },
  });
  const streams = createProvedStreams(clock);
  const reported: Health[] = [];
  const sessions = createHealthSessions({
    ...{ streams, clock, encoder },
    authenticate: () => Promise.resolve({ kind: "proved", proof }),
    onRefused: () => undefined,
    groupOf: () => group,
    healthOf: () => known,
    report: (_proxy, health) => reported.push(health),
  });
  const told: number[] = [];
  const refused: string[] = [];
  const session = await sessions.open({
    node: { id: "sidecar~10.0.0.7~vm-1.default~default.svc.cluster.local" },
    peer: { authorization: [], address: "", name: "", isEncrypted: true },
    refuse: ({ message }: Error) => refused.push(message),
    onChange: () => told.push(session.checks()?.length ?? 0),
  } as unknown as OpenHealthRequest);
  return { clock, session, told, refused, streams, reported };
}

test("a new application is given the time that its probe waits", async () => {
  const { clock, session, told } = await open();
  expect(session.checks()).toBeUndefined();
  await clock.turnTo(clock.now() + 29_999);
  expect(told).toEqual([]);
  await clock.turnTo(clock.now() + 1);
  expect(told).toEqual([session.checks()?.length]);
});

test("one that something is known of is checked at once", async () => {
  const { session } = await open({ healthy: true, reason: "" });
  expect(session.checks()).toBeDefined();
});

test("one whose proxy is gone waits no more", async () => {
  const { clock, session, told, refused } = await open();
  session.checks();
  session.closed();
  await clock.turnTo(clock.now() + LIFETIME_MS);
  expect([told, refused]).toEqual([[], []]);
});

test("a stream lasts as long as its proof", async () => {
  const { clock, refused } = await open();
  await clock.turnTo(clock.now() + LIFETIME_MS);
  expect(refused).toEqual([expect.stringContaining("has expired") as string]);
});

test("a stream ends when the certificate that opened it is revoked", async () => {
  const { streams, refused } = await open();
  streams.endRevoked((serialNumber) => serialNumber === "2");
  expect(refused).toEqual([]);
  streams.endRevoked((serialNumber) => serialNumber === "1");
  expect(refused).toEqual([expect.stringContaining("is revoked") as string]);
});

const BY_COMMAND = GROUP.replace(/tcpSocket.*/, "exec: { command: [check] } } }");

test("a command is run by an agent, and neither is its Envoy told to ask, nor believed", async () => {
  const { session, clock, reported } = await open(undefined, BY_COMMAND);
  await clock.turnTo(clock.now() + LIFETIME_MS - 1);
  expect(session.checks()).toBeUndefined();
  session.reported([{ cluster: "workload-probe", status: 1 }]);
  expect(reported).toEqual([]);
  session.reported([{ cluster: "workload-command", status: 1 }]);
  session.reported([{ cluster: "workload-command", status: 2 }]);
  session.reported([{ cluster: "workload-command", status: 4 }]);
  expect(reported).toEqual([
    { healthy: true, reason: "" },
    { healthy: false, reason: "no right answer" },
    { healthy: false, reason: "no answer in time" },
  ]);
});

test("what an agent says that runs a command is not believed where there is another probe", async () => {
  const { session, reported } = await open();
  session.reported([{ cluster: "workload-command", status: 1 }]);
  expect(reported).toEqual([]);
});
