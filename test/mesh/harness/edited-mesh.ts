/**
 * A mesh whose services, rules, routes, gateways and policies come and go: made of parts, each of which has one of a few
 * forms, with what becomes of requests in each state.
 */
import { documents } from "./manifests.js";

/** The forms of a part by their names: YAML of one document, or nothing. */
type Forms = Readonly<Record<string, string>>;

/** A request that is made all the time. */
export interface Probe {
  /** The application of `caller`, by its sidecar's HTTP proxy or, as `bytes`, by the port of its own; or someone outside. */
  readonly from: "caller" | "bytes" | "outside";
  /** From outside, its port is the gateway's own. */
  readonly url: string;
}

/** The ports of an application: for HTTP, and for bytes. */
const APP_PORTS = { http: 8080, bytes: 8081 } as const;

/** The gateway's own ports. */
const GATEWAY_PORTS = { first: 8080, second: 8081 } as const;

const service = (name: string, app: string, port: string, targetPort: number): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${app} }
  ports: [{ ${port}, targetPort: ${targetPort} }]
`;

const HTTP_PORT = "name: http, port: 80";

const subset = (version: string): string => `{ name: ${version}, labels: { version: ${version} } }`;

const destinationRule = (subsets: readonly string[], policy = ""): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: red }
spec:
  host: red
  ${policy}
  subsets: [${subsets.map(subset).join(", ")}]
`;

const virtualService = (name: string, target: string, http: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  ${target}
  http:
  ${http}
`;

const toSubset = (version: string, weight = 100): string =>
  `{ destination: { host: red, subset: ${version} }, weight: ${weight} }`;

const RED_HOSTS = "hosts: [red]";
const EDGE_HOSTS = "hosts: [shop.example.com]\n  gateways: [istio-system/edge]";

const gateway = (servers: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [${servers.join(", ")}]
`;

const server = (number: number, hosts: string): string =>
  `{ port: { number: ${number}, name: http-${number}, protocol: HTTP }, hosts: [${hosts}] }`;

const policy = (action: string, app: string, rule: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: policy }
spec:
  selector: { matchLabels: { app: ${app} } }
  action: ${action}
  rules: [${rule}]
`;

const peerAuthentication = (mode: string): string => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default }
spec: { mtls: { mode: ${mode} } }
`;

const serviceEntry = (ports: readonly number[]): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside }
spec:
  hosts: [outside.example.com]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [${ports.map(entryPort).join(", ")}]
  workloadSelector: { labels: { app: blue } }
`;

const entryPort = (number: number): string =>
  `{ number: ${number}, name: http-${number}, protocol: HTTP, targetPort: ${APP_PORTS.http} }`;

const sidecar = (hosts: string): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: caller }
spec:
  workloadSelector: { labels: { app: caller } }
  egress: [{ hosts: [${hosts}] }]
`;

const ACCESS_LOGS = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs, namespace: istio-system }
spec: { accessLogging: [{ providers: [{ name: envoy }] }] }
`;

const serverHeader = (context: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: header, namespace: istio-system }
spec:
  configPatches:
  - applyTo: NETWORK_FILTER
    match: { context: ${context}, listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager } } } }
    patch:
      operation: MERGE
      value:
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          server_name: patched
`;

const EXTRAS = [1, 2, 3, 4] as const;
const extraPort = (i: number): number => 9000 + i;
const BYTES_PORT = 9100;
const ENTRY_PORT = 9200;

const extraForms = (i: number): Forms => ({
  absent: "",
  blue: service(`extra-${i}`, "blue", HTTP_PORT, APP_PORTS.http),
  red: service(`extra-${i}`, "red", HTTP_PORT, APP_PORTS.http),
  port: service(`extra-${i}`, "blue", `name: http, port: ${extraPort(i)}`, APP_PORTS.http),
});

