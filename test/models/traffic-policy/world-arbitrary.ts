/** Worlds at random of a few hosts, for which rules say much that contradicts. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "../routing/arbitraries.js";
import type { Metadata } from "../routing/objects.js";
import type { PeerAuthentication } from "../security/objects.js";
import type {
  DestinationRule,
  Endpoint,
  MeshConfig,
  PlacedCaller,
  Pod,
  Service,
  ServiceEntry,
  WorkloadEntry,
  World,
} from "./objects.js";
import { localitySetting, trafficPolicy } from "./policy-arbitrary.js";

const of = <T>(...pool: readonly T[]): Arbitrary<T> => fc.constantFrom(...pool);

/** An age of its own for each. */
const timestamp = (index: number): string =>
  `2026-01-${String(index + 1).padStart(2, "0")}T00:00:00Z`;

/** Objects of one kind, each with a name and an age of its own; the order of names is not that of ages. */
function objects<Spec>(
  name: string,
  namespaces: readonly string[],
  spec: (namespace: string) => Arbitrary<Spec>,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): Arbitrary<{ readonly metadata: Metadata; readonly spec: Spec }[]> {
  const one = of(...namespaces).chain((own) => fc.tuple(fc.constant(own), spec(own)));
  return fc
    .tuple(
      fc.array(one, { minLength: least, maxLength: most, size: "max" }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8, maxLength: 8 }),
    )
    .map(([all, ages]) =>
      all.map(([namespace, own], i) => ({
        metadata: { name: `${name}-${i}`, namespace, creationTimestamp: timestamp(ages[i] ?? i) },
        spec: own,
      })),
    );
}

const PLACES = ["r1/z1/s1", "r1/z1/s2", "r1/z2/s1", "r2/z1/s1", "r2/z1", "r3", ""] as const;
const version = of("v1", "v2");
const TLS_MODE = "security.istio.io/tlsMode";

const pods: Arbitrary<Pod[]> = fc
  .array(
    fc.record({
      version,
      place: of(...PLACES),
      hasSidecar: of(true, true, false),
      account: of("default", "shop"),
      other: of("x", "y"),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ version: own, place, hasSidecar, account, other }, i) => {
      const [region = "", zone = ""] = place.split("/");
      return {
        metadata: {
          name: `shop-${i}`,
          namespace: "a",
          labels: {
            app: "shop",
            version: own,
            other,
            ...(region === "" ? {} : { "topology.kubernetes.io/region": region }),
            ...(zone === "" ? {} : { "topology.kubernetes.io/zone": zone }),
            ...(hasSidecar ? { [TLS_MODE]: "istio" } : {}),
          },
        },
        spec: { serviceAccountName: account },
        status: { podIP: `10.0.2.${i + 1}` },
      };
    }),
  );

/** Endpoints of which each has an address of its own. */
const endpoints = (
  addressOf: (index: number) => string,
  least: number,
  portName = "http",
): Arbitrary<Endpoint[]> =>
  fc
    .array(
      given({
        locality: mostly(of(...PLACES.filter((place) => place !== "")), 4),
        weight: seldom(of(0, 1, 2, 5), 2),
        network: seldom(of("far", "near"), 3),
        ports: seldom(fc.constant({ [portName]: 9090 }), 3),
        serviceAccount: seldom(of("vm", "other"), 2),
        labels: fc
          .tuple(
            version,
            of<Record<string, string>>({}, {}, { [TLS_MODE]: "istio" }, { [TLS_MODE]: "disabled" }),
          )
          .map(([own, mode]) => ({ app: "vm", version: own, ...mode })),
      }),
      { minLength: least, maxLength: 4 },
    )
    .map((all) => all.map((one, i) => ({ ...one, address: addressOf(i) })));

const shop: Arbitrary<Service> = given({
  sessionAffinity: seldom(of("ClientIP" as const), 3),
  trafficDistribution: seldom(of("PreferClose", "PreferSameZone", "PreferSameNode"), 4),
}).map((own) => ({
  metadata: { name: "shop", namespace: "a", creationTimestamp: timestamp(0) },
  spec: {
    selector: { app: "shop" },
    clusterIP: "10.9.0.1",
    ports: [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "grpc-api", port: 81, targetPort: 8081 },
      { name: "tcp", port: 82, targetPort: 8082 },
      { name: "unnamed", port: 83, targetPort: 8083 },
    ],
    ...own,
  },
}));

const entry = (
  name: string,
  namespace: string,
  spec: Arbitrary<ServiceEntry["spec"]>,
): Arbitrary<ServiceEntry> =>
  spec.map((own) => ({
    metadata: { name, namespace, creationTimestamp: timestamp(1) },
    spec: own,
  }));

const API = "api.example.com";
const DB = "db.example.com";
const VM = "vm.example.com";

