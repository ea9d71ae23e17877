/** Whatever is edited in whatever order, proxies are sent what a control plane sends that sees the last files first. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { versionsIn } from "./versions-in.js";

/** A few of very many: what changes often is found at once, what seldom does one day. */
const RUNS = 6;
const EDITS = 12;
/** Random edits take as long as the machine is busy with others. */
const TIMEOUT_MS = 120_000;

const encoder = goldenEncoder();

const mesh = (config: object): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    data: { mesh: JSON.stringify(config) },
  });

const namespace = (name: string, labels: object): string =>
  JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });

const service = (name: string, rest: object = {}): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: {
      selector: { app: name },
      clusterIP: "10.9.0.1",
      ports: [
        { name: "http", port: 80 },
        { name: "tcp", port: 90 },
      ],
      ...rest,
    },
  });

const pod = (name: string, podIP: string, nodeName: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: { nodeName },
    status: { podIP },
  });

const istio = (kind: string, name: string, spec: object, namespaceName = "default"): string =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: { name, namespace: namespaceName },
    spec,
  });

const WORLD = "*.example.com";

const world = (resolution: string, targetPort: number, rest: object = {}): string =>
  istio("ServiceEntry", "world", {
    hosts: [WORLD],
    ports: [
      { number: 80, name: "http", protocol: "HTTP", targetPort },
      { number: 443, name: "tls", protocol: "TLS" },
    ],
    resolution,
    ...rest,
  });

const route = (spec: object): string =>
  istio("VirtualService", "leading", {
    hosts: ["cart.default.svc.cluster.local"],
    gateways: ["mesh", "edge"],
    ...spec,
  });

const to = (host: string, number: number): object => ({ destination: { host, port: { number } } });

const rule = (host: string, trafficPolicy: object, namespaceName = "default"): string =>
  istio("DestinationRule", "rule", { host, trafficPolicy }, namespaceName);

const extension = (kind: string, spec: object, namespaceName = "default"): string =>
  JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind,
    metadata: { name: "extra", namespace: namespaceName },
    spec,
  });

const SCRIPT = { lua: { inlineCode: "function envoy_on_request(request) end" } };

const KEEPING = { loadBalancer: { consistentHash: { useSourceIp: true } } };
const LIMITS = { connectionPool: { tcp: { maxConnections: 7, idleTimeout: "9s" } } };

