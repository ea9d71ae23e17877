import { describe, expect, test } from "vitest";
import { analyze } from "../../../src/analysis/analyze.js";
import { destinationSubsetAnalyzer } from "../../../src/analysis/analyzers/destination-subsets.js";
import { destinationTlsAnalyzer } from "../../../src/analysis/analyzers/destination-tls.js";
import { portNameAnalyzer } from "../../../src/analysis/analyzers/port-names.js";
import { serviceEntryAddressAnalyzer } from "../../../src/analysis/analyzers/service-entry-addresses.js";
import { serviceEntryProtocolAnalyzer } from "../../../src/analysis/analyzers/service-entry-protocols.js";
import { servicePortAnalyzer } from "../../../src/analysis/analyzers/service-ports.js";
import { waypointRuleAnalyzer } from "../../../src/analysis/analyzers/waypoint-rules.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { file, NOW, resource, tryRows } from "./messages-of.js";

describe("the ports of Services", () => {
  const service = (spec: object, metadata: object = {}) =>
    resource("Service", { name: "s", ...metadata }, spec);
  tryRows(portNameAnalyzer, [
    [
      "say what is spoken",
      service({
        ports: [{ name: "http-web", port: 80 }, { port: 81, appProtocol: "grpc" }, { port: 3306 }],
      }),
      [],
    ],
    [
      "are told without a name",
      service({ ports: [{ port: 80 }] }),
      ["IST0118 Service s.default: 80"],
    ],
    [
      "are told with a name that says nothing",
      service({ ports: [{ name: "web", port: 80 }] }),
      ["IST0118 Service s.default: web"],
    ],
    [
      "are not told of Istio's own",
      service({ ports: [{ port: 80 }] }, { labels: { istio: "pilot" } }),
      [],
    ],
    [
      "are not told of those that Istio makes for Gateways",
      file(
        ...["gateway", "mesh", "eastwest"].map((of) =>
          resource(
            "Service",
            { name: of, labels: { "gateway.istio.io/managed": `istio.io-${of}-controller` } },
            { ports: [{ port: 80 }] },
          ),
        ),
      ),
      [],
    ],
    [
      "are not told of Kubernetes' own",
      service({ ports: [{ port: 80 }] }, { namespace: "kube-system" }),
      [],
    ],
    [
      "of an external name are told when they may be any",
      service({
        type: "ExternalName",
        ports: [{ name: "tcp", port: 80 }, { port: 81 }, { name: "https", port: 82 }],
      }),
      ["IST0150 Service s.default: tcp", "IST0150 Service s.default: 81"],
    ],
  ]);
});

describe("the Services of a Deployment", () => {
  const service = (name: string, port: object, namespace = "default") =>
    resource("Service", { name, namespace }, { selector: { app: "a" }, ports: [port] });
  const deployment = (labels: object = {}, metadata: object = {}) =>
    resource(
      "Deployment",
      { name: "d", ...metadata },
      {
        template: {
          metadata: { labels: { app: "a", "sidecar.istio.io/inject": "true", ...labels } },
        },
      },
    );
  const silent = (name: string, namespace: string) =>
    resource(
      "Deployment",
      { name, namespace },
      { template: { metadata: { labels: { app: "a" } } } },
    );
  const disagreeing = [
    service("s", { port: 80, protocol: "TCP" }),
    service("t", { port: 80, protocol: "UDP" }),
  ];
  tryRows(servicePortAnalyzer, [
    [
      "are told when a port has two protocols",
      file(deployment(), ...disagreeing),
      ["IST0116 Deployment d.default: d"],
    ],
    [
      "may give TCP its name or not",
      file(deployment(), service("s", { port: 80, protocol: "TCP" }), service("t", { port: 80 })),
      [],
    ],
    [
      "are told when a target is behind two ports",
      file(
        deployment(),
        service("s", { port: 80, targetPort: 8080 }),
        service("t", { port: 8080 }),
      ),
      ["IST0137 Deployment d.default: d"],
    ],
    [
      "are of its namespace",
      file(
        deployment(),
        service("s", { port: 80 }),
        service("t", { port: 80, protocol: "UDP" }, "other"),
      ),
      [],
    ],
    [
      "do not matter outside of the mesh",
      file(deployment({ "sidecar.istio.io/inject": "false" }), ...disagreeing),
      [],
    ],
    [
      "matter in a namespace that is not declared, and not in one that says nothing",
      file(
        silent("d", "default"),
        silent("e", "plain"),
        ...disagreeing,
        service("u", { port: 80, protocol: "TCP" }, "plain"),
        service("v", { port: 80, protocol: "UDP" }, "plain"),
        resource("Namespace", "plain"),
      ),
      ["IST0116 Deployment d.default: d"],
    ],
    [
      "do not matter to a waypoint",
      file(
        deployment({}, { labels: { "gateway.istio.io/managed": "istio.io-mesh-controller" } }),
        ...disagreeing,
      ),
      [],
    ],
  ]);
});

