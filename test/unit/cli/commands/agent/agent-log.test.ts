import pino from "pino";
import { expect, test } from "vitest";
import type { AgentEvent } from "../../../../../src/agent/agent.js";
import { agentLog } from "../../../../../src/cli/commands/agent/agent-log.js";
import { fakeAuthority } from "../../../agent/fake-authority.js";

const WANTED = { namespace: "default", serviceAccount: "payments" };

/** The line that an event comes to. */
function lineOf(event: AgentEvent, tokenFile?: string): Record<string, unknown> {
  let line = "{}";
  const logger = pino({ base: null, timestamp: false }, { write: (text: string) => (line = text) });
  agentLog(logger, { wanted: WANTED, controlPlane: "mesh:15012", tokenFile })(event);
  return JSON.parse(line) as Record<string, unknown>;
}

const waiting = { kind: "waiting", reason: "why", retryInMs: 1000, needsToken: false } as const;

test("who only has to wait is told what for", () => {
  expect(lineOf(waiting, "/token")).toEqual({
    ...{ level: 40, reason: "why", retryInMs: 1000 },
    msg: "mesh:15012 has not certified the key yet",
  });
});

test("who has to do something is told what, and where", () => {
  const ended = Date.UTC(2030, 0, 1);
  expect(lineOf({ ...waiting, needsToken: true, ended }, "/token")).toMatchObject({
    msg: "the certificate ended at 2030-01-01T00:00:00.000Z, and a new join token is needed",
    todo: "make one with `fairlead token create --service-account default/payments`, and write it to /token",
  });
  expect(lineOf({ ...waiting, needsToken: true })).toMatchObject({
    todo: expect.stringContaining("and start the agent with --token-file"),
  });
});

test("a certificate that cannot be written is told with the reason, as no fault of the control plane", () => {
  expect(lineOf({ kind: "unkept", reason: "no space", retryInMs: 1000 })).toEqual({
    ...{ level: 50, reason: "no space", retryInMs: 1000 },
    msg: "a new certificate cannot be kept yet",
  });
});

test("a certificate is told by whose it is and its end, without the key", async () => {
  const identity = await (await fakeAuthority()).issue();
  const line = lineOf({ kind: "certified", by: "token", identity });
  expect(line).toEqual({
    ...{ level: 30, msg: "a new certificate is kept", by: "token" },
    identity: "spiffe://cluster.local/ns/default/sa/payments",
    until: new Date(identity.notAfter).toISOString(),
  });
});

test.each<[AgentEvent, string, number]>([
  [{ kind: "envoy", state: { phase: "starting" } }, "Envoy starts", 30],
  [{ kind: "health", health: { status: "healthy", reason: "" } }, "the application is healthy", 30],
  [
    { kind: "health", health: { status: "late", reason: "why" } },
    "the application is not healthy",
    40,
  ],
  [
    { kind: "not-reported", reason: "why", retryInMs: 1000 },
    "the control plane is not told how the application is",
    40,
  ],
  [{ kind: "envoy", state: { phase: "ready", startMs: 1.4 } }, "Envoy is ready", 30],
  [
    { kind: "envoy", state: { phase: "failed", reason: "why", retryInMs: 500 } },
    "Envoy is started again",
    50,
  ],
  [{ kind: "envoy", state: { phase: "stopped" } }, "Envoy has ended", 30],
  [{ kind: "draining", drainMs: 5000 }, "Envoy ends its connections", 30],
  [{ kind: "not-drained", reason: "why" }, "Envoy ends without ending its connections first", 40],
  [{ kind: "useless", reason: "why" }, "the certificate that is kept is of no use", 40],
])("of %j it is said: %s", (event, msg, level) => {
  expect(lineOf(event)).toMatchObject({ msg, level });
});