/** The files, and what each of them may say. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "mesh.yaml": [
    "",
    mesh({ outboundClusterStatName: "%SERVICE%", inboundClusterStatName: "%TARGET_PORT%" }),
    mesh({ defaultTrafficPolicy: { ...LIMITS, outlierDetection: { consecutive5xxErrors: 3 } } }),
    mesh({ defaultInboundHttpRetryPolicy: { attempts: 5 } }),
    mesh({ discoverySelectors: [{ matchLabels: { mesh: "on" } }] }),
    mesh({ outboundTrafficPolicy: { mode: "ALLOW_ANY_DYNAMIC_DNS" }, proxyHttpPort: 15007 }),
  ],
  "namespaces.yaml": ["", namespace("default", { mesh: "on" }), namespace("other", { mesh: "on" })],
  "stock.yaml": ["", service("stock", { clusterIP: "10.9.0.2" })],
  "cart.yaml": [
    "",
    service("cart"),
    service("cart", { sessionAffinity: "ClientIP" }),
    service("cart", { internalTrafficPolicy: "Local" }),
    service("cart", { trafficDistribution: "PreferSameNode", sessionAffinity: "ClientIP" }),
    service("cart", { clusterIP: "None", sessionAffinity: "ClientIP" }),
  ],
  "pods.yaml": [
    "",
    documents(`${pod("cart", "10.0.0.9", "a")}\n`, pod("caller", "10.0.0.2", "a")),
    documents(`${pod("cart", "10.0.0.9", "b")}\n`, pod("caller", "10.0.0.2", "b")),
  ],
  "world.yaml": [
    "",
    world("DYNAMIC_DNS", 80),
    world("DYNAMIC_DNS", 8080),
    world("DYNAMIC_DNS", 80, { exportTo: ["."] }),
    world("NONE", 80),
  ],
  "route.yaml": [
    "",
    route({ http: [{ route: [to(WORLD, 80)] }] }),
    route({ http: [{ rewrite: { authority: "a.example.com" }, route: [to(WORLD, 80)] }] }),
    route({ http: [{ route: [to("cart", 80)], mirror: { host: WORLD, port: { number: 80 } } }] }),
    istio("VirtualService", "leading", {
      hosts: ["stock.default.svc.cluster.local"],
      tcp: [{ route: [to("cart", 90)] }],
    }),
    istio("VirtualService", "leading", {
      hosts: [WORLD],
      gateways: ["mesh", "edge"],
      http: [{ route: [to("cart", 80)] }],
      tls: [{ match: [{ port: 443, sniHosts: ["b.example.com"] }], route: [to(WORLD, 443)] }],
    }),
  ],
  "rule.yaml": [
    "",
    rule("cart", KEEPING),
    rule("cart", { loadBalancer: { simple: "RANDOM" }, ...LIMITS }),
    rule("*.default.svc.cluster.local", KEEPING),
    rule("cart.default.svc.cluster.local", LIMITS, "other"),
    rule(WORLD, { tls: { mode: "SIMPLE" } }),
  ],
  "gateway.yaml": [
    "",
    istio("Gateway", "edge", {
      selector: { app: "edge" },
      servers: [
        { hosts: ["*"], port: { number: 80, name: "http", protocol: "HTTP" } },
        {
          hosts: [WORLD],
          port: { number: 443, name: "tls", protocol: "TLS" },
          tls: { mode: "PASSTHROUGH" },
        },
      ],
    }),
  ],
  "extension.yaml": [
    "",
    extension("TrafficExtension", SCRIPT, "istio-system"),
    extension("TrafficExtension", {
      ...SCRIPT,
      match: [{ mode: "CLIENT", ports: [{ number: 80 }] }],
    }),
    extension("TrafficExtension", { ...SCRIPT, selector: { matchLabels: { app: "cart" } } }),
    extension("WasmPlugin", { url: "file:///a.wasm", phase: "AUTHN", match: [{ mode: "SERVER" }] }),
    extension("WasmPlugin", { url: "https://a.example.com/a.wasm", type: "NETWORK" }),
  ],
  "sidecar.yaml": [
    "",
    istio("Sidecar", "all", { egress: [{ hosts: [`./${WORLD}`] }] }),
    istio("Sidecar", "all", {
      egress: [
        { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*/*"] },
        { hosts: ["./*"] },
      ],
    }),
  ],
};

const PROXIES = [
  { id: "sidecar~10.0.0.2~caller.default~default.svc.cluster.local", app: "caller" },
  { id: "sidecar~10.0.0.9~cart.default~default.svc.cluster.local", app: "cart", mode: "NONE" },
  { id: "sidecar~10.0.0.3~far.other~other.svc.cluster.local", app: "far", mode: "NONE" },
  { id: "router~10.0.0.4~edge.default~default.svc.cluster.local", app: "edge", node: "b" },
].map(({ id, app, mode = "REDIRECT", node }) => {
  const metadata = {
    LABELS: { app },
    INTERCEPTION_MODE: mode,
    ...(node === undefined ? {} : { NODE_NAME: node }),
  };
  const proxy = parseNode({ id, metadata });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return { proxy, controlPlane: undefined };
});

function held(discovery: Discovery, snapshot: ConfigSnapshot): readonly unknown[] {
  const proxies = Table.from(PROXIES.map(({ proxy }) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies, standIns: [] });
  return PROXIES.map((one) => versionsIn(discovery.resourcesOf(one)));
}

/** One edit: a file, and what it says then. */
const edit = fc
  .constantFrom(...Object.keys(FILES))
  .chain((path) => fc.constantFrom(...(FILES[path] ?? [])).map((text) => ({ [path]: text })));

/** Where they begin: each file says something. */
const beginning = fc.record(
  Object.fromEntries(
    Object.entries(FILES).map(([path, texts]) => [path, fc.constantFrom(...texts.slice(1))]),
  ),
);

test(
  "edits give what a control plane gives that remembers nothing, and sees the last files first",
  () => {
    const edits = fc.array(edit, { minLength: EDITS, maxLength: EDITS });
    fc.assert(
      fc.property(beginning, edits, (files, changes) => {
        const directory = createDirectory();
        const discovery = createDiscovery(encoder, directory.write(files));
        for (const change of [{}, ...changes]) {
          const snapshot = directory.write(change);
          const fresh = createDiscovery(encoder, snapshot, new Engine({ memo: false }));
          expect(held(discovery, snapshot)).toEqual(held(fresh, snapshot));
        }
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);