describe("TLS of DestinationRules", () => {
  const rule = (spec: object) => resource("DestinationRule", "r", { host: "db.com", ...spec });
  const tls = (settings: object) => ({ trafficPolicy: { tls: settings } });
  const port = (settings: object) => ({
    trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: settings }] },
  });
  tryRows(destinationTlsAnalyzer, [
    [
      "is told when no authority is named that vouches for the server",
      rule(tls({ mode: "SIMPLE" })),
      ["IST0128 DestinationRule r.default: SIMPLE"],
    ],
    [
      "is told of ports",
      rule(port({ mode: "MUTUAL" })),
      ["IST0129 DestinationRule r.default: MUTUAL"],
    ],
    ["may be checked by files", file(rule(tls({ mode: "SIMPLE", caCertificates: "ca.pem" }))), []],
    ["may be the mesh's own", rule(tls({ mode: "ISTIO_MUTUAL" })), []],
    [
      "may be checked by a Secret for some workloads",
      rule({ ...tls({ mode: "SIMPLE", credentialName: "s" }), workloadSelector: {} }),
      [],
    ],
    [
      "is not checked by a Secret for all",
      rule(port({ mode: "SIMPLE", credentialName: "s" })),
      ["IST0129 DestinationRule r.default: SIMPLE"],
    ],
  ]);
});

test.each([
  ["is checked by the system's roots", {}, /^with mode SIMPLE .* operating system trusts/],
  ["is not checked", { insecureSkipVerify: true }, /^with insecureSkipVerify nobody checks/],
  [
    "is called without TLS by sidecars",
    { credentialName: "s" },
    /sidecars call db\.com without TLS/,
  ],
])("says when a server %s", (_what, settings, message) => {
  const trafficPolicy = { tls: { mode: "SIMPLE", ...settings } };
  const text = resource("DestinationRule", "r", { host: "db.com", trafficPolicy });
  const { tables, written } = parseOffline([{ path: "mesh.yaml", text }]);
  const options = { analyzers: [destinationTlsAnalyzer], now: NOW };
  const found = analyze({ tables, written, diagnostics: [] }, options);
  expect(found.map((one) => one.message)).toEqual([expect.stringMatching(message)]);
});

describe("the hosts and subsets of DestinationRules", () => {
  const rule = (spec: object) => resource("DestinationRule", "r", { host: "a", ...spec });
  const service = resource("Service", "a", { selector: { app: "a" } });
  const wildcard = (host: string) => resource("DestinationRule", "w", { host });
  const externalHost = (host: string, spec: object = {}) =>
    resource("ServiceEntry", "e", { hosts: [host], ...spec });
  const subset = (labels: object) => rule({ subsets: [{ name: "v1", labels }] });
  const pod = (labels: object, spec: object = {}) => resource("Pod", { name: "p", labels }, spec);
  tryRows(destinationSubsetAnalyzer, [
    ["are told when there is no such host", rule({}), ["IST0174 DestinationRule r.default: a"]],
    [
      "may be wildcards of hosts that are there",
      file(rule({ host: "*.local" }), service, wildcard("*.com"), externalHost("a.b.com")),
      [],
    ],
    [
      "are told when they are wildcards of no host",
      file(rule({ host: "*.org" }), service, externalHost("org")),
      ["IST0174 DestinationRule r.default: *.org"],
    ],
    [
      "are told when they are wildcards of hosts that others see",
      file(rule({ host: "*.com" }), externalHost("b.com", { exportTo: ["other"] })),
      ["IST0174 DestinationRule r.default: *.com"],
    ],
    [
      "have workloads",
      file(subset({ version: "v1" }), service, pod({ app: "a", version: "v1" })),
      [],
    ],
    [
      "are told when no workload is in them",
      file(subset({ version: "v1" }), service, pod({ app: "a" })),
      ["IST0173 DestinationRule r.default: labels"],
    ],
    [
      "may be by the node of a pod",
      file(
        subset({ "topology.kubernetes.io/zone": "z1", "kubernetes.io/hostname": "n" }),
        service,
        pod({ app: "a" }, { nodeName: "n" }),
        resource("Node", { name: "n", labels: { "topology.kubernetes.io/zone": "z1" } }),
      ),
      [],
    ],
    [
      "are of the workloads that a ServiceEntry selects",
      file(
        rule({ host: "b.com", subsets: [{ name: "v1", labels: { version: "v1" } }] }),
        resource("ServiceEntry", "e", {
          hosts: ["b.com"],
          workloadSelector: { labels: { app: "b" } },
        }),
        pod({ app: "a", version: "v1" }),
      ),
      ["IST0173 DestinationRule r.default: labels"],
    ],
    [
      "may be of the endpoints that a ServiceEntry lists",
      file(
        rule({ host: "b.com", subsets: [{ name: "v1", labels: { version: "v1" } }] }),
        resource("ServiceEntry", "e", {
          hosts: ["b.com"],
          endpoints: [{ address: "1.1.1.1", labels: { version: "v1" } }],
        }),
      ),
      [],
    ],
  ]);
});

