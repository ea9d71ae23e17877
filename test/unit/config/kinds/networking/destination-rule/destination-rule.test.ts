import { describe } from "vitest";
import { tryRows } from "../../findings-of.js";

const rule = (trafficPolicy: object, rest: object = {}) => ({
  host: "reviews",
  trafficPolicy,
  ...rest,
});
const POLICY = "spec.trafficPolicy";

describe("a DestinationRule", () => {
  const labels = { version: "v1" };
  tryRows("DestinationRule", [
    ["is for a host", { host: "reviews.default.svc.cluster.local" }, []],
    ["is for hosts below a domain", { host: "*.example.com" }, []],
    ["is for a host that can be", { host: "a_b" }, ["spec.host"]],
    [
      "has subsets by their names",
      { host: "a", subsets: [{ name: "v1", labels }, { name: "v2" }, { name: "v1" }] },
      ["spec.subsets[2].name"],
    ],
    [
      "has names of subsets that can be a part of a name",
      { host: "a", subsets: [{ name: "v.1" }] },
      ["spec.subsets[0].name"],
    ],
    [
      "has labels that can be",
      { host: "a", subsets: [{ name: "v1", labels: { a: "-" } }] },
      ["spec.subsets[0].labels.a"],
    ],
    [
      "can have labels with values that are longer than those of Kubernetes, and no such names",
      {
        host: "a",
        subsets: [{ name: "v1", labels: { a: "v".repeat(64), ["n".repeat(64)]: "v" } }],
      },
      ["warning spec.subsets[0].labels.a", `spec.subsets[0].labels.${"n".repeat(64)}`],
    ],
    [
      "has labels of domains that can be",
      {
        host: "a",
        subsets: [
          {
            name: "v1",
            labels: { [`${"a.".repeat(126)}a/b`]: "c", [`${"a.".repeat(127)}/b`]: "c" },
          },
        ],
      },
      [`spec.subsets[0].labels["${"a.".repeat(127)}/b"]`],
    ],
    [
      "checks the policy of a subset too",
      { host: "a", subsets: [{ name: "v1", trafficPolicy: {} }] },
      ["spec.subsets[0].trafficPolicy"],
    ],
    [
      "is for its own namespace when it is for some workloads",
      { host: "a", workloadSelector: { matchLabels: labels }, exportTo: [".", "other"] },
      ["spec.exportTo[1]"],
    ],
    [
      "selects no workloads by wildcards",
      { host: "a", workloadSelector: { matchLabels: { app: "a*" } } },
      ["spec.workloadSelector.matchLabels.app"],
    ],
    [
      "should select workloads by something",
      { host: "a", workloadSelector: {} },
      ["warning spec.workloadSelector"],
    ],
  ]);
});

describe("a traffic policy", () => {
  const tls = { mode: "ISTIO_MUTUAL" };
  tryRows("DestinationRule", [
    ["says something", rule({}), [POLICY]],
    ["can be for retries alone", rule({ retryBudget: { percent: 20 } }), []],
    [
      "keeps retries to a part of 100",
      rule({ retryBudget: { percent: 101 } }),
      [`${POLICY}.retryBudget.percent`],
    ],
    ["can be for a port", rule({ portLevelSettings: [{ port: { number: 80 }, tls }] }), []],
    [
      "is for no more ports than Istio takes",
      rule({
        portLevelSettings: Array.from({ length: 4097 }, () => ({ port: { number: 80 }, tls })),
      }),
      [`${POLICY}.portLevelSettings`],
    ],
    [
      "names the port that it is for",
      rule({ portLevelSettings: [{ tls }] }),
      [`${POLICY}.portLevelSettings[0].port`],
    ],
    [
      "should name a port that there can be",
      rule({ portLevelSettings: [{ port: {}, tls }] }),
      [`warning ${POLICY}.portLevelSettings[0].port.number`],
    ],
    [
      "says something for the port",
      rule({ portLevelSettings: [{ port: { number: 80 } }] }),
      [`${POLICY}.portLevelSettings[0]`],
    ],
    [
      "tunnels to a place that can be",
      rule({ tunnel: { protocol: "GET", targetHost: "a b", targetPort: 0 } }),
      [`${POLICY}.tunnel.protocol`, `${POLICY}.tunnel.targetHost`, `${POLICY}.tunnel.targetPort`],
    ],
    [
      "tunnels or sends the PROXY protocol",
      rule({
        tunnel: { targetHost: "10.0.0.1", targetPort: 3128 },
        proxyProtocol: { version: "V2" },
      }),
      [`${POLICY}.proxyProtocol`],
    ],
  ]);
});