const serviceEntries: Arbitrary<readonly ServiceEntry[]> = fc.tuple(
  entry(
    "api",
    "a",
    given({
      hosts: fc.constant([API] as const),
      resolution: of("DNS" as const, "DNS_ROUND_ROBIN" as const),
      location: seldom(of("MESH_INTERNAL" as const, "MESH_EXTERNAL" as const), 3),
      ports: fc.constant([
        { number: 80, name: "http", protocol: "HTTP", targetPort: 8080 },
        { number: 443, name: "tls", protocol: "TLS" },
      ]),
      endpoints: mostly(
        endpoints((i) => `host-${i}.example.com`, 1),
        2,
      ),
      subjectAltNames: seldom(of(["api.example.com", "other.example.com"]), 3),
    }).map((spec) =>
      // It has one endpoint at most.
      spec.resolution === "DNS_ROUND_ROBIN" && spec.endpoints !== undefined
        ? { ...spec, endpoints: spec.endpoints.slice(0, 1) }
        : spec,
    ),
  ),
  entry(
    "db",
    "b",
    given({
      hosts: fc.constant([DB] as const),
      resolution: fc.constant("STATIC" as const),
      location: mostly(of("MESH_INTERNAL" as const), 3),
      ports: fc.constant([{ number: 80, name: "http", protocol: "HTTP" }]),
      endpoints: endpoints((i) => `10.0.3.${i + 1}`, 0),
    }),
  ),
  entry(
    "vm",
    "a",
    given({
      hosts: fc.constant([VM] as const),
      resolution: fc.constant("STATIC" as const),
      location: mostly(of("MESH_INTERNAL" as const), 3),
      ports: fc.constant([
        { number: 80, name: "http", protocol: "HTTP", targetPort: 8080 },
        { number: 81, name: "http-more", protocol: "HTTP2" },
      ]),
      workloadSelector: fc.constant({ labels: { app: "vm" } }),
    }),
  ),
);

const workloadEntries: Arbitrary<WorkloadEntry[]> = fc
  .tuple(
    endpoints((i) => `10.0.4.${i + 1}`, 0),
    of("vm", "vm", "shop"),
  )
  .map(([all, app]) =>
    all.map((spec, i) => ({
      metadata: { name: `vm-${i}`, namespace: "a", creationTimestamp: timestamp(i) },
      spec: { ...spec, labels: { ...spec.labels, app } },
    })),
  );

const RULED = [
  "shop",
  "shop.a.svc.cluster.local",
  "*.a.svc.cluster.local",
  "*.local",
  API,
  DB,
  VM,
  "*.example.com",
];

const exportTo = seldom(of<string[]>(["."], ["*"], ["a"], ["b"], ["b", "edge"]), 4);

const subsets = of<readonly [string, Record<string, string>][]>(
  [["v1", { version: "v1" }]],
  [["v2", { version: "v2" }]],
  [
    ["v1", { version: "v1" }],
    ["v2", {}],
  ],
).chain((all) =>
  fc.tuple(
    ...all.map(([name, labels]) =>
      given({
        name: fc.constant(name),
        labels: fc.constant(labels),
        trafficPolicy: mostly(trafficPolicy, 2),
      }),
    ),
  ),
);

const destinationRules: Arbitrary<DestinationRule[]> = objects(
  "rule",
  ["a", "b", "edge", "istio-system"],
  (namespace) =>
    given({
      host: of(...RULED.filter((host) => host !== "shop" || namespace === "a")),
      exportTo,
      workloadSelector: seldom(
        of({ matchLabels: { app: "caller" } }, { matchLabels: { app: "x" } }),
        6,
      ),
      trafficPolicy: mostly(trafficPolicy, 5),
      subsets: seldom(subsets, 2),
    }).map(({ exportTo: seenBy, ...spec }) =>
      // One with a selector is refused that is exported beyond its namespace.
      spec.workloadSelector === undefined && seenBy !== undefined
        ? { ...spec, exportTo: seenBy }
        : spec,
    ),
  { least: 1, most: 6 },
);

const mode = fc.record({
  mode: of(
    "UNSET" as const,
    "DISABLE" as const,
    "DISABLE" as const,
    "PERMISSIVE" as const,
    "STRICT" as const,
  ),
});

const peerAuthentications: Arbitrary<readonly PeerAuthentication[]> = objects(
  "peers",
  ["a", "b", "istio-system"],
  () =>
    given({
      selector: seldom(of({ matchLabels: { app: "shop" } }, { matchLabels: { version: "v1" } }), 2),
      mtls: mostly(mode, 4),
      portLevelMtls: seldom(fc.record({ "8080": mode }), 3),
    }).map(({ portLevelMtls, ...spec }) =>
      // Ports are of workloads.
      spec.selector === undefined || portLevelMtls === undefined
        ? spec
        : { ...spec, portLevelMtls },
    ),
  { most: 3 },
).map((all) =>
  all.map((one) => ({
    ...one,
    apiVersion: "security.istio.io/v1" as const,
    kind: "PeerAuthentication" as const,
  })),
);

const meshConfig: Arbitrary<MeshConfig> = given({
  enableAutoMtls: seldom(of(true, false), 4),
  connectTimeout: seldom(of("3s"), 3),
  tcpKeepalive: seldom(of({ probes: 5, time: "30s" }, { interval: "75s" }), 3),
  h2UpgradePolicy: seldom(of("UPGRADE" as const, "DO_NOT_UPGRADE" as const), 4),
  localityLbSetting: seldom(localitySetting, 3),
});

const caller = (
  namespace: string,
  labels: Record<string, string>,
  type: PlacedCaller["type"],
): Arbitrary<PlacedCaller> =>
  fc
    .tuple(of(...PLACES), of("", "near", "far"))
    .map(([locality, network]) => ({ namespace, labels, type, locality, network }));

const callers: Arbitrary<readonly PlacedCaller[]> = fc.tuple(
  caller("a", { app: "caller", version: "v1", other: "x" }, "sidecar"),
  caller("b", { app: "caller" }, "sidecar"),
  caller("edge", { istio: "ingress", other: "y" }, "router"),
  caller("istio-system", { istio: "root" }, "router"),
);

/** See the top of this file. */
export const world: Arbitrary<World> = fc.noBias(
  fc.record({
    services: fc.tuple(shop),
    serviceEntries,
    workloadEntries,
    pods,
    destinationRules,
    peerAuthentications,
    meshConfig,
    callers,
  }),
);
