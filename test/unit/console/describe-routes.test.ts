/** What leads to a service, as `describe` prints it. */
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { describePod, describeService } from "../../../src/console/describe/describe.js";
import type { Subject } from "../../../src/console/describe/subject.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";

interface Content {
  readonly labels?: object;
  readonly spec: object;
  readonly status?: object;
}

const resource = (apiVersion: string, kind: string, name: string, content: Content): string => {
  const { labels = {}, ...body } = content;
  return JSON.stringify({ apiVersion, kind, metadata: { name, labels }, ...body });
};
const networking = (kind: string, name: string, spec: object): string =>
  resource("networking.istio.io/v1", kind, name, { spec });

const pod = (name: string, address: string, labels: object, ports: readonly object[] = []) =>
  resource("v1", "Pod", name, {
    labels: { app: "shop", ...labels },
    spec: { containers: [{ name: "shop", ports }] },
    status: { podIP: address },
  });

const MESHED = { "security.istio.io/tlsMode": "istio" };
const SERVICE = resource("v1", "Service", "shop", {
  spec: { selector: { app: "shop" }, ports: [{ name: "http", port: 80 }] },
});
const SHOP = [SERVICE, pod("shop-1", "10.0.0.1", { version: "v1", ...MESHED })];
const SUBSETS = networking("DestinationRule", "shop", {
  host: "shop",
  subsets: ["v1", "v2"].map((version) => ({ name: version, labels: { version } })),
});

const to = (subset: string, weight?: number): object => ({
  destination: { host: "shop", subset },
  ...(weight === undefined ? {} : { weight }),
});

const gatewayAt = (name: string, address: string): Proxy => {
  const metadata = { LABELS: { app: "edge" }, INTERCEPTION_MODE: "NONE" };
  const id = `router~${address}~${name}.default~default.svc.cluster.local`;
  const node = parseNode({ id, metadata });
  if ("invalid" in node) throw new Error(node.invalid);
  return node;
};

/** A mesh of some documents and gateways, which is asked about. */
function subjectOf(documents: readonly string[], proxies: readonly Proxy[] = []): Subject {
  const text = documents.join("\n---\n");
  const snapshot = parseOffline([{ path: "mesh.yaml", text }]);
  const config = meshConfigOf(undefined);
  const byId = Table.from(proxies.map((proxy) => [proxy.id, proxy] as const));
  const mesh = createMesh(new Engine())({ snapshot, config, proxies: byId });
  return { mesh, snapshot, proxies, namespace: "default", ignoresUnmeshed: false };
}

/** The lines from the first that begins so, without where things are written. */
function linesFrom(start: string, lines: readonly string[] = []): readonly string[] {
  const first = lines.findIndex((line) => line.startsWith(start));
  return lines.slice(first).map((line) => line.replace(/ \(\S*mesh\.yaml:\d+\)$/, ""));
}

const shop = { name: "shop", namespace: "default" };
const ofPod = (subject: Subject): readonly string[] =>
  describePod(subject, { ...shop, name: "shop-1" }) ?? [];

test("of the destinations of a route those are told that reach the pod, and the faults before them", () => {
  const route = {
    fault: {
      delay: { fixedDelay: "2s", percentage: { value: 10 } },
      abort: { httpStatus: 503, percentage: { value: 0.5 } },
    },
    route: [to("v1", 90), to("v2", 5), { destination: { host: "other" }, weight: 5 }],
  };
  const documents = [
    ...SHOP,
    SUBSETS,
    networking("VirtualService", "shop", { hosts: ["shop"], http: [route] }),
  ];
  const subject = subjectOf(documents);
  expect(linesFrom("VirtualService", ofPod(subject)).slice(0, 4)).toEqual([
    "VirtualService: shop",
    '   Route to host "shop" subset "v1" with weight 90%',
    '   Route to host "other" with weight 5%',
    "   Fault injection: 10% delayed by 2s, 0.5% answered with 503",
  ]);
});

