/** Plans that a control plane makes: what they say, and that they touch nothing. */

import { describe, expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { createPlanner } from "../../../src/app/planner.js";
import { watchEncoder } from "../../../src/app/refused/watched-encoder.js";
import type { Position } from "../../../src/base/diagnostic.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { takeSteps } from "../../../src/base/steps/take-steps.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { makePlan, type PlanSide } from "../../../src/console/plan/make-plan.js";
import { isEmpty, type Plan } from "../../../src/console/plan/plan.js";
import type { ConnectedProxy } from "../../../src/envoy/proxy/connected-proxy.js";
import type { ProxySets } from "../../../src/envoy/resource/resource-set.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents, route, rule, service } from "../config/directory.js";
import { askedFor } from "../envoy/asked-for.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();
const { signal } = new AbortController();

type Texts = Readonly<Record<string, string>>;

function connectedProxy(
  type: "sidecar" | "router",
  name: string,
  namespace: string,
): ConnectedProxy {
  const id = `${type}~10.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const proxy = parseNode({ id, metadata: { LABELS: { app: name } } });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return { proxy, controlPlane: undefined };
}

const PROXIES = [
  connectedProxy("sidecar", "cart", "default"),
  connectedProxy("sidecar", "other", "others"),
  connectedProxy("router", "ingress", "default"),
];

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: outside}
spec:
  selector: {app: ingress}
  servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]
`;

/** Before the other by its name. */
const FIRST = GATEWAY.replace("outside", "first").replace("protocol: HTTP", "protocol: TCP");

const filter = (timeout: string): string => `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: hasty}
spec:
  configPatches:
    - applyTo: CLUSTER
      match: {context: SIDECAR_OUTBOUND, cluster: {service: cart.default.svc.cluster.local}}
      patch: {operation: MERGE, value: {connect_timeout: ${timeout}}}
`;

const NOW: Texts = {
  "services.yaml": documents(service("cart"), service("pay"), service("far", "others")),
  "route.yaml": route("cart", "cart", "v1").replace("http:", "gateways: [mesh, outside]\n  http:"),
  "rule.yaml": rule("cart", "cart", "v1"),
  "gateway.yaml": GATEWAY,
};

const OTHERS: Readonly<Record<string, Texts>> = {
  "another port": {
    ...NOW,
    "services.yaml": documents(
      service("cart", "default", 81),
      service("pay"),
      service("far", "others"),
    ),
  },
  "a service less": { ...NOW, "services.yaml": documents(service("cart"), service("pay")) },
  "another subset": { ...NOW, "rule.yaml": rule("cart", "cart", "v1", "v2") },
  "a filter": { ...NOW, "filter.yaml": filter("7s") },
  "a filter that Envoy would refuse": { ...NOW, "filter.yaml": filter("-7s") },
  "a sidecar": {
    ...NOW,
    "sidecar.yaml": `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec: {egress: [{hosts: ["./*"]}]}
`,
  },
  "a server that takes the place of another": { ...NOW, "first.yaml": FIRST },
  "a mistake": { ...NOW, "rule.yaml": rule("cart", "cart", "v1").replace("host:", "hots:") },
};

/** A control plane as far as plans are concerned, with the proxies above. */
function startMesh() {
  let computed: string[] = [];
  const engine = new Engine({ record: (operator) => void computed.push(operator) });
  const watched = watchEncoder(encoder, engine);
  const directory = createDirectory({ engine });
  const discovery = createDiscovery(watched.encoder, directory.write(NOW), engine);
  const held = (): readonly ProxySets[] =>
    PROXIES.map((one) => askedFor(discovery.resourcesOf(one)));
  const write = (texts: Readonly<Record<string, string | undefined>>): readonly ProxySets[] => {
    const snapshot = directory.write(texts);
    discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
    return held();
  };
  const begin = createPlanner({
    engine,
    configuration: {
      snapshot: directory.store.snapshot,
      replacement: (name) => Promise.resolve(directory.store.replacement(name)),
    },
    discovery,
    encoder,
    connected: () => PROXIES,
  });
  return {
    discovery,
    directory,
    held,
    write,
    hasRefused: watched.hasRefused,
    /** How many rows were computed since it was last asked, by one operator or all. */
    computed: (operator?: string) => {
      const rows = computed.filter((one) => operator === undefined || one === operator);
      computed = [];
      return rows.length;
    },
    /** A plan; something may happen as soon as it is begun. */
    plan: async (texts: Texts, meanwhile: () => unknown = () => undefined): Promise<Plan> => {
      const { make } = await begin({ name: "mesh", path: "next/mesh" });
      const files = Object.entries(texts).map(([path, text]) => ({ path, text }));
      const made = make(files, signal);
      meanwhile();
      return JSON.parse([...(await made)].join("")) as Plan;
    },
  };
}

/** A side, with its files in a directory of that name. */
function sideOf(
  { tables, diagnostics, locate }: ConfigSnapshot,
  directory = "mesh",
): Omit<PlanSide, "mesh"> {
  const shown = (position: Position): Position => ({
    ...position,
    file: position.file.replace("mesh", directory),
  });
  return {
    tables,
    diagnostics: diagnostics.map((one) =>
      one.position === undefined ? one : { ...one, position: shown(one.position) },
    ),
    locate: (ref, path) => {
      const position = locate(ref, path);
      return position && shown(position);
    },
  };
}

/** What becomes of everything when the files are really written. */
function reallyWritten(texts: Texts): Plan {
  const { directory, discovery, held, write } = startMesh();
  held();
  const before = { ...sideOf(directory.store.snapshot()), view: discovery.view() };
  const gone = Object.keys(NOW).filter((path) => !(path in texts));
  write({ ...texts, ...Object.fromEntries(gone.map((path) => [path, undefined])) });
  const after = sideOf(directory.store.snapshot(), "next/mesh");
  const plan = takeSteps(
    makePlan({
      before: { ...before, mesh: () => before.view },
      after: { ...after, mesh: () => discovery.view() },
      proxies: PROXIES,
      decode: (type, bytes) => encoder.decode(type, bytes),
    }),
  );
  return JSON.parse(JSON.stringify(plan)) as Plan;
}

test("a plan tells of servers that are not served any more, and of those that are served again", async () => {
  const told = { severity: "warning", code: "not-applied", resource: "Gateway outside.default" };
  const mesh = startMesh();
  const planned = await mesh.plan(OTHERS["a server that takes the place of another"] ?? {});
  expect(planned.newDiagnostics.filter(({ code }) => code === told.code)).toEqual([
    {
      ...told,
      message:
        "the server is not served: Gateway first.default has port 8080 of 0.0.0.0 before it, for TCP: give it a port of its own",
      position: { file: "next/mesh/gateway.yaml", line: 6, column: 13 },
    },
  ]);
  mesh.write({ "first.yaml": FIRST });
  const { clearedDiagnostics } = await mesh.plan(NOW);
  expect(clearedDiagnostics.filter(({ code }) => code === told.code)).toMatchObject([told]);
});

describe.each(Object.entries(OTHERS))("a plan of %s", (_name, texts) => {
  test("says what comes of it when the files are really so", async () => {
    const { held, plan } = startMesh();
    held();
    const made = await plan(texts);
    expect(made).toEqual(reallyWritten(texts));
    expect(isEmpty(made)).toBe(false);
  });

  test("leaves what is held as it is, and a real edit costs what it costs without", async () => {
    const [planned, other] = [startMesh(), startMesh()];
    const [before] = [planned.held(), other.held()];
    await planned.plan(texts);
    planned.computed();
    expect(planned.held().map((sets, i) => sets === before[i])).toEqual([true, true, true]);
    expect(planned.hasRefused()).toBe(false);
    expect(planned.computed()).toBe(0);
    other.computed();
    for (const mesh of [planned, other]) mesh.write({ "rule.yaml": rule("cart", "cart", "v3") });
    expect(planned.computed()).toBe(other.computed());
    for (const mesh of [planned, other]) mesh.write(texts);
    expect(planned.computed()).toBe(other.computed());
    expect(planned.hasRefused()).toBe(other.hasRefused());
  });
});

test("a plan says what Envoy would refuse, and where that is written", async () => {
  const { newDiagnostics } = await startMesh().plan({ ...NOW, "filter.yaml": filter("-7s") });
  const refused = (cluster: string): object => ({
    severity: "error",
    code: "refused-by-envoy",
    message: expect.stringMatching(`cluster ${cluster}.* connect_timeout: "-7s"`) as string,
    position: { file: "next/mesh/filter.yaml", line: 6, column: 7 },
    resource: "EnvoyFilter hasty.default",
  });
  const host = "cart.default.svc.cluster.local";
  expect(newDiagnostics).toEqual(
    [`outbound\\|80\\|v1\\|${host}`, `outbound\\|80\\|\\|${host}`].map(refused),
  );
});

test("what Envoy refuses already is no finding of a plan, and one that mends it says so", async () => {
  const { plan, write, held } = startMesh();
  write({ "filter.yaml": filter("-7s") });
  held();
  const less = OTHERS["a service less"] ?? {};
  const other = await plan({ ...less, "filter.yaml": filter("-7s") });
  expect(other).toMatchObject({ newDiagnostics: [], clearedDiagnostics: [] });
  expect(other.groups).not.toEqual([]);
  expect(await plan(NOW)).toMatchObject({
    newDiagnostics: [],
    clearedDiagnostics: [{ code: "refused-by-envoy" }, { code: "refused-by-envoy" }],
  });
});

test("what a plan is the first to look at is made again for those who ask", async () => {
  const [planned, other] = [startMesh(), startMesh()];
  for (const { discovery } of [planned, other]) PROXIES.forEach(discovery.resourcesOf);
  await planned.plan(OTHERS["a service less"] ?? {});
  const made = [planned, other].map(({ computed, held }) => {
    computed();
    held();
    return computed("virtual hosts");
  });
  expect(made[0]).toBeGreaterThan(0);
  expect(made[0]).toBe(made[1]);
});

test("a plan of what is in force is empty", async () => {
  const { plan } = startMesh();
  expect(await plan(NOW)).toEqual({
    resources: [],
    groups: [],
    proxies: 3,
    newDiagnostics: [],
    clearedDiagnostics: [],
  });
});

test("a plan is of what was in force when it was begun, also when that changes while it is made", async () => {
  const { held, plan, write } = startMesh();
  held();
  const texts = OTHERS["another subset"] ?? {};
  const alone = await plan(texts);
  const made = plan(texts);
  setImmediate(() => write({ "services.yaml": service("cart", "default", 99) }));
  expect(await made).toEqual(alone);
  write(NOW);
  const edited = plan(texts, () => write({ "services.yaml": service("cart", "default", 99) }));
  expect(await edited).toEqual(alone);
});
