/** The names that sidecars answer their applications' questions to DNS with, and what an edit costs them. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { ListenerJson } from "../../../src/envoy/api.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import type { ProxySets } from "../../../src/envoy/resource/resource-set.js";
import { type NodeFields, type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();
const EGRESS_ADDRESS = "127.32.0.1";
const ASKING = { DNS_CAPTURE: "true" };
const CALLED = { ...ASKING, INTERCEPTION_MODE: "NONE", EGRESS_ADDRESS };

function sidecar(metadata: NodeFields["metadata"]): Proxy {
  const id = "sidecar~10.0.0.1~caller-0.default~default.svc.cluster.local";
  const proxy = parseNode({ id, metadata });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return proxy;
}

const entry = (host: string, port: number, fields = ""): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host.toLowerCase()} }
spec:
  hosts: [${host}.example.com]
  ports: [{ number: ${String(port)}, name: port, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]
  ${fields}
`;

/** One with a block of addresses, each of which is called as callers say it. */
const openBlock = (host: string, port: number): string =>
  entry(host, port, "addresses: [198.51.100.0/24]")
    .replace("STATIC", "NONE")
    .replace("endpoints: [{ address: 192.0.2.1 }]", "");

interface DnsFilterJson {
  readonly serverConfig: {
    readonly inlineDnsTable: {
      readonly virtualDomains?: readonly {
        readonly name: string;
        readonly endpoint: { readonly addressList: { readonly address: readonly string[] } };
      }[];
    };
  };
}

/** What a proxy answers, by name; undefined of one that answers nothing. */
function answersOf({ listeners }: ProxySets): Readonly<Record<string, unknown>> | undefined {
  const [listener] = [...listeners.values()].filter(({ name }) => name.endsWith("_15053"));
  if (listener === undefined) return undefined;
  const json = encoder.decode(MESSAGE.listener, listener.bytes) as ListenerJson;
  const filter = json.listenerFilters?.[0]?.typedConfig as unknown as DnsFilterJson;
  const { virtualDomains = [] } = filter.serverConfig.inlineDnsTable;
  return Object.fromEntries(
    virtualDomains.map(({ name, endpoint }) => [name, endpoint.addressList.address]),
  );
}

/** A function from what the files say to what a proxy is sent. */
function following(proxy: Proxy, engine?: Engine): (snapshot: ConfigSnapshot) => ProxySets {
  let discovery: ReturnType<typeof createDiscovery> | undefined;
  return (snapshot) => {
    discovery ??= createDiscovery(encoder, snapshot, engine);
    discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
    return discovery.resourcesOf({ proxy, controlPlane: undefined });
  };
}

test("a proxy that does not ask has no listener for it, one that asks has one where nothing has a name", () => {
  const snapshot = createDirectory().write({});
  expect(answersOf(following(sidecar({}))(snapshot))).toBeUndefined();
  expect(answersOf(following(sidecar(ASKING))(snapshot))).toEqual({});
});

test("at a proxy's own address those are found that connections to it can mean", () => {
  const snapshot = createDirectory().write({
    "mesh.yaml": documents(
      entry("alone", 9000),
      entry("one-of-two", 9001),
      entry("other-of-two", 9001),
      entry("block", 9002, "addresses: [198.51.100.0/24]"),
      openBlock("open-block", 9003),
      entry("low", 90),
    ),
  });
  const found = answersOf(following(sidecar(CALLED))(snapshot));
  expect(found).toEqual({
    "alone.example.com": [EGRESS_ADDRESS],
    "block.example.com": [EGRESS_ADDRESS],
    "low.example.com": [EGRESS_ADDRESS],
  });
  const unprivileged = sidecar({ ...CALLED, UNPRIVILEGED_POD: "true" });
  expect(answersOf(following(unprivileged)(snapshot))).toEqual({
    "alone.example.com": [EGRESS_ADDRESS],
    "block.example.com": [EGRESS_ADDRESS],
  });
});