describe("load balancing", () => {
  const balanced = (loadBalancer: object) => rule({ loadBalancer });
  const hashed = (consistentHash: object) => balanced({ consistentHash });
  const cookie = (httpCookie: object) => hashed({ httpCookie });
  const BALANCER = `${POLICY}.loadBalancer`;
  const HASH = `${BALANCER}.consistentHash`;
  tryRows("DestinationRule", [
    ["is simple", balanced({ simple: "LEAST_REQUEST" }), []],
    [
      "is simple or by a hash",
      balanced({ simple: "RANDOM", consistentHash: { useSourceIp: true } }),
      [`${BALANCER}.consistentHash`],
    ],
    [
      "hashes one thing",
      hashed({ httpHeaderName: "a", useSourceIp: true, httpQueryParameterName: "b" }),
      [`${HASH}.useSourceIp`, `${HASH}.httpQueryParameterName`],
    ],
    [
      "hashes onto one kind of table",
      hashed({ useSourceIp: true, ringHash: {}, maglev: { tableSize: 7 } }),
      [`${HASH}.maglev`],
    ],
    [
      "has a table of a prime size",
      hashed({ maglev: { tableSize: 9 } }),
      [`${HASH}.maglev.tableSize`],
    ],
    [
      "has a table that Envoy can keep",
      hashed({ maglev: { tableSize: 5000011 } }),
      [`${HASH}.maglev.tableSize`],
    ],
    ["has a table of some size", hashed({ maglev: {} }), [`${HASH}.maglev.tableSize`]],
    ["can have a table of one place", hashed({ maglev: { tableSize: 1 } }), []],
    [
      "should not use the old field for the ring's size",
      hashed({ useSourceIp: true, minimumRingSize: 8 }),
      [`warning ${HASH}.minimumRingSize`],
    ],
    ["has a cookie with a name", cookie({ name: "" }), [`${HASH}.httpCookie.name`]],
    [
      "has a cookie with attributes of different names",
      cookie({ name: "a", attributes: [{ name: "Path" }, { name: "" }, { name: "Path" }] }),
      [`${HASH}.httpCookie.attributes[1].name`, `${HASH}.httpCookie.attributes[2].name`],
    ],
    [
      "should warm up in one way",
      balanced({ warmup: { duration: "10s" }, warmupDurationSecs: "10s" }),
      [`warning ${BALANCER}.warmupDurationSecs`],
    ],
    [
      "warms up from a percentage, with a curve",
      balanced({ warmup: { duration: "0.5ms", minimumPercent: 50, aggression: 0.5 } }),
      [`${BALANCER}.warmup.duration`, `${BALANCER}.warmup.aggression`],
    ],
    [
      "takes localities or zones into account",
      balanced({ localityLbSetting: {}, zoneAwareLbSetting: {} }),
      [`${BALANCER}.zoneAwareLbSetting`, `warning ${BALANCER}.zoneAwareLbSetting`],
    ],
    [
      "orders what it balances by zones by other labels than where they are",
      balanced({
        zoneAwareLbSetting: {
          failoverPriority: [
            "network",
            "topology.kubernetes.io/zone=a",
            "topology.istio.io/subzone",
          ],
        },
      }),
      [
        `${BALANCER}.zoneAwareLbSetting.failoverPriority[1]`,
        `${BALANCER}.zoneAwareLbSetting.failoverPriority[2]`,
        `warning ${BALANCER}.zoneAwareLbSetting`,
      ],
    ],
  ]);
});