const PARTS = {
  red: { absent: "", present: service("red", "red", HTTP_PORT, APP_PORTS.http) },
  blue: { absent: "", present: service("blue", "blue", HTTP_PORT, APP_PORTS.http) },
  bytes: {
    absent: "",
    present: service("bytes", "blue", `name: tcp, port: ${BYTES_PORT}`, APP_PORTS.bytes),
  },
  "extra-1": extraForms(1),
  "extra-2": extraForms(2),
  "extra-3": extraForms(3),
  "extra-4": extraForms(4),
  rule: {
    absent: "",
    both: destinationRule(["v1", "v2"]),
    limits: destinationRule(
      ["v1", "v2"],
      "trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 10 } }, loadBalancer: { simple: ROUND_ROBIN } }",
    ),
    one: destinationRule(["v1"]),
  },
  route: {
    absent: "",
    v1: virtualService("red", RED_HOSTS, `- route: [${toSubset("v1")}]`),
    v2: virtualService("red", RED_HOSTS, `- route: [${toSubset("v2")}]`),
    both: virtualService(
      "red",
      RED_HOSTS,
      `- route: [${toSubset("v1", 50)}, ${toSubset("v2", 50)}]`,
    ),
    blue: virtualService(
      "red",
      RED_HOSTS,
      "- { timeout: 20s, rewrite: { uri: /other }, route: [{ destination: { host: blue } }] }",
    ),
  },
  gateway: {
    absent: "",
    all: gateway([server(80, '"*"')]),
    shop: gateway([server(80, "shop.example.com")]),
    two: gateway([server(80, "shop.example.com"), server(81, '"*"')]),
  },
  edge: {
    absent: "",
    red: virtualService("edge", EDGE_HOSTS, "- route: [{ destination: { host: red } }]"),
    blue: virtualService("edge", EDGE_HOSTS, "- route: [{ destination: { host: blue } }]"),
    v2: virtualService("edge", EDGE_HOSTS, `- route: [${toSubset("v2")}]`),
  },
  policy: {
    absent: "",
    path: policy("DENY", "red", "{ to: [{ operation: { paths: [/never] } }] }"),
    caller: policy("DENY", "blue", "{ from: [{ source: { principals: ['*/sa/caller'] } }] }"),
    all: policy("ALLOW", "red", "{}"),
  },
  peers: {
    absent: "",
    strict: peerAuthentication("STRICT"),
    permissive: peerAuthentication("PERMISSIVE"),
  },
  entry: { absent: "", one: serviceEntry([80]), two: serviceEntry([80, ENTRY_PORT]) },
  sidecar: { absent: "", all: sidecar('"./*"'), red: sidecar("./red.default.svc.cluster.local") },
  telemetry: { absent: "", logs: ACCESS_LOGS },
  filter: {
    absent: "",
    inbound: serverHeader("SIDECAR_INBOUND"),
    outbound: serverHeader("SIDECAR_OUTBOUND"),
    gateway: serverHeader("GATEWAY"),
  },
} as const satisfies Readonly<Record<string, Forms>>;

type PartName = keyof typeof PARTS;

/** The form that each part has. */
export type MeshState = { readonly [Name in PartName]: keyof (typeof PARTS)[Name] & string };

const deployment = (name: string, app: string, version: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${app}, version: ${version} } }
  template:
    metadata: { labels: { app: ${app}, version: ${version} } }
    spec:
      serviceAccountName: ${app}
      containers:
      - { name: app, image: app, ports: [{ containerPort: ${APP_PORTS.http} }, { containerPort: ${APP_PORTS.bytes} }] }
`;

/**
 * What stays: the applications, the ports of the gateway, and that only what is registered can be called. Connections are not
 * redirected to these proxies, so that one listens where some Service leads: were that first said by an edit, callers might
 * hear of it before.
 */
export const STILL = documents(
  deployment("caller", "caller", "v1"),
  deployment("red-v1", "red", "v1"),
  deployment("red-v2", "red", "v2"),
  deployment("blue", "blue", "v1"),
  service("red-still", "red", HTTP_PORT, APP_PORTS.http),
  service("blue-still", "blue", HTTP_PORT, APP_PORTS.http),
  `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports:
  - { name: http, port: 80, targetPort: ${GATEWAY_PORTS.first} }
  - { name: http-more, port: 81, targetPort: ${GATEWAY_PORTS.second} }
`,
  `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    outboundTrafficPolicy: { mode: REGISTRY_ONLY }
    defaultHttpRetryPolicy: { attempts: 0 }
`,
);

/** Most of it is there. */
export const FIRST_STATE: MeshState = {
  red: "present",
  blue: "present",
  bytes: "present",
  "extra-1": "blue",
  "extra-2": "port",
  "extra-3": "absent",
  "extra-4": "absent",
  rule: "both",
  route: "v1",
  gateway: "all",
  edge: "red",
  policy: "absent",
  peers: "absent",
  entry: "one",
  sidecar: "absent",
  telemetry: "absent",
  filter: "absent",
};

/** The YAML of a state. */
export function textOf(state: MeshState): string {
  const forms = partNames().map((name) => (PARTS[name] as Forms)[state[name]] ?? "");
  return documents(...forms.filter((text) => text !== ""));
}

function partNames(): readonly PartName[] {
  return Object.keys(PARTS) as PartName[];
}

/** What is called over and over. */
export const PROBES: readonly Probe[] = [
  { from: "caller", url: "http://red/" },
  { from: "caller", url: "http://blue/" },
  ...EXTRAS.map((i): Probe => ({ from: "caller", url: `http://extra-${i}/` })),
  ...EXTRAS.map((i): Probe => ({ from: "caller", url: `http://extra-${i}:${extraPort(i)}/` })),
  { from: "caller", url: "http://outside.example.com/" },
  { from: "caller", url: `http://outside.example.com:${ENTRY_PORT}/` },
  { from: "bytes", url: `http://bytes:${BYTES_PORT}/` },
  { from: "outside", url: `http://shop.example.com:${GATEWAY_PORTS.first}/` },
  { from: "outside", url: `http://shop.example.com:${GATEWAY_PORTS.second}/` },
];

