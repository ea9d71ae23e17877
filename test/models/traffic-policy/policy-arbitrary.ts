/** Traffic policies at random: few sections, so that it shows whose is taken. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "../routing/arbitraries.js";
import type { LocalitySetting, PortTrafficPolicy, TrafficPolicy } from "./objects.js";

const of = <T>(...pool: readonly T[]): Arbitrary<T> => fc.constantFrom(...pool);

const SOME = { r1: "r2", r2: "r3", r3: "r1" } as const;

const failover = fc
  .subarray(Object.entries(SOME), { minLength: 1, maxLength: 2 })
  .map((all) => all.map(([from, to]) => ({ from, to })));

const labels = of(
  ["version"],
  ["other", "version"],
  ["version=v1", "other"],
  ["topology.istio.io/cluster", "version"],
  ["topology.istio.io/cluster=Kubernetes", "other"],
);

const places = of(
  ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"],
  ["topology.kubernetes.io/zone=z1", "topology.istio.io/subzone"],
);

const distribute = of(
  [{ from: "r1/*", to: { "r1/*": 80, "r2/*": 20 } }],
  [{ from: "r1/z1/*", to: { "r1/z1/s1": 70, "r1/z1/s2": 10, "r2/*": 20 } }],
  [
    { from: "r2/z1", to: { "r1/*": 40, "r3/*": 60 } },
    { from: "*", to: { "r1/z2/*": 30, "*": 70 } },
  ],
  [{ from: "r3", to: { r1: 50, r3: 50 } }],
);

/** How localities are preferred, of the ways that go together. */
export const localitySetting: Arbitrary<LocalitySetting> = fc.oneof(
  of<LocalitySetting>({ enabled: false }, { enabled: true }, {}),
  fc.record({ distribute }),
  fc.record({ failover }),
  fc.record({ failoverPriority: fc.oneof(labels, places) }),
  fc.record({ failover, failoverPriority: labels }),
  fc.record({ distribute, failoverPriority: labels }),
);

const duration = of("1s", "2.500s", "1m", "1m30s", "1h");

const consistentHash = fc.oneof(
  of(
    { useSourceIp: true },
    { httpHeaderName: "x-user" },
    { httpQueryParameterName: "user" },
    { httpCookie: { name: "user", ttl: "0s" } },
    { httpCookie: { name: "user" } },
    {
      httpCookie: {
        name: "user",
        path: "/",
        ttl: "1m30s",
        attributes: [{ name: "SameSite", value: "Strict" }, { name: "Secure" }],
      },
    },
    { httpHeaderName: "x-user", minimumRingSize: 7 },
    { useSourceIp: true, ringHash: { minimumRingSize: 13 } },
    { useSourceIp: true, ringHash: {} },
    { httpHeaderName: "x-user", maglev: { tableSize: 101 } },
  ),
);

const warmup = fc.oneof(
  fc.record({ warmupDurationSecs: of("30s") }),
  fc.record({
    warmup: given({
      duration: of("10s", "1m"),
      minimumPercent: seldom(of(0, 5, 50), 2),
      aggression: seldom(of(1, 2.5), 2),
    }),
  }),
);

const way = fc.oneof(
  fc.record({ consistentHash }),
  fc.record({
    simple: of(
      ...(["LEAST_CONN", "RANDOM", "ROUND_ROBIN", "LEAST_REQUEST", "UNSPECIFIED"] as const),
    ),
  }),
  of({}, {}, { simple: "PASSTHROUGH" as const }),
);

const loadBalancer = fc
  .tuple(
    way,
    mostly(given({ localityLbSetting: mostly(localitySetting, 3) }), 2),
    seldom(warmup, 2),
  )
  .map(([one, locality = {}, slow = {}]) => ({ ...one, ...locality, ...slow }))
  .filter((one) => Object.keys(one).length > 0);

const tcp = given({
  maxConnections: seldom(of(0, 100), 2),
  connectTimeout: seldom(of("1s", "30ms"), 2),
  tcpKeepalive: seldom(
    given({
      probes: seldom(of(0, 3), 2),
      time: seldom(duration, 2),
      interval: seldom(duration, 2),
    }),
    2,
  ),
  maxConnectionDuration: seldom(duration, 3),
  idleTimeout: seldom(duration, 3),
});

