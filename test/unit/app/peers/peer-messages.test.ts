/** What is taken of what another control plane tells. */
import { expect, test } from "vitest";
import { readTold, toldRegistration } from "../../../../src/app/peers/peer-messages.js";
import type { Registration } from "../../../../src/app/registry/registration.js";
import { type Proxy, parseNode } from "../../../../src/mesh/proxy/proxy.js";

const proxy = parseNode({
  id: "sidecar~10.0.0.1~a.default~default.svc.cluster.local",
  cluster: "a",
  metadata: { LABELS: { app: "a" }, PROXY_CONFIG: { gatewayTopology: { numTrustedProxies: 1 } } },
  locality: { region: "r", zone: "", subZone: "" },
}) as Proxy;

const ONE: Registration = {
  proxy,
  presence: "connected",
  since: 1_900_000_000_000,
  health: { healthy: false, reason: "no answer in time", at: 1_900_000_000_001 },
};

test("a registration is told and read as it is", () => {
  const told = toldRegistration(ONE);
  expect(readTold({ registrations: [told ?? {}] }).registrations).toEqual([
    ["a.default/default", ONE],
  ]);
});

test("what was known before a start is told of to nobody", () => {
  expect(toldRegistration({ ...ONE, presence: "remembered" })).toBeUndefined();
});

const told = toldRegistration(ONE) ?? {};
const changed = (change: object): string => JSON.stringify({ ...proxy, ...change });

test.each([
  ["no JSON", { ...told, proxy: "{" }],
  ["another value", { ...told, proxy: "7" }],
  ["a proxy without an address", { ...told, proxy: changed({ address: undefined }) }],
  ["labels that are no text", { ...told, proxy: changed({ labels: { app: 7 } }) }],
  ["a type that is none", { ...told, proxy: changed({ type: "waypoint" }) }],
  ["a name that is not that of its id", { ...told, proxy: changed({ id: "b.default" }) }],
  ["more than a proxy says", { ...told, proxy: changed({ network: "x".repeat(65_536) }) }],
  ["no presence", { ...told, presence: "PRESENCE_UNSPECIFIED" as const }],
  ["a presence that is not known here", { ...told, presence: 9 as never }],
  ["a name of every object for its presence", { ...told, presence: "constructor" as never }],
  ["a time that is none", { ...told, since: "-1" }],
  ["a time after all times", { ...told, since: "9007199254740993" }],
  ["a health of no time", { ...told, health: { healthy: true, at: "x" } }],
])("%s is left out", (_what, registration) => {
  expect(readTold({ registrations: [registration, told] })).toMatchObject({
    registrations: [["a.default/default", ONE]],
    unread: 1,
  });
});

test("members that are not known here are left out, so that the proxy is the same as here", () => {
  const registration = { ...told, proxy: changed({ later: true }) };
  expect(readTold({ registrations: [registration] }).registrations[0]?.[1]).toEqual(ONE);
});

test("texts that are shown to people can be", () => {
  const { controlPlane, registrations } = readTold({
    controlPlane: { start: "s", name: "\u001b[2J", version: "1" },
    registrations: [{ ...told, health: { reason: "\u001b[2J" } }],
  });
  expect([controlPlane?.name, registrations[0]?.[1].health?.reason]).toEqual(["?[2J", "?[2J"]);
});