describe("load balancing by locality", () => {
  const local = (localityLbSetting: object) =>
    rule({ loadBalancer: { localityLbSetting }, outlierDetection: { maxEjectionPercent: 100 } });
  const distribute = (...all: [from: string, to: Record<string, number>][]) =>
    local({ distribute: all.map(([from, to]) => ({ from, to })) });
  const failover = (from: string, to: string) => local({ failover: [{ from, to }] });
  const SETTING = `${POLICY}.loadBalancer.localityLbSetting`;
  const TO = `${SETTING}.distribute[0].to`;
  tryRows("DestinationRule", [
    ["has weights that are all of the traffic", distribute(["a/*", { "a/*": 80, "b/*": 20 }]), []],
    ["has no weights that are less or more", distribute(["a/*", { "a/*": 80 }]), [TO]],
    ["has no weights of nothing", distribute(["a", { b: 100, c: 0 }]), [`${TO}.c`]],
    [
      "has wildcards at the end",
      distribute(["*/a", { b: 100 }]),
      [`${SETTING}.distribute[0].from`],
    ],
    ["has no empty regions", distribute(["a//b", { b: 100 }]), [`${SETTING}.distribute[0].from`]],
    [
      "has rules for smaller places before those for larger ones",
      distribute(["a/b/*", { b: 100 }], ["a/*", { b: 100 }]),
      [],
    ],
    [
      "has no rules that others before them make void",
      distribute(["a", { b: 100 }], ["a/b/*", { b: 100 }]),
      [`${SETTING}.distribute[1].from`],
    ],
    [
      "has no rule for a place of which one before it has a part",
      distribute(["a/b/*", { b: 100 }], ["a", { b: 100 }]),
      [`${SETTING}.distribute[1].from`],
    ],
    [
      "sends no traffic to a place in two parts",
      distribute(["a", { "b/*": 50, "b/c": 50 }]),
      [`${TO}["b/c"]`],
    ],
    ["fails over to another region", failover("a", "b"), []],
    ["does not fail over to itself", failover("a", "a"), [`${SETTING}.failover[0].to`]],
    [
      "fails over between regions, not zones",
      failover("a/b", "c*"),
      [`${SETTING}.failover[0].from`, `${SETTING}.failover[0].to`],
    ],
    [
      "distributes or fails over",
      local({
        distribute: [{ from: "a", to: { b: 100 } }],
        failover: [{ from: "a", to: "b" }],
      }),
      [`${SETTING}.failover`],
    ],
    [
      "orders regions in one way",
      local({
        failover: [{ from: "a", to: "b" }],
        failoverPriority: ["version", "topology.kubernetes.io/region"],
      }),
      [`${SETTING}.failoverPriority[1]`],
    ],
    [
      "should find out what is unhealthy where it fails over",
      rule({ loadBalancer: { localityLbSetting: { failover: [{ from: "a", to: "b" }] } } }),
      [`warning ${SETTING}`],
    ],
    [
      "should take out all that is near where it fails over",
      rule({
        loadBalancer: { localityLbSetting: { failoverPriority: ["version"] } },
        outlierDetection: { consecutive5xxErrors: 1 },
      }),
      [`warning ${POLICY}.outlierDetection`],
    ],
  ]);
});

describe("a connection pool", () => {
  const pool = (connectionPool: object) => rule({ connectionPool });
  const POOL = `${POLICY}.connectionPool`;
  tryRows("DestinationRule", [
    ["limits something", pool({}), [POOL]],
    [
      "has no negative limits",
      pool({ tcp: { maxConnections: -1 }, http: { maxRetries: -1 } }),
      [`${POOL}.tcp.maxConnections`, `${POOL}.http.maxRetries`],
    ],
    ["can keep idle connections for ever", pool({ tcp: { idleTimeout: "0s" } }), []],
    [
      "keeps idle connections for a time that Envoy can keep",
      pool({ tcp: { idleTimeout: "1.5ms" }, http: { idleTimeout: "0s" } }),
      [`${POOL}.tcp.idleTimeout`, `${POOL}.http.idleTimeout`],
    ],
    [
      "should keep idle connections of TCP for a millisecond, which Istio counts in",
      pool({ tcp: { idleTimeout: "100us" } }),
      [`warning ${POOL}.tcp.idleTimeout`],
    ],
    [
      "has times of whole milliseconds, one at least",
      pool({ tcp: { connectTimeout: "0s", tcpKeepalive: { time: "1us", interval: "1.0001s" } } }),
      [
        `${POOL}.tcp.connectTimeout`,
        `${POOL}.tcp.tcpKeepalive.time`,
        `${POOL}.tcp.tcpKeepalive.interval`,
      ],
    ],
    [
      "keeps connections alive by times that Envoy can count",
      pool({ tcp: { tcpKeepalive: { time: "1193047h", interval: "4294967296s" } } }),
      [`${POOL}.tcp.tcpKeepalive.time`, `${POOL}.tcp.tcpKeepalive.interval`],
    ],
    [
      "may keep connections alive by the longest that Envoy can count",
      pool({ tcp: { tcpKeepalive: { time: "4294967295s", interval: "1193046h" } } }),
      [],
    ],
    [
      "takes the client's protocol or HTTP/2",
      pool({ http: { h2UpgradePolicy: "UPGRADE", useClientProtocol: true } }),
      [`${POOL}.http.useClientProtocol`],
    ],
    [
      "pings at an interval that Envoy can keep",
      pool({ http: { http2KeepAlive: { interval: "0s", timeout: "1ns" } } }),
      [`${POOL}.http.http2KeepAlive.interval`, `${POOL}.http.http2KeepAlive.timeout`],
    ],
    [
      "pings at an interval",
      pool({ http: { http2KeepAlive: { timeout: "1s" } } }),
      [`${POOL}.http.http2KeepAlive.interval`],
    ],
  ]);
});

