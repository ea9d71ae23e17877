import { expect, test } from "vitest";
import type { ConnectedSession } from "../../../../src/app/sessions/proxy-sessions.js";
import { proxyStatuses } from "../../../../src/app/sessions/proxy-status.js";
import { parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { TYPE_URL } from "../../../../src/xds/resource.js";
import type { StreamStatus, TypeStatus } from "../../../../src/xds/state/status/stream-status.js";

const ID = "payments-0.default";

function session(): ConnectedSession {
  const proxy = parseNode({
    id: `sidecar~10.0.0.1~${ID}~default.svc.cluster.local`,
    metadata: { NAMESPACE: "default" },
    locality: { region: "", zone: "", subZone: "" },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const facts = { envoyVersion: "1.40.0", adminAddress: "" };
  return { connected: { proxy, controlPlane: undefined }, proof: undefined, facts };
}

function type(typeUrl: string, status: Partial<TypeStatus> = {}): TypeStatus {
  return {
    typeUrl,
    wildcard: true,
    names: 0,
    unjudged: 0,
    resumedAt: undefined,
    lastSent: undefined,
    lastAcked: undefined,
    lastNacked: undefined,
    quarantined: [],
    ...status,
  };
}

function statusOf(...types: readonly TypeStatus[]): unknown {
  const stream: StreamStatus = {
    stream: "1",
    session: ID,
    protocol: "delta",
    openedAt: 0,
    types,
  };
  return proxyStatuses([stream], [session()])[0];
}

const SENT = { nonce: "1", version: "a", at: 0 };
const TAKEN = { lastSent: SENT, lastAcked: SENT };

test("a proxy that has accepted its clusters and listeners is synced", () => {
  const status = statusOf(type(TYPE_URL.cluster, TAKEN), type(TYPE_URL.listener, TAKEN));
  expect(status).toMatchObject({ id: ID, address: "10.0.0.1", type: "sidecar", synced: true });
});

test("a proxy that came back with all that it should hold is synced, although nothing is sent to it", () => {
  const status = statusOf(type(TYPE_URL.cluster), type(TYPE_URL.listener));
  expect(status).toMatchObject({ synced: true });
});

test("a proxy that has not asked for listeners yet is not synced", () => {
  expect(statusOf(type(TYPE_URL.cluster, TAKEN))).toMatchObject({ synced: false });
});

test("a proxy that has not answered to its routes yet is not synced", () => {
  const status = statusOf(
    type(TYPE_URL.cluster, TAKEN),
    type(TYPE_URL.listener, TAKEN),
    type(TYPE_URL.route, { lastSent: SENT, unjudged: 1 }),
  );
  expect(status).toMatchObject({ synced: false });
});

test("a proxy that refused something goes on, and its words are told", () => {
  const lastNacked = { ...SENT, error: "no such filter" };
  const quarantined = [
    {
      name: "0.0.0.0_80",
      version: "a",
      error: "no such filter",
      at: 0,
      acceptedVersion: undefined,
    },
  ];
  const status = statusOf(
    type(TYPE_URL.cluster, TAKEN),
    type(TYPE_URL.listener, { lastSent: SENT, lastNacked, quarantined }),
  );
  expect(status).toMatchObject({ synced: true, lastNack: "no such filter" });
});
