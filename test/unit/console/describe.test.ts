/** What of a mesh concerns a pod or a service, as `describe` prints it. */
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { describePod, describeService } from "../../../src/console/describe/describe.js";
import type { Subject } from "../../../src/console/describe/subject.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";

function proxyOf(name: string, type: string, labels: Readonly<Record<string, string>>): Proxy {
  const metadata = { LABELS: labels, INTERCEPTION_MODE: "NONE" };
  const node = parseNode({
    id: `${type}~10.0.0.1~${name}.default~default.svc.cluster.local`,
    metadata,
  });
  if ("invalid" in node) throw new Error(node.invalid);
  return node;
}

/** The mesh of some documents, with one proxy. */
function subjectOf(documents: readonly string[], proxy: Proxy): Subject {
  const text = documents.join("\n---\n");
  const snapshot = parseOffline([{ path: "mesh.yaml", text }]);
  const config = meshConfigOf(undefined);
  const proxies = Table.from([[proxy.id, proxy] as const]);
  const mesh = createMesh(new Engine())({ snapshot, config, proxies });
  return { mesh, snapshot, proxies: [proxy], namespace: "default", ignoresUnmeshed: false };
}

const SHOP = proxyOf("shop-0", "sidecar", { app: "shop" });
const EDGE = proxyOf("edge-0", "router", {
  app: "edge",
  "gateway.networking.k8s.io/gateway-name": "edge",
});

const GROUPS: Readonly<Record<string, string>> = {
  AuthorizationPolicy: "security.istio.io/v1",
  RequestAuthentication: "security.istio.io/v1",
  Telemetry: "telemetry.istio.io/v1",
  Sidecar: "networking.istio.io/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  WasmPlugin: "extensions.istio.io/v1alpha1",
  TrafficExtension: "extensions.istio.io/v1alpha1",
};

const policy = (kind: string, name: string, spec: object, annotations: object = {}): string => {
  const [own, namespace = "default"] = name.split(".");
  const metadata = { name: own, namespace, annotations };
  return JSON.stringify({ apiVersion: GROUPS[kind], kind, metadata, spec });
};

const ofShop = { selector: { matchLabels: { app: "shop" } } };
const ofOther = { selector: { matchLabels: { app: "other" } } };
const ofEdge = {
  targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
};
const RULES = { rules: [{}] };
const TRACING = { tracing: [{ randomSamplingPercentage: 1 }] };
const EGRESS = { egress: [{ hosts: ["*/*"] }] };
const PLUGIN = { url: "oci://example.com/plugin" };

/** The parts of a description of a pod that are about policies, without where these are written. */
function appliedTo(documents: readonly string[], proxy: Proxy): readonly string[] {
  const subject = subjectOf(documents, proxy);
  const lines = describePod(subject, { name: proxy.name, namespace: "default" }) ?? [];
  const first = lines.findIndex((line) => line.startsWith("   Workload mTLS mode"));
  return lines.slice(first + 1).map((line) => line.replace(/ \(mesh\.yaml:\d+\)$/, ""));
}

test("a pod is described with the policies of each kind that apply to it, in the order in which they count", () => {
  const documents = [
    policy("AuthorizationPolicy", "all.istio-system", { action: "DENY", ...RULES }),
    policy("AuthorizationPolicy", "mine", { ...ofShop, ...RULES }),
    policy("AuthorizationPolicy", "tried", RULES, { "istio.io/dry-run": "true" }),
    policy("AuthorizationPolicy", "not-mine", { ...ofOther, ...RULES }),
    policy("AuthorizationPolicy", "elsewhere.other", RULES),
    policy("RequestAuthentication", "all.istio-system", {}),
    policy("RequestAuthentication", "mine", ofShop),
    policy("Telemetry", "all.istio-system", TRACING),
    policy("Telemetry", "mine", { ...ofShop, ...TRACING }),
    policy("Telemetry", "of-namespace", TRACING),
    policy("Telemetry", "too-late", TRACING),
    policy("Sidecar", "mine", { workloadSelector: { labels: { app: "shop" } }, ...EGRESS }),
    policy("Sidecar", "of-namespace", EGRESS),
    policy("EnvoyFilter", "later", { priority: 10 }),
    policy("EnvoyFilter", "all.istio-system", {}),
    policy("EnvoyFilter", "not-mine", { workloadSelector: { labels: { app: "other" } } }),
    policy("WasmPlugin", "mine", { ...ofShop, ...PLUGIN }),
    policy("WasmPlugin", "not-mine", { ...ofOther, ...PLUGIN }),
    policy("TrafficExtension", "all.istio-system", { wasm: PLUGIN }),
  ];
  expect(appliedTo(documents, SHOP)).toEqual([
    "Applied RequestAuthentication:",
    "   mine.default",
    "   all.istio-system",
    "Applied AuthorizationPolicy:",
    "   all.istio-system, DENY",
    "   mine.default, ALLOW",
    "   tried.default, ALLOW, dry run",
    "Applied Telemetry:",
    "   all.istio-system",
    "   of-namespace.default",
    "   mine.default",
    "Applied Sidecar:",
    "   mine.default",
    "Applied EnvoyFilter:",
    "   all.istio-system",
    "   later.default",
    "Applied WasmPlugin:",
    "   mine.default, its module is not fetched yet",
    "Applied TrafficExtension:",
    "   all.istio-system, its module is not fetched yet",
  ]);
});

