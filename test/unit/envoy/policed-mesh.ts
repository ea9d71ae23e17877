/** A small mesh for random policies: what its proxies are sent, and what they make of what comes to them. */
import { isSignedBy } from "../../../src/ca/token/token-signature.js";
import type { NodeFields } from "../../../src/mesh/proxy/proxy.js";
import { checkAccess } from "../../../src/simulator/access/access.js";
import type { Call } from "../../../src/simulator/call.js";
import type { ProxyConfiguration } from "../../../src/simulator/configuration.js";
import type { CallError } from "../../../src/simulator/outcome.js";
import { walk } from "../../../src/simulator/simulate.js";
import type { Served } from "../../models/security/arbitrary-arrivals.js";
import type { Arrival } from "../../models/security/arrival.js";
import type { Verdict } from "../../models/security/decide.js";
import type { MeshSettings, SecurityPolicy } from "../../models/security/objects.js";
import type { Workload } from "../../models/security/scope.js";
import { NOW, TOKEN_WORDS } from "../../models/security/tokens.js";
import type { Vocabulary } from "../../models/security/vocabulary.js";
import { sentTo } from "./sent-to.js";

const ROOT = "istio-system";
const GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name";

export const WORDS: Vocabulary = {
  rootNamespace: ROOT,
  namespaces: ["shop", "default"],
  labels: [
    { app: "web" },
    { app: "web", version: "v1" },
    { app: "api" },
    { istio: "ingressgateway" },
    { app: "web", version: "v2" },
  ],
  gateways: ["edge"],
  principals: [
    "cluster.local/ns/default/sa/alice",
    "mesh.example/ns/shop/sa/bob",
    "old.example/ns/default/sa/alice",
    "foreign.example/ns/default/sa/alice",
    "*/ns/default/sa/alice",
    "*/sa/bob",
    "cluster.local/ns/shop/*",
    "old.example/ns/*",
    "*alice",
    "*",
  ],
  peers: [
    "cluster.local/ns/default/sa/alice",
    "mesh.example/ns/default/sa/alice",
    "mesh.example/ns/shop/sa/bob",
    "old.example/ns/default/sa/alice",
    "older.example/ns/shop/sa/bob",
    "foreign.example/ns/default/sa/alice",
    "foreign.example/ns/shop/sa/Alice",
    "mesh.example/ns/shop/sa/bobbob",
    "mesh.example/ns/workshop/sa/bob",
  ],
  serviceAccounts: ["alice", "shop/bob", "default/alice", "bob", "shop/Alice"],
  hosts: ["web", "WEB.shop", "web:80", "web.shop.svc.cluster.local"],
  hostPatterns: ["web", "WEB", "web.SHOP", "*.svc.cluster.local", "web*", "web:*", "*"],
  ports: [8080, 9090, 7070],
  otherPorts: [80, 9999],
  sources: ["10.1.0.5", "10.2.0.5", "fd00::5"],
  blocks: ["10.1.0.0/16", "10.2.0.5", "10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/64", "10.1.0.6"],
  destinationBlocks: ["10.0.0.1", "10.0.0.0/30", "10.0.0.0/24", "fd00::1", "fd00::/64"],
  ...TOKEN_WORDS,
  provider: "authorizer",
};

/** A workload of the mesh, and how it is called. */
export interface Called extends Served {
  readonly workload: Workload;
  readonly node: NodeFields;
  /** How connections come to its proxy. */
  readonly direction: "inbound" | "direct";
  readonly isGateway: boolean;
}

function sidecar(name: string, workload: Workload, address: string): Called {
  const { namespace, labels: LABELS } = workload;
  return {
    workload,
    node: {
      id: `sidecar~${address}~${name}-0.${namespace}~${namespace}.svc.cluster.local`,
      metadata: { LABELS },
    },
    address,
    // The last one is no service's.
    ports: { 8080: "http", 9090: "tcp", 7070: "nothing", 9999: "nothing" },
    direction: "inbound",
    isGateway: false,
  };
}

/** A sidecar to which nothing is redirected: it listens on the ports of services itself. */
function uncaptured(called: Called): Called {
  const { id, metadata } = called.node;
  return {
    ...called,
    node: { id, metadata: { ...metadata, INTERCEPTION_MODE: "NONE" } },
    ports: { 8080: "http", 9090: "tcp", 7070: "nothing" },
    direction: "direct",
  };
}

const GATEWAY_LABELS = { istio: "ingressgateway", [GATEWAY_LABEL]: "edge" };