test("of routes to other pods alone is told which requests or connections they take", () => {
  const described = (spec: object): readonly string[] =>
    linesFrom(
      "VirtualService",
      ofPod(
        subjectOf([
          ...SHOP,
          SUBSETS,
          networking("VirtualService", "shop", { hosts: ["shop"], ...spec }),
        ]),
      ),
    );
  const toOthers = [
    {
      match: [{ headers: { "end-user": { exact: "jason" } } }, { uri: { prefix: "/new" } }],
      route: [to("v2")],
    },
    { match: [{ port: 80 }], route: [to("v2")] },
    { route: [to("v2")] },
  ];
  expect(described({ http: toOthers }).slice(1, 5)).toEqual([
    "   WARNING: none of its 3 routes leads to these pods",
    "      Route to non-matching subset v2 for (when headers are end-user=jason), (/new*)",
    "      Route to non-matching subset v2 for (by other conditions)",
    "      Route to non-matching subset v2 for (everything)",
  ]);
  expect(described({ tcp: [{ route: [to("v2")] }] }).slice(1, 3)).toEqual([
    "   WARNING: none of its 1 routes leads to these pods",
    "      Route to non-matching subset v2",
  ]);
});

test("what is written for a service and has errors is told with these, also what would lead to it", () => {
  const soon = { route: [{ destination: { host: "shop" } }], timeout: "soon" };
  const documents = [
    ...SHOP,
    SUBSETS,
    networking("VirtualService", "shop", { hosts: ["shop"], http: [{ route: [to("v9")] }] }),
    networking("VirtualService", "front", { hosts: ["shop.example.com"], http: [soon] }),
    networking("VirtualService", "other", {
      hosts: ["other"],
      http: [{ route: [{ destination: { host: "other" } }], timeout: "soon" }],
    }),
    networking("DestinationRule", "extra", {
      host: "shop",
      trafficPolicy: { tls: { mode: "ON" } },
    }),
  ];
  const lines = linesFrom("VirtualService", describeService(subjectOf(documents), shop));
  expect(lines).toEqual([
    "VirtualService: shop",
    "   WARNING: none of its 1 routes leads to these pods",
    "      WARNING: Route to subset v9 for (everything), which no DestinationRule defines",
    "DestinationRule: extra, not in force",
    '   WARNING: spec.trafficPolicy.tls.mode has to be one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL, found "ON"',
    "VirtualService: shop, with errors",
    '   WARNING: no DestinationRule of host "shop.default.svc.cluster.local" has a subset "v9" (did you mean "v1"?)',
    "VirtualService: front, not in force",
    '   WARNING: spec.http[0].timeout has to be a duration such as 5s, 100ms or 1h30m, found "soon"',
  ]);
});

test("a rule of which no pod belongs to a subset is told with its subsets, once", () => {
  const lonely = [SERVICE, pod("shop-1", "10.0.0.1", MESHED), SUBSETS];
  expect(linesFrom("DestinationRule", describeService(subjectOf(lonely), shop))).toEqual([
    'DestinationRule: shop for "shop"',
    "   WARNING: no pod belongs to a subset (there are v1, v2)",
    "   No Traffic Policy",
  ]);
});

