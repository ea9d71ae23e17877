/** Which requests proxies log, and where, by what Telemetries and the configuration of the mesh say. */
import { expect, test } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import type { AccessLogging } from "../../../src/config/kinds/telemetry/telemetry.js";
import type { ExtensionProvider } from "../../../src/config/mesh-config/extension-provider.js";
import { type MeshConfig, meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { accessLogs } from "../../../src/mesh/telemetry/access-logging.js";
import type { Telemetry, TelemetrySide } from "../../../src/mesh/telemetry/applied-telemetry.js";

const MESH: MeshConfig = {
  ...meshConfigOf(undefined),
  extensionProviders: [
    ...["audit", "errors", "all"].map((name) => ({
      name,
      envoyFileAccessLog: { path: `/var/log/${name}` },
    })),
    { name: "told", envoyOtelAls: { service: "logs.example.com", port: 4317 } },
    { name: "unknown", envoyHttpAls: { service: "nobody.example.com", port: 4317 } },
  ],
};
const HOSTS = new Map([["logs.example.com", "logs.example.com"]]);
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
  return accessLogs(table, config, HOSTS, query).map(({ filter = "", ...target }) =>
    `${"path" in target ? target.path.slice("/var/log/".length) : target.hostname} ${filter}`.trim(),
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

test("what is said for one side is not for the other, which goes by no default provider then", () => {
  const said = shop({ ...named("audit"), match: { mode: "CLIENT" } });
  expect(logged(said, BY_DEFAULT, "CLIENT")).toEqual(["audit"]);
  expect(logged(said, BY_DEFAULT, "SERVER")).toEqual([]);
  expect(logged(said, { ...BY_DEFAULT, accessLogFile: "/var/log/mesh" }, "SERVER")).toEqual([
    "mesh",
  ]);
  const both = [mesh(named("errors")), ...said];
  expect(logged(both, BY_DEFAULT, "SERVER")).toEqual(["errors"]);
});

test("the providers of a more specific Telemetry stand in the place of those before", () => {
  const both = [mesh(named("audit"), named("errors")), ...shop(named("all"))];
  expect(logged(both, BY_DEFAULT)).toEqual(["all"]);
});

test("a Telemetry that names no provider speaks of those that were named last", () => {
  const before = mesh(named("errors"), { ...named("audit"), filter: FAILED });
  expect(logged([before, ...shop({ disabled: true })])).toEqual(["errors"]);
  expect(logged([before, ...shop({ disabled: false })])).toEqual([
    "audit response.code >= 500",
    "errors",
  ]);
  expect(logged(shop({ disabled: true }), BY_DEFAULT)).toEqual([]);
});

test("a filter without a provider beside it is for none", () => {
  const filtered = shop({ filter: { expression: "true" } });
  expect(logged(filtered, BY_DEFAULT)).toEqual(["all"]);
  expect(logged([mesh({ ...named("audit"), filter: FAILED }), ...filtered])).toEqual([
    "audit response.code >= 500",
  ]);
});

const WITH_FILE: MeshConfig = { ...MESH, accessLogFile: "/var/log/mesh" };

test.each([
  ["only a filter", [{ filter: FAILED }]],
  ["only that nothing is logged", [{ disabled: true }]],
  ["a provider for the other side", [{ ...named("audit"), match: { mode: "SERVER" } }]],
  ["a provider that takes no logs", [named("prometheus")]],
  ["a provider that there is not", [named("unknown")]],
] as const)("the log file of the mesh stays where a Telemetry says %s", (_what, said) => {
  expect(logged(shop(...said), WITH_FILE)).toEqual(["mesh"]);
});

test("the log file of the mesh is not written where a provider is spoken of", () => {
  expect(logged(shop(named("audit")), WITH_FILE)).toEqual(["audit"]);
  expect(logged(shop({ ...named("audit"), disabled: true }), WITH_FILE)).toEqual([]);
  expect(logged([], { ...WITH_FILE, defaultProviders: { accessLogging: ["all"] } })).toEqual([
    "all",
  ]);
});

test("the built-in provider's logs are written as the configuration of the mesh says", () => {
  const config: MeshConfig = {
    ...MESH,
    extensionProviders: meshConfigOf(undefined).extensionProviders,
    accessLogFormat: "%PROTOCOL%\n",
  };
  const table = Table.from([["one", telemetry("shop", [named("envoy")])] as const]);
  const query = {
    namespace: "shop",
    labels: {},
    rootNamespace: "istio-system",
    side: "CLIENT",
  } as const;
  expect(accessLogs(table, config, HOSTS, query)).toEqual([
    { path: "/dev/stdout", text: "%PROTOCOL%\n" },
  ]);
});

test("of several Telemetries for a workload all count, the younger over the older", () => {
  const forApp = (name: string, at: string, said: AccessLogging): Telemetry => {
    const one = telemetry("shop", [said]);
    return {
      ...one,
      metadata: { ...one.metadata, name, creationTimestamp: at },
      spec: { ...one.spec, selector: { matchLabels: { app: "cart" } } },
    };
  };
  const older = forApp("z", "2026-01-01T00:00:00Z", { ...named("audit"), filter: FAILED });
  const younger = forApp("a", "2026-02-01T00:00:00Z", { disabled: true });
  const table = Table.from([
    ["younger", younger],
    ["older", older],
  ] as const);
  const query = {
    namespace: "shop",
    labels: { app: "cart" },
    rootNamespace: "istio-system",
    side: "CLIENT",
  } as const;
  expect(accessLogs(table, MESH, HOSTS, query)).toEqual([]);
});

test("what was switched off is on again where a more specific Telemetry names it", () => {
  const off = mesh({ ...named("audit"), disabled: true });
  expect(logged([off, ...shop(named("audit"))])).toEqual(["audit"]);
});

test("a provider is found by its name in any case", () => {
  expect(logged(shop(named("Audit")))).toEqual(["audit"]);
});

test("a service is logged to beside a file, when it is known", () => {
  expect(logged(shop({ ...named("told", "audit", "unknown"), filter: FAILED }))).toEqual([
    "audit response.code >= 500",
    "logs.example.com response.code >= 500",
  ]);
});

test("the log file of the mesh is written where all that is named are services that are not known", () => {
  const config: MeshConfig = { ...MESH, accessLogFile: "/var/log/mesh" };
  expect(logged(shop(named("unknown")), config)).toEqual(["mesh"]);
  expect(logged(shop(named("unknown", "told")), config)).toEqual(["logs.example.com"]);
});

/** The one log of a proxy under a configuration in which no Telemetry says anything. */
const logUnder = (config: Partial<MeshConfig>): unknown => {
  const whole = { ...MESH, ...config };
  const query = { namespace: "shop", labels: {}, rootNamespace: "istio-system" };
  return accessLogs(Table.empty(), whole, HOSTS, { ...query, side: "CLIENT" })[0];
};

type FileLog = NonNullable<ExtensionProvider["envoyFileAccessLog"]>;

const provider = (log: FileLog): Partial<MeshConfig> => ({
  extensionProviders: [{ name: "own", envoyFileAccessLog: log }],
  defaultProviders: { accessLogging: ["own"] },
});

test("requests have a line each, also where the format ends without one", () => {
  const accessLogFile = "/dev/stdout";
  expect(logUnder({ accessLogFile, accessLogFormat: "%PROTOCOL%" })).toEqual({
    path: "/dev/stdout",
    text: "%PROTOCOL%\n",
  });
  expect(logUnder({ accessLogFile, accessLogFormat: "%PROTOCOL%\n" })).toMatchObject({
    text: "%PROTOCOL%\n",
  });
});

test("a file without a path is where the proxy writes what it has to say", () => {
  expect(logUnder(provider({ path: "" }))).toEqual({ path: "/dev/stdout" });
});

test("labels of which there are none are Istio's usual fields", () => {
  const json = { accessLogFile: "/dev/stdout", accessLogEncoding: "JSON" } as const;
  expect(logUnder(provider({ logFormat: { labels: {} } }))).toEqual(logUnder(json));
});