describe("DestinationRules for some workloads", () => {
  const rule = (host: string, more: object = { workloadSelector: { labels: { app: "b" } } }) =>
    resource("DestinationRule", "r", { host, ...more });
  const labeled = (name: string, waypoint?: string) => ({
    name,
    ...(waypoint === undefined ? {} : { labels: { "istio.io/use-waypoint": waypoint } }),
  });
  const service = (waypoint?: string) => resource("Service", labeled("a", waypoint));
  const namespace = (waypoint: string) => resource("Namespace", labeled("default", waypoint));
  const told = ["IST0179 DestinationRule r.default: workloadSelector"];
  tryRows(waypointRuleAnalyzer, [
    ["do not count through a waypoint", file(rule("a"), service("w")), told],
    ["count without one", file(rule("a"), service()), []],
    ["count where there is to be none", file(rule("a"), service("none"), namespace("w")), []],
    [
      "do not count through that of the namespace",
      file(rule("a"), service(), namespace("w")),
      told,
    ],
    ["count in a namespace without", file(rule("a"), service(), namespace("none")), []],
    ["may be for a wildcard", file(rule("*.default.svc.cluster.local"), service("w")), told],
    ["may be for all, as the others do", file(rule("a", {}), service("w")), []],
    ["are for other hosts", file(rule("b"), service("w")), []],
    [
      "do not count for hosts of ServiceEntries behind one",
      file(rule("b.com"), resource("ServiceEntry", labeled("e", "w"), { hosts: ["b.com"] })),
      told,
    ],
    [
      "count for hosts of the others",
      file(rule("b.com"), resource("ServiceEntry", "e", { hosts: ["b.com"] })),
      [],
    ],
  ]);
});

describe("ServiceEntries", () => {
  const entry = (name: string, spec: object, namespace = "default") =>
    resource("ServiceEntry", { name, namespace }, { hosts: ["a.com"], ...spec });
  const port = (protocol: string) => ({ ports: [{ number: 80, name: "p", protocol }] });
  tryRows(serviceEntryProtocolAnalyzer, [
    [
      "are told when they disagree on a protocol",
      file(entry("e", port("HTTP")), entry("f", port("TCP"), "other")),
      ["IST0177 ServiceEntry e.default: ports", "IST0177 ServiceEntry f.other: ports"],
    ],
    [
      "may write the protocol in any case",
      file(entry("e", port("HTTP")), entry("f", port("http"))),
      [],
    ],
    [
      "may disagree for different namespaces",
      file(
        entry("e", { ...port("HTTP"), exportTo: ["."] }),
        entry("f", { ...port("TCP"), exportTo: ["."] }, "other"),
      ),
      [],
    ],
    [
      "are told when one is for all namespaces",
      file(entry("e", { ...port("HTTP"), exportTo: ["."] }), entry("f", port("TCP"), "other")),
      ["IST0177 ServiceEntry e.default: ports", "IST0177 ServiceEntry f.other: ports"],
    ],
  ]);
  const allocatedBy = (setting: string) =>
    resource(
      "ConfigMap",
      { name: "istio", namespace: "istio-system" },
      {
        data: {
          mesh: `defaultConfig: { proxyMetadata: { ISTIO_META_DNS_CAPTURE: "true", ${setting}: "true" } }`,
        },
      },
    );
  tryRows(serviceEntryAddressAnalyzer, [
    [
      "are told of TCP ports without addresses",
      entry("e", port("TCP")),
      ["IST0134 ServiceEntry e.default: {"],
    ],
    [
      "are told of ports without a protocol",
      entry("e", { ports: [{ number: 80 }] }),
      ["IST0134 ServiceEntry e.default: {"],
    ],
    ["may have addresses", entry("e", { ...port("TCP"), addresses: ["10.0.0.1"] }), []],
    ["may speak what names the host", entry("e", port("TLS")), []],
    ["are told of TCP in any case", entry("e", port("tcp")), ["IST0134 ServiceEntry e.default: {"]],
    [
      "may get addresses by themselves",
      file(entry("e", port("TCP")), allocatedBy("ISTIO_META_DNS_AUTO_ALLOCATE")),
      [],
    ],
    [
      "may get addresses from the control plane",
      file(entry("e", port("TCP")), allocatedBy("PILOT_ENABLE_IP_AUTOALLOCATE")),
      [],
    ],
    [
      "may have got addresses before",
      `${entry("e", port("TCP")).slice(0, -1)}, status: { addresses: [{ value: 240.240.0.1 }] } }`,
      [],
    ],
  ]);
});