const RED_PODS: Readonly<Record<string, string>> = { v1: "red-v1-0", v2: "red-v2-0" };
const BLUE_PODS: readonly string[] = ["blue-0"];

/** The subsets that each form of the rule has. */
const SUBSETS: Readonly<Record<MeshState["rule"], readonly string[]>> = {
  absent: [],
  both: ["v1", "v2"],
  limits: ["v1", "v2"],
  one: ["v1"],
};

/** The pods that may answer a request in a state: none when it fails; undefined where both may be. */
export function answerersOf(state: MeshState, probe: Probe): readonly string[] | undefined {
  const { hostname, port } = new URL(probe.url);
  if (probe.from === "outside") return answerersAtGateway(state, Number(port));
  const isSeen = state.sidecar !== "red" || hostname === "red";
  const targets = isSeen ? targetsOf(state, hostname, port) : [];
  return state.policy === "caller" ? targets?.filter((pod) => pod !== "blue-0") : targets;
}

/** A route that leads nowhere is not in force: what it was before, is. */
const UNKNOWN = undefined;

function answerersAtGateway(state: MeshState, port: number): readonly string[] | undefined {
  const { edge } = state;
  const isOpen =
    port === GATEWAY_PORTS.first ? state.gateway !== "absent" : state.gateway === "two";
  if (!isOpen || edge === "absent") return [];
  if (edge === "blue") return state.blue === "absent" ? UNKNOWN : BLUE_PODS;
  if (state.red === "absent") return UNKNOWN;
  return edge === "red" ? Object.values(RED_PODS) : podsOfSubsets(state, ["v2"]);
}

function podsOfSubsets(
  { rule }: MeshState,
  versions: readonly string[],
): readonly string[] | undefined {
  const isKnown = versions.every((version) => SUBSETS[rule].includes(version));
  return isKnown ? versions.map((version) => RED_PODS[version] ?? "") : UNKNOWN;
}

/** The pods to which the caller's sidecar sends what is for a host and port. */
function targetsOf(state: MeshState, host: string, port: string): readonly string[] | undefined {
  const { entry, bytes } = state;
  if (host === "red") return targetsOfRed(state);
  if (host === "blue") return state.blue === "absent" ? [] : BLUE_PODS;
  if (host === "bytes") return bytes === "absent" ? [] : BLUE_PODS;
  if (host === "outside.example.com") {
    return entry === "two" || (entry === "one" && port === "") ? BLUE_PODS : [];
  }
  const form = state[host as "extra-1"];
  if (form === "absent" || (form === "port") !== (port !== "")) return [];
  return form === "red" ? Object.values(RED_PODS) : BLUE_PODS;
}

function targetsOfRed(state: MeshState): readonly string[] | undefined {
  const { red, route, blue } = state;
  if (red === "absent") return route === "absent" ? [] : UNKNOWN;
  if (route === "absent") return Object.values(RED_PODS);
  if (route === "blue") return blue === "absent" ? UNKNOWN : BLUE_PODS;
  return podsOfSubsets(state, route === "both" ? ["v1", "v2"] : [route]);
}

/** What servers let in: it changes alone, since a request may be under way between two proxies, of which one knows more. */
const OF_SERVERS: ReadonlySet<PartName> = new Set(["policy", "peers"]);

/** A state that differs from another in one to three parts; those of callers alone, if that is asked for. */
export function edited(
  state: MeshState,
  random: Iterator<number, never>,
  callersAlone: boolean,
): MeshState {
  const one = <T>(list: readonly T[]): T => list[Math.floor(random.next().value * list.length)]!;
  const change = (before: MeshState, among: readonly PartName[]): MeshState => {
    const name = one(among);
    const forms = Object.keys(PARTS[name]).filter((form) => form !== before[name]);
    return { ...before, [name]: one(forms) };
  };
  const ofCallers = partNames().filter((name) => !OF_SERVERS.has(name));
  const changes = one([1, 2, 3]);
  if (changes === 1 && !callersAlone) return change(state, partNames());
  return Array.from({ length: changes }).reduce<MeshState>(
    (next) => change(next, ofCallers),
    state,
  );
}
