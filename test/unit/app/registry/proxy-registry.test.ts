/** What is kept of the proxies, and when. */
import { expect, test } from "vitest";
import { openProxyRegistry } from "../../../../src/app/registry/proxy-registry.js";
import { type Proxy, parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { fakeClock } from "../../base/fake-clock.js";

const GRACE_MS = 10_000;

function proxy(name: string, serviceAccount = "default"): Proxy {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const locality = { region: "", zone: "", subZone: "" };
  return parseNode({ id, metadata: { SERVICE_ACCOUNT: serviceAccount }, locality }) as Proxy;
}

/** A registry over a storage whose writes end when the test says so. */
async function open() {
  const clock = fakeClock();
  const writes: { readonly text: string; readonly end: (error?: Error) => void }[] = [];
  const errors: unknown[] = [];
  const registry = await openProxyRegistry({
    clock,
    graceMs: GRACE_MS,
    onError: (error) => errors.push(error),
    storage: {
      load: () => Promise.resolve(undefined),
      save: (text) =>
        new Promise((resolve, reject) => {
          const end = (error?: Error): void => {
            if (error === undefined) resolve();
            else reject(error);
          };
          writes.push({ text, end });
        }),
    },
  });
  return { clock, registry, writes, errors };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("its end waits for what is being written", async () => {
  const { clock, registry, writes } = await open();
  registry.connect(proxy("a"));
  await clock.turnTo(clock.now() + 1000);
  let closed = false;
  const close = registry.close().then(() => (closed = true));
  await turn();
  expect([writes.length, closed]).toEqual([1, false]);
  writes[0]?.end();
  await close;
  expect(writes).toHaveLength(1);
});

test("its end writes what is not written yet, after what is being written", async () => {
  const { clock, registry, writes } = await open();
  registry.connect(proxy("a"));
  await clock.turnTo(clock.now() + 1000);
  registry.connect(proxy("b"));
  const close = registry.close();
  await turn();
  expect(writes).toHaveLength(1);
  writes[0]?.end();
  await turn();
  expect(writes.map(({ text }) => (JSON.parse(text) as Proxy[]).length)).toEqual([1, 2]);
  writes[1]?.end();
  await close;
});

test("a stream whose end is seen after its own takes nothing from what the next control plane saves", async () => {
  const { clock, registry, writes } = await open();
  const disconnect = registry.connect(proxy("a"));
  await clock.turnTo(clock.now() + 1000);
  writes[0]?.end();
  await registry.close();
  disconnect();
  await clock.turnTo(clock.now() + GRACE_MS + 1000);
  expect(writes).toHaveLength(1);
});

test("a write that fails is told, and the next one is tried", async () => {
  const { clock, registry, writes, errors } = await open();
  registry.connect(proxy("a"));
  await clock.turnTo(clock.now() + 1000);
  writes[0]?.end(new Error("full"));
  await turn();
  registry.connect(proxy("b"));
  await clock.turnTo(clock.now() + 1000);
  writes[1]?.end();
  await registry.close();
  expect(errors).toEqual([new Error("full")]);
  expect(writes).toHaveLength(2);
});

test("it knows again what was saved, also of what a proxy says of its settings", async () => {
  const saved: readonly Proxy[] = [
    proxy("a"),
    {
      ...proxy("b"),
      gatewayTopology: { numTrustedProxies: 1, proxyProtocol: {} },
      proxyHeaders: { server: { disabled: true } },
    },
  ];
  const registry = await openProxyRegistry({
    clock: fakeClock(),
    graceMs: GRACE_MS,
    onError: () => undefined,
    storage: {
      load: () => Promise.resolve(JSON.stringify(saved)),
      save: () => Promise.resolve(),
    },
  });
  expect(
    registry
      .proxies()
      .sorted()
      .map(([, one]) => one),
  ).toEqual(saved);
  await registry.close();
});

test("what was said of an application is told, saved and known again, as long as its proxy is", async () => {
  const { clock, registry, writes } = await open();
  const leave = registry.connect(proxy("a"));
  const changes: number[] = [];
  registry.onChange(() => changes.push(registry.health().size));
  const unhealthy = { healthy: false, reason: "no answer in time" };
  for (const name of ["a", "a", "stranger"]) registry.report(proxy(name), unhealthy);
  expect(changes).toEqual([1]);
  expect(registry.healthOf(proxy("a"))).toEqual(unhealthy);
  await clock.turnTo(clock.now() + 1000);
  const again = await openProxyRegistry({
    clock,
    graceMs: GRACE_MS,
    onError: () => undefined,
    storage: {
      load: () => Promise.resolve(writes[0]?.text),
      save: () => Promise.resolve(),
    },
  });
  expect(again.healthOf(proxy("a"))).toEqual(unhealthy);
  expect([...again.proxies().values()]).toEqual([proxy("a")]);
  leave();
  await clock.turnTo(clock.now() + GRACE_MS);
  expect([registry.health().size, again.health().size]).toEqual([0, 0]);
});

test("a proxy with the name of another service account's takes nothing from that, and says nothing of it", async () => {
  const { clock, registry } = await open();
  registry.connect(proxy("a", "orders"));
  const leave = registry.connect(proxy("a", "payments"));
  registry.report(proxy("a", "payments"), { healthy: false, reason: "so it says" });
  expect([...registry.proxies().values()]).toHaveLength(2);
  expect(registry.healthOf(proxy("a", "orders"))).toBeUndefined();
  leave();
  await clock.turnTo(clock.now() + GRACE_MS);
  expect([...registry.proxies().values()]).toEqual([proxy("a", "orders")]);
});

test("of why an application is not healthy it keeps what can be shown", async () => {
  const { registry } = await open();
  registry.connect(proxy("a"));
  registry.report(proxy("a"), { healthy: false, reason: `\u001b[2J\n${"x".repeat(1_000_000)}` });
  expect(registry.healthOf(proxy("a"))?.reason).toBe(`?[2J?${"x".repeat(195)}`);
});