test("at a proxy's own address the hosts of a wildcard are found that what connections carry can mean", () => {
  const wildcard = (host: string, protocol: string, port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${protocol.toLowerCase()} }
spec:
  hosts: ["${host}"]
  ports: [{ number: ${String(port)}, name: port, protocol: ${protocol} }]
`;
  const snapshot = createDirectory().write({
    "mesh.yaml": documents(
      wildcard("*.http.example", "HTTP", 80),
      wildcard("*.tls.example", "TLS", 443),
      wildcard("*.bytes.example", "TCP", 9000),
      wildcard("*", "HTTPS", 443),
    ),
  });
  expect(answersOf(following(sidecar(CALLED))(snapshot))).toEqual({
    "*.http.example": [EGRESS_ADDRESS],
    "*.tls.example": [EGRESS_ADDRESS],
  });
});

const headless = (port: string): string => `
apiVersion: v1
kind: Service
metadata: { name: database }
spec: { clusterIP: None, selector: { app: database }, ports: [{ name: http, port: 8000 }${port}] }
`;

const pod = (name: string, podIP: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: database } }
spec: {}
status: { podIP: ${podIP} }
`;

test.each([
  ["carries requests alone", "", true],
  ["has a port for UDP too", ", { name: udp, port: 53, protocol: UDP }", true],
  ["carries other bytes too", ", { name: tcp, port: 5432 }", false],
  ["has a port that says nothing of its protocol", ", { name: unsaid, port: 5432 }", false],
])(
  "at a proxy's own address pods of a headless service that %s are found: %s",
  (_which, port, expected) => {
    const files = { "mesh.yaml": documents(headless(port), pod("database-0", "192.0.2.1")) };
    const found = answersOf(following(sidecar(CALLED))(createDirectory().write(files)));
    expect(found?.["database"]).toEqual([EGRESS_ADDRESS]);
    for (const name of ["database-0.database", "database-0.database.default.svc.cluster.local"]) {
      expect(found?.[name]).toEqual(expected ? [EGRESS_ADDRESS] : undefined);
    }
  },
);

test("a pod that moves leaves the answers of a proxy that finds it at its own address", () => {
  const directory = createDirectory();
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const sets = following(sidecar(CALLED), engine);
  const files = { "service.yaml": headless(""), "pod.yaml": pod("database-0", "192.0.2.1") };
  const before = answersOf(sets(directory.write(files)));
  made.length = 0;
  const moved = { "pod.yaml": pod("database-0", "192.0.2.2") };
  expect(answersOf(sets(directory.write(moved)))).toEqual(before);
  expect(made).not.toContain("DNS listener");
  const gone = answersOf(sets(directory.write({ "pod.yaml": undefined })));
  expect(gone?.["database"]).toEqual([EGRESS_ADDRESS]);
  expect(gone?.["database-0.database"]).toBeUndefined();
});

test("a host with capital letters is found as it is written, and in small ones", () => {
  const addresses = ["203.0.113.1"];
  const files = { "mesh.yaml": entry("Alone", 9000, `addresses: [${addresses.join()}]`) };
  const snapshot = createDirectory().write(files);
  expect(answersOf(following(sidecar(ASKING))(snapshot))).toEqual({
    "Alone.example.com": addresses,
    "alone.example.com": addresses,
  });
  const agent = sidecar({ ...ASKING, PROXY_CONFIG: { binaryPath: "/usr/local/bin/envoy" } });
  const [table] = [...following(agent)(snapshot).names.values()];
  expect(encoder.decode(MESSAGE.nameTable, table?.bytes ?? Buffer.alloc(0))).toEqual({
    table: { "alone.example.com": { ips: addresses, registry: "External" } },
  });
});

test("only an edit of what a name leads to makes the listener again", () => {
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const count = (): number => made.splice(0).filter((one) => one === "DNS listener").length;
  const directory = createDirectory();
  const sets = following(sidecar(ASKING), engine);
  const first = sets(
    directory.write({ "mesh.yaml": entry("alone", 9000, "addresses: [203.0.113.1]") }),
  ).listeners;
  expect(count()).toBe(1);
  const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: alone }
spec: { host: alone.example.com, trafficPolicy: { loadBalancer: { simple: RANDOM } } }
`;
  expect(sets(directory.write({ "rule.yaml": rule })).listeners).toEqual(first);
  expect(count()).toBe(0);
  const moved = entry("alone", 9000, "addresses: [203.0.113.2]");
  expect(answersOf(sets(directory.write({ "mesh.yaml": moved })))).toEqual({
    "alone.example.com": ["203.0.113.2"],
  });
  expect(count()).toBe(1);
});

test("proxies at one address share the listener, whenever they came", () => {
  const directory = createDirectory();
  const proxy = sidecar(CALLED);
  const early = { proxy, controlPlane: undefined };
  const late = { proxy: { ...proxy, id: `${proxy.id}.late` }, controlPlane: undefined };
  const block = openBlock("block", 9000);
  const first = directory.write({ "block.yaml": block, "one.yaml": entry("one", 9001) });
  const discovery = createDiscovery(encoder, first);
  const listenersOf = (snapshot: ConfigSnapshot, ...connected: readonly (typeof early)[]) => {
    const proxies = Table.from(connected.map((one) => [one.proxy.id, one.proxy] as const));
    discovery.update({ snapshot, proxies, standIns: [] });
    return connected
      .map((one) => discovery.resourcesOf(one))
      .map(({ listeners }) => listeners.get(`${EGRESS_ADDRESS}_15053`));
  };
  listenersOf(first, early);
  const second = directory.write({ "two.yaml": entry("two", 9002) });
  const [ofEarly, ofLate] = listenersOf(second, early, late);
  expect(ofEarly).toBeDefined();
  expect(ofLate).toBe(ofEarly);
});