export const CALLED: readonly Called[] = [
  sidecar("web", { namespace: "shop", labels: { app: "web", version: "v1" } }, "10.0.0.1"),
  sidecar("api", { namespace: "default", labels: { app: "api" } }, "10.0.0.2"),
  sidecar("web", { namespace: ROOT, labels: { app: "web" } }, "10.0.0.3"),
  sidecar("web", { namespace: "shop", labels: { app: "web", version: "v2" } }, "fd00::1"),
  uncaptured(sidecar("api", { namespace: "default", labels: { app: "api" } }, "10.0.0.4")),
  {
    workload: { namespace: ROOT, labels: GATEWAY_LABELS },
    node: {
      id: `router~10.0.0.8~edge-0.${ROOT}~${ROOT}.svc.cluster.local`,
      metadata: { LABELS: GATEWAY_LABELS },
    },
    address: "10.0.0.8",
    ports: { 8080: "http" },
    direction: "direct",
    isGateway: true,
  },
];

const service = (name: string, namespace: string): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: {
    selector: { app: name },
    ports: [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "tcp", port: 90, targetPort: 9090 },
      { name: "auto", port: 70, targetPort: 7070 },
    ],
  },
});

const STILL: readonly object[] = [
  ...[service("web", "shop"), service("api", "default"), service("web", ROOT)],
  {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "authorizer", namespace: "default" },
    spec: {
      hosts: ["authorizer.example"],
      resolution: "STATIC",
      ports: [{ number: 9000, name: "grpc", protocol: "GRPC" }],
      endpoints: [{ address: "192.0.2.1" }],
    },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "edge", namespace: ROOT },
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "edge", namespace: ROOT },
    spec: {
      hosts: ["*"],
      gateways: ["edge"],
      http: [{ route: [{ destination: { host: "web.shop.svc.cluster.local" } }] }],
    },
  },
];

const meshConfig = ({
  trustDomain,
  trustDomainAliases,
  pathNormalization,
}: MeshSettings): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "istio", namespace: ROOT },
  data: {
    mesh: JSON.stringify({
      trustDomain,
      trustDomainAliases,
      pathNormalization: { normalization: pathNormalization },
      extensionProviders: [
        {
          name: "authorizer",
          envoyExtAuthzGrpc: { service: "authorizer.example", port: 9000 },
        },
      ],
    }),
  },
});

/** The call that the proxy of a workload takes. */
function callOf(
  { source, destination, tls, request }: Arrival,
  direction: Called["direction"],
): Call {
  const http = ["istio-http/1.1", "istio", "http/1.1"];
  return {
    direction,
    destination,
    source: { address: source, port: 40_000 },
    encryption: tls === undefined ? "plaintext" : "mesh-tls",
    ...(tls && { principal: `spiffe://${tls.peer}` }),
    serverName: tls?.serverName ?? "",
    alpn: tls === undefined ? [] : request === undefined ? ["istio-peer-exchange", "istio"] : http,
    ...(request && {
      request: {
        version: "http/1.1",
        authority: request.host,
        method: request.method,
        path: request.path,
        headers: request.headers,
      },
    }),
    judge: { now: NOW, isSignedBy },
  };
}

const UNTAKEN: ReadonlySet<CallError | undefined> = new Set([
  "tls-expected",
  "certificate-refused",
  "no-filter-chain",
  "protocol-error",
]);

/** What the proxy of a workload is sent. */
export function configurationOf(
  { node }: Called,
  mesh: MeshSettings,
  policies: readonly SecurityPolicy[],
): ProxyConfiguration {
  const texts = [meshConfig(mesh), ...STILL, ...policies].map((one) => JSON.stringify(one));
  return sentTo(node, ...texts);
}

/** What a proxy with this configuration makes of what comes to it. */
export function simulated(
  configuration: ProxyConfiguration,
  { direction }: Called,
  arrival: Arrival,
): Verdict {
  const call = callOf(arrival, direction);
  const { error, passed, reasons } = walk(configuration, call);
  if (UNTAKEN.has(error)) return "refused by peer authentication";
  const verdicts = checkAccess(passed, call);
  const refusal = verdicts.find(({ isAllowed }) => !isAllowed);
  if (refusal?.filter === "authentication") return "refused by request authentication";
  if (refusal !== undefined) return "refused by authorization";
  if (error !== undefined && error !== "no-cluster") throw new Error(reasons.join("\n"));
  const isAsked = verdicts.some(({ filter }) => filter === "external-authorization");
  return isAsked ? "passes if the provider says so" : "passes";
}