describe("outlier detection", () => {
  const outlier = (outlierDetection: object) => rule({ outlierDetection });
  const OUTLIER = `${POLICY}.outlierDetection`;
  tryRows("DestinationRule", [
    ["can be empty", outlier({}), []],
    [
      "has times and percentages in range",
      outlier({
        interval: "0s",
        baseEjectionTime: "-1s",
        maxEjectionPercent: 101,
        minHealthPercent: -1,
      }),
      ["interval", "baseEjectionTime", "maxEjectionPercent", "minHealthPercent"].map(
        (field) => `${OUTLIER}.${field}`,
      ),
    ],
    [
      "counts failures of its own only where it tells them apart",
      outlier({ consecutiveLocalOriginFailures: 3 }),
      [`${OUTLIER}.consecutiveLocalOriginFailures`],
    ],
    [
      "should not use the old field for the number of errors",
      outlier({ consecutiveErrors: 3 }),
      [`warning ${OUTLIER}.consecutiveErrors`],
    ],
  ]);
});

describe("a client's TLS", () => {
  const tls = (settings: object) => rule({ tls: settings });
  const TLS = `${POLICY}.tls`;
  tryRows("DestinationRule", [
    ["can be plain TLS", tls({ mode: "SIMPLE" }), []],
    [
      "has a certificate and key where it is mutual",
      tls({ mode: "MUTUAL" }),
      [`${TLS}.clientCertificate`, `${TLS}.privateKey`],
    ],
    ["can have both in a secret", tls({ mode: "MUTUAL", credentialName: "a" }), []],
    [
      "can verify by a ConfigMap of its namespace",
      tls({ mode: "SIMPLE", credentialName: "configmap://shop/a" }),
      [],
    ],
    ...["configmap://a", "configmap://other/a", "configmap://shop/"].map(
      (credentialName) =>
        [
          `verifies by no ConfigMap of another namespace, nor by ${credentialName}`,
          tls({ credentialName }),
          [`${TLS}.credentialName`],
        ] as const,
    ),
    [
      "has no certificate of an external server of secrets",
      tls({ mode: "MUTUAL", credentialName: "sds://vault" }),
      [`warning ${TLS}.credentialName`],
    ],
    [
      "has certificates from one source",
      tls({ mode: "SIMPLE", credentialName: "a", caCertificates: "/ca", caCrl: "/crl" }),
      [`${TLS}.caCertificates`, `${TLS}.caCrl`],
    ],
    [
      "has nothing to verify by where nothing is verified",
      tls({
        mode: "SIMPLE",
        insecureSkipVerify: true,
        caCertificates: "/ca",
        subjectAltNames: ["a"],
      }),
      [`${TLS}.caCertificates`, `${TLS}.subjectAltNames`],
    ],
    [
      "can have a secret for the client's certificate where nothing is verified",
      tls({ mode: "MUTUAL", insecureSkipVerify: true, credentialName: "a" }),
      [],
    ],
  ]);
});
