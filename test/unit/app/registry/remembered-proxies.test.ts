/** Who comes back is given the object that stood for him. */
import { expect, test } from "vitest";
import { createRememberedProxies } from "../../../../src/app/registry/remembered-proxies.js";
import type { ConnectedProxy } from "../../../../src/envoy/proxy/connected-proxy.js";
import { type Proxy, parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { fakeClock } from "../../base/fake-clock.js";

const KEEP_MS = 60_000;

function proxy(id: string, labels: Readonly<Record<string, string>> = {}): ConnectedProxy {
  const parsed = parseNode({
    id,
    metadata: { LABELS: labels },
    locality: { region: "", zone: "", subZone: "" },
  });
  return { proxy: parsed as Proxy, controlPlane: undefined };
}

const A = "sidecar~10.0.0.1~a.default~default.svc.cluster.local";
const B = "sidecar~10.0.0.2~b.default~default.svc.cluster.local";

/** Remembered proxies, and a clock that the test moves. */
function remember() {
  let forgotten = 0;
  const clock = fakeClock();
  const remembered = createRememberedProxies(clock, () => {
    forgotten += 1;
  });
  return { remembered, pass: clock.pass, forgotten: () => forgotten };
}

test("one that comes back, or comes twice, is the same object", () => {
  const { remembered, pass } = remember();
  const first = remembered.hold(proxy(A));
  expect(remembered.hold(proxy(A)).connected).toBe(first.connected);
  first.release();
  pass(KEEP_MS);
  expect(remembered.hold(proxy(A)).connected).toBe(first.connected);
});

test("others, and one with other labels, are other objects", () => {
  const { remembered } = remember();
  const { connected } = remembered.hold(proxy(A));
  expect(remembered.hold(proxy(B)).connected).not.toBe(connected);
  expect(remembered.hold(proxy(A, { app: "a" })).connected).not.toBe(connected);
});

test("one that has not been there for a while is forgotten", () => {
  const { remembered, pass, forgotten } = remember();
  const first = remembered.hold(proxy(A));
  const again = remembered.hold(proxy(A));
  first.release();
  pass(KEEP_MS);
  expect(forgotten()).toBe(0);
  again.release();
  pass(KEEP_MS);
  expect(forgotten()).toBe(1);
  expect(remembered.hold(proxy(A)).connected).not.toBe(first.connected);
});