const GATEWAY = networking("Gateway", "edge", {
  selector: { app: "edge" },
  servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["shop.example.com"] }],
});
const ROUTE = networking("VirtualService", "edge", {
  hosts: ["shop.example.com"],
  gateways: ["edge"],
  http: [{ route: [{ destination: { host: "shop" } }] }],
});
const FRONT = resource("v1", "Service", "edge", {
  spec: { selector: { app: "edge" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
});

test("a Gateway is told with where the gateways that are connected listen for it", () => {
  const proxies = [gatewayAt("edge-0", "10.0.0.9"), gatewayAt("edge-1", "fd00::9")];
  const subject = subjectOf([...SHOP, GATEWAY, ROUTE, FRONT], proxies);
  expect(linesFrom("Exposed", describeService(subject, shop))).toEqual([
    "Exposed on Gateway: edge, port 80/HTTP for shop.example.com",
    "   Reached at 10.0.0.9:8080, edge-0.default",
    "   Reached at [fd00::9]:8080, edge-1.default",
    "VirtualService: edge",
    '   Route to host "shop"',
  ]);
});

test("of a VirtualService for sidecars and for a Gateway each part is told with its own routes", () => {
  const egress = networking("VirtualService", "egress", {
    hosts: ["shop", "shop.example.com"],
    gateways: ["edge", "mesh"],
    http: [
      {
        match: [{ gateways: ["mesh"], uri: { prefix: "/inside" } }],
        route: [{ destination: { host: "edge" } }],
      },
      {
        match: [
          { gateways: ["edge"], uri: { prefix: "/at-the-gateway" } },
          { gateways: ["mesh"], uri: { prefix: "/in-the-mesh" } },
        ],
        route: [{ destination: { host: "shop" } }],
      },
    ],
  });
  const subject = subjectOf([...SHOP, GATEWAY, egress, FRONT], [gatewayAt("edge-0", "10.0.0.9")]);
  expect(linesFrom("VirtualService", describeService(subject, shop))).toEqual([
    "VirtualService: egress",
    '   Route to host "shop"',
    "   Match: /in-the-mesh*",
    "   1 more route does not lead to these pods",
    "--------------------",
    "Exposed on Gateway: edge, port 80/HTTP for shop.example.com",
    "   Reached at 10.0.0.9:8080, edge-0.default",
    "VirtualService: egress",
    '   Route to host "shop"',
    "   Match: /at-the-gateway*",
  ]);
  // Calls lead to the gateway from the sidecars alone.
  const edge = { name: "edge", namespace: "default" };
  expect(describeService(subject, edge)?.join("\n")).not.toContain("Exposed");
});

test("a Gateway that no gateway serves is told so", () => {
  const subject = subjectOf([...SHOP, GATEWAY, ROUTE]);
  expect(linesFrom("Exposed", describeService(subject, shop)).slice(1, 2)).toEqual([
    "   WARNING: no gateway that is connected serves it",
  ]);
});

test("pods without a sidecar are told, unless nobody wants to know", () => {
  const some = subjectOf([...SHOP, pod("shop-2", "10.0.0.2", {})]);
  const none = subjectOf([SERVICE, pod("shop-1", "10.0.0.1", {})]);
  const alone = subjectOf([pod("shop-1", "10.0.0.1", {})]);
  const warnings = (lines: readonly string[] = []): readonly string[] =>
    lines.map((line) => line.trim()).filter((line) => line.startsWith("WARNING"));
  expect(warnings(describeService(some, shop))).toEqual([
    "WARNING: pods without a sidecar, which are not part of the mesh: shop-2",
  ]);
  expect(warnings(describeService(none, shop))).toEqual([
    "WARNING: none of its pods has a sidecar, so they are not part of the mesh",
  ]);
  expect(warnings(ofPod(alone))).toEqual([
    "WARNING: it has no sidecar, so it is not part of the mesh",
    "WARNING: no Service selects pod shop-1",
  ]);
  const ignoring = { ignoresUnmeshed: true };
  expect(warnings(describeService({ ...some, ...ignoring }, shop))).toEqual([]);
  expect(warnings(describeService({ ...none, ...ignoring }, shop))).toEqual([]);
  expect(warnings(ofPod({ ...alone, ...ignoring }))).toEqual([]);
});

test("a pod is told with the ports of its containers", () => {
  const ports = [{ containerPort: 8080 }, { containerPort: 53, protocol: "UDP", name: "dns" }];
  const many = subjectOf([SERVICE, pod("shop-1", "10.0.0.1", MESHED, ports)]);
  expect(ofPod(many)).toContain("   Pod Ports: 8080 (shop), 53/UDP (shop)");
  expect(ofPod(subjectOf(SHOP))).toContain("   Pod does not expose ports");
});
