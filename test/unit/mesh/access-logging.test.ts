/** Which requests proxies log, and where, by what Telemetries and the configuration of the mesh say. */
import { expect, test } from "vitest";
import { Table } from "../../../src/base/table.js";
import type { AccessLogging } from "../../../src/config/kinds/telemetry.js";
import { type MeshConfig, meshConfigOf } from "../../../src/config/mesh-config.js";
import { accessLogs } from "../../../src/mesh/access-logging.js";
import type { Telemetry, TelemetrySide } from "../../../src/mesh/applied-telemetry.js";

const MESH: MeshConfig = {
  ...meshConfigOf(undefined),
  extensionProviders: ["audit", "errors", "all"].map((name) => ({
    name,
    envoyFileAccessLog: { path: `/var/log/${name}` },
  })),
};
const BY_DEFAULT: MeshConfig = { ...MESH, defaultProviders: { accessLogging: ["all"] } };
const FAILED = { expression: "response.code >= 500" };

const named = (...names: string[]): Pick<AccessLogging, "providers"> => ({
  providers: names.map((name) => ({ name })),
});

function telemetry(namespace: string, accessLogging: readonly AccessLogging[]): Telemetry {
  return {
    kind: "Telemetry",
    apiVersion: "telemetry.istio.io/v1",
    metadata: { name: "all", namespace, labels: {}, annotations: {} },
    spec: { accessLogging },
    status: undefined,
  };
}

/** The logs of a proxy in the namespace shop: the names of their files, each with its filter. */
function logged(
  telemetries: readonly Telemetry[],
  config: MeshConfig = MESH,
  side: TelemetrySide = "CLIENT",
): readonly string[] {
  const table = Table.from(telemetries.map((one, i) => [String(i), one] as const));
  const query = { namespace: "shop", labels: {}, rootNamespace: "istio-system", side };
  return accessLogs(table, config, query).map(({ path, filter = "" }) =>
    `${path.slice("/var/log/".length)} ${filter}`.trim(),
  );
}

const shop = (...said: AccessLogging[]): Telemetry[] => [telemetry("shop", said)];
const mesh = (...said: AccessLogging[]): Telemetry => telemetry("istio-system", said);

test("each provider that one Telemetry names is logged to, as it says of that one", () => {
  const said = shop({ ...named("audit") }, { ...named("errors"), filter: FAILED });
  expect(logged(said)).toEqual(["audit", "errors response.code >= 500"]);
});

test("a provider that is switched off leaves the others on", () => {
  expect(logged(shop(named("audit", "errors"), { ...named("errors"), disabled: true }))).toEqual([
    "audit",
  ]);
});

test("of what one Telemetry says of a provider the last counts", () => {
  const said = shop({ ...named("errors"), filter: FAILED }, named("errors"));
  expect(logged(said)).toEqual(["errors"]);
});

test("what is said for one side leaves the other as it was", () => {
  const said = shop({ ...named("audit"), match: { mode: "CLIENT" } });
  expect(logged(said, BY_DEFAULT, "CLIENT")).toEqual(["audit"]);
  expect(logged(said, BY_DEFAULT, "SERVER")).toEqual(["all"]);
});

test("the providers of a more specific Telemetry stand in the place of those before", () => {
  const both = [mesh(named("audit"), named("errors")), ...shop(named("all"))];
  expect(logged(both, BY_DEFAULT)).toEqual(["all"]);
});

test("a Telemetry that names no provider speaks of all that are there", () => {
  const before = mesh({ ...named("audit"), filter: FAILED }, named("errors"));
  expect(logged([before, ...shop({ disabled: true })])).toEqual([]);
  expect(logged([before, ...shop({ disabled: false })])).toEqual([
    "audit response.code >= 500",
    "errors",
  ]);
  expect(logged([before, ...shop({ filter: { expression: "true" } })])).toEqual([
    "audit true",
    "errors true",
  ]);
});

test("what was switched off is on again where a more specific Telemetry names it", () => {
  const off = mesh({ ...named("audit"), disabled: true });
  expect(logged([off, ...shop(named("audit"))])).toEqual(["audit"]);
});

test("a provider is found by its name in any case", () => {
  expect(logged(shop(named("Audit")))).toEqual(["audit"]);
});