test("a gateway is described with what is attached to it, and with no Sidecar", () => {
  const documents = [
    policy("AuthorizationPolicy", "edge", { ...ofEdge, ...RULES }),
    policy("Telemetry", "edge", { ...ofEdge, ...TRACING }),
    policy("EnvoyFilter", "edge", ofEdge),
    policy("WasmPlugin", "edge", { ...ofEdge, ...PLUGIN }),
    policy("Sidecar", "of-namespace", EGRESS),
    JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        selector: { app: "edge" },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    }),
  ];
  expect(appliedTo(documents, EDGE)).toEqual([
    "Applied AuthorizationPolicy:",
    "   edge.default, ALLOW",
    "Applied Telemetry:",
    "   edge.default",
    "Applied EnvoyFilter:",
    "   edge.default",
    "Applied WasmPlugin:",
    "   edge.default, its module is not fetched yet",
  ]);
});

/** What a service is described with below its ports. */
function trafficOf(spec: object, rule?: object): readonly string[] {
  const ports = [
    { name: "http", port: 80 },
    { name: "tcp", port: 9000 },
  ];
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shop" },
    spec: { selector: { app: "shop" }, ports, ...spec },
  };
  const policies = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "shop" },
    spec: { host: "shop", trafficPolicy: rule },
  };
  const documents = [service, ...(rule === undefined ? [] : [policies])];
  const subject = subjectOf(
    documents.map((one) => JSON.stringify(one)),
    SHOP,
  );
  const lines = describeService(subject, { name: "shop", namespace: "default" }) ?? [];
  return lines.filter((line) => /Affinity|Traffic Policy: Local/.test(line));
}

const HASHES = { loadBalancer: { consistentHash: { useSourceIp: true } } };
const SPREADS = { loadBalancer: { simple: "RANDOM" } };
const OF_PORT = { portLevelSettings: [{ port: { number: 9000 }, ...SPREADS }] };
const AFFINITY = "   Session Affinity: ClientIP";
const LEFT = "(without effect: its callers choose among its pods themselves)";
const CHOSEN = "a DestinationRule says how endpoints are chosen)";

test.each([
  ["nothing where it says nothing", { sessionAffinity: "None" }, undefined, []],
  ["that it keeps clients", { sessionAffinity: "ClientIP" }, undefined, [AFFINITY]],
  ["that clients are kept by a rule too", { sessionAffinity: "ClientIP" }, HASHES, [AFFINITY]],
  [
    "that a rule has its way on all ports",
    { sessionAffinity: "ClientIP" },
    SPREADS,
    [`${AFFINITY} (not on ports 80, 9000: ${CHOSEN}`],
  ],
  [
    "that a rule has its way on one port",
    { sessionAffinity: "ClientIP" },
    OF_PORT,
    [`${AFFINITY} (not on port 9000: ${CHOSEN}`],
  ],
  [
    "that callers stay on their node",
    { internalTrafficPolicy: "Local" },
    undefined,
    ["   Internal Traffic Policy: Local"],
  ],
  [
    "what is not for the mesh",
    { externalTrafficPolicy: "Local", type: "NodePort" },
    undefined,
    [
      "   External Traffic Policy: Local (it is for load balancers, and changes nothing in the mesh)",
    ],
  ],
  [
    "what has no effect on callers of its pods",
    { clusterIP: "None", sessionAffinity: "ClientIP", internalTrafficPolicy: "Local" },
    undefined,
    [`${AFFINITY} ${LEFT}`, `   Internal Traffic Policy: Local ${LEFT}`],
  ],
])("a service is described with %s", (_what, spec, rule, expected) => {
  expect(trafficOf(spec, rule)).toEqual(expected);
});