const http = given({
  http1MaxPendingRequests: seldom(of(0, 10), 2),
  http2MaxRequests: seldom(of(0, 20), 2),
  maxRequestsPerConnection: seldom(of(0, 5), 3),
  maxRetries: seldom(of(0, 4), 2),
  idleTimeout: seldom(duration, 3),
  maxConcurrentStreams: seldom(of(50), 3),
  h2UpgradePolicy: seldom(of("DEFAULT" as const, "UPGRADE" as const, "DO_NOT_UPGRADE" as const), 3),
  useClientProtocol: seldom(of(true, false), 4),
}).map(({ useClientProtocol, ...one }) =>
  // Both are refused.
  one.h2UpgradePolicy === "UPGRADE" || useClientProtocol === undefined
    ? one
    : { ...one, useClientProtocol },
);

const connectionPool = given({ tcp: mostly(tcp, 3), http: mostly(http, 3) }).filter(
  (one) => one.tcp !== undefined || one.http !== undefined,
);

const outlierDetection = given({
  consecutive5xxErrors: seldom(of(0, 3), 2),
  consecutiveGatewayErrors: seldom(of(0, 2), 2),
  interval: seldom(duration, 2),
  baseEjectionTime: seldom(duration, 2),
  maxEjectionPercent: seldom(of(0, 100), 2),
  minHealthPercent: seldom(of(0, 40), 2),
  splitExternalLocalOriginErrors: seldom(of(true), 3),
  consecutiveLocalOriginFailures: seldom(of(0, 6), 2),
}).map(({ consecutiveLocalOriginFailures: local, ...one }) =>
  one.splitExternalLocalOriginErrors === undefined || local === undefined
    ? one
    : { ...one, consecutiveLocalOriginFailures: local },
);

const sni = seldom(of("sni.example.com"), 3);
const subjectAltNames = seldom(of(["one.example.com"], ["spiffe://cluster.local/ns/x/sa/y"]), 3);

const tls = fc.oneof(
  given({ mode: seldom(of("DISABLE" as const), 2), sni }),
  given({ mode: fc.constant("ISTIO_MUTUAL" as const), sni, subjectAltNames }),
  given({
    mode: fc.constant("SIMPLE" as const),
    sni,
    subjectAltNames,
    caCertificates: seldom(of("/etc/roots.pem"), 3),
  }),
  given({ mode: fc.constant("SIMPLE" as const), sni, insecureSkipVerify: fc.constant(true) }),
  given({
    mode: of("SIMPLE" as const, "MUTUAL" as const),
    sni,
    subjectAltNames,
    credentialName: of("client"),
  }),
  given({
    mode: fc.constant("MUTUAL" as const),
    sni,
    subjectAltNames,
    clientCertificate: of("/etc/cert.pem"),
    privateKey: of("/etc/key.pem"),
    caCertificates: seldom(of("/etc/roots.pem"), 2),
  }),
);

const sections = given({
  loadBalancer: seldom(loadBalancer, 2),
  connectionPool: seldom(connectionPool, 3),
  outlierDetection: seldom(outlierDetection, 2),
  tls: seldom(tls, 3),
});

const isSomething = (one: object): boolean => Object.keys(one).length > 0;

const portPolicy = fc
  .tuple(of(80, 81, 82, 443), sections.filter(isSomething))
  .map(([number, own]): PortTrafficPolicy => ({ port: { number }, ...own }));

/** See the top of this file. */
export const trafficPolicy: Arbitrary<TrafficPolicy> = fc
  .tuple(
    sections,
    given({
      portLevelSettings: seldom(fc.array(portPolicy, { minLength: 1, maxLength: 2 }), 3),
      proxyProtocol: seldom(
        of<{ version?: "V1" | "V2" }>({}, { version: "V1" }, { version: "V2" }),
        6,
      ),
      tunnel: seldom(
        given({
          protocol: mostly(of("CONNECT", "POST"), 3),
          targetHost: of("target.example.com", "192.0.2.9"),
          targetPort: of(443, 8443),
        }),
        5,
      ),
      retryBudget: seldom(
        given({ percent: seldom(of(0, 7.5), 2), minRetryConcurrency: seldom(of(0, 9), 2) }),
        5,
      ),
    }),
  )
  .map(
    ([one, { proxyProtocol, ...more }]): TrafficPolicy => ({
      ...one,
      ...more,
      // Both are refused.
      ...(proxyProtocol === undefined || more.tunnel !== undefined ? {} : { proxyProtocol }),
    }),
  )
  .filter(isSomething);
