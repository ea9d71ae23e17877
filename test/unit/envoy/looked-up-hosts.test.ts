/** Hosts of a wildcard, whose names the proxies look up when they are called: what may be called, and what an edit costs. */
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { ListenerJson, RouteJson, VirtualHostJson } from "../../../src/envoy/api.js";
import type { ResourceSets } from "../../../src/envoy/resource/resource-set.js";
import { lookUpOfRewritten, namesHostOf } from "../../../src/envoy/route/looked-up-host.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { versionsIn } from "./versions-in.js";

const encoder = goldenEncoder();

const SIDECAR = "sidecar~10.0.0.1~a.default~default.svc.cluster.local";
const GATEWAY = "router~10.0.0.1~a.default~default.svc.cluster.local";

function hold(
  discovery: Discovery,
  snapshot: ConfigSnapshot,
  id = SIDECAR,
  mode = "REDIRECT",
): ResourceSets {
  const metadata = { LABELS: { app: "a" }, INTERCEPTION_MODE: mode };
  const proxy = parseNode({ id, metadata });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  return discovery.resourcesOf({ proxy, controlPlane: undefined });
}

const world = (targetPort: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: world }
spec:
  hosts: ["*.example.com"]
  ports:
    - { number: 80, name: http, protocol: HTTP, targetPort: ${targetPort} }
    - { number: 443, name: tls, protocol: TLS }
  resolution: DYNAMIC_DNS
`;

/** A VirtualService for another host, which leads to the wildcard. */
const leading = (rest: object): string =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "leading" },
    spec: { hosts: ["shop.default.svc.cluster.local"], ...rest },
  });

const EDGE = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { app: a }
  servers: [{ hosts: ["*"], port: { number: 80, name: http, protocol: HTTP } }]
`;

const TO_WORLD = { destination: { host: "*.example.com", port: { number: 80 } } };
const SHOP = documents(service("shop"), service("stock", "default", 8080));

const isLookingUp = ({ listeners }: ResourceSets, name: string): boolean =>
  JSON.stringify(jsonOf("envoy.config.listener.v3.Listener", listeners.get(name)?.bytes)).includes(
    "envoy.filters.http.set_filter_state",
  );

function jsonOf(type: string, bytes: Uint8Array | undefined): object {
  if (bytes === undefined) throw new Error(`there is no ${type}`);
  return encoder.decode(type, bytes);
}

function routesOf({ virtualHosts }: ResourceSets, name: string): readonly RouteJson[] {
  const host = jsonOf("envoy.config.route.v3.VirtualHost", virtualHosts.get(name)?.bytes);
  return (host as VirtualHostJson).routes ?? [];
}

describe("the filters that look hosts up", () => {
  test("are on the listeners with routes that lead there, and on no others", () => {
    const directory = createDirectory();
    const discovery = createDiscovery(encoder, directory.write({ "shop.yaml": SHOP }));
    const before = hold(discovery, directory.store.snapshot());
    expect(isLookingUp(before, "0.0.0.0_80")).toBe(false);
    const after = hold(discovery, directory.write({ "world.yaml": world(80) }));
    expect(isLookingUp(after, "0.0.0.0_80")).toBe(true);
    expect(after.listeners.get("0.0.0.0_8080")).toBe(before.listeners.get("0.0.0.0_8080"));
    const without = hold(discovery, directory.write({ "world.yaml": undefined }));
    expect(versionsIn(without)).toEqual(versionsIn(before));
  });

  test("are where a VirtualService of another host leads there", () => {
    const directory = createDirectory();
    const elsewhere = world(80).replace("number: 80,", "number: 8081,");
    const discovery = createDiscovery(
      encoder,
      directory.write({ "shop.yaml": SHOP, "world.yaml": elsewhere }),
    );
    expect(isLookingUp(hold(discovery, directory.store.snapshot()), "0.0.0.0_80")).toBe(false);
    const to = { destination: { host: "*.example.com", port: { number: 8081 } } };
    const routed = directory.write({ "leading.yaml": leading({ http: [{ route: [to] }] }) });
    expect(isLookingUp(hold(discovery, routed), "0.0.0.0_80")).toBe(true);
  });
});

test("a VirtualService that leads to the wildcard follows the port that is called", () => {
  const files = {
    "shop.yaml": SHOP,
    "world.yaml": world(80),
    "leading.yaml": leading({ http: [{ route: [TO_WORLD] }] }),
  };
  const directory = createDirectory();
  const discovery = createDiscovery(encoder, directory.write(files));
  const portOf = (held: ResourceSets): unknown =>
    /dynamic_port.*?"inlineString":"(\d+)"/.exec(
      JSON.stringify(routesOf(held, "80/shop.default.svc.cluster.local:80")),
    )?.[1];
  expect(portOf(hold(discovery, directory.store.snapshot()))).toBe("80");
  const moved = directory.write({ "world.yaml": world(8443) });
  expect(portOf(hold(discovery, moved))).toBe("8443");
  const fresh = createDiscovery(encoder, moved, new Engine({ memo: false }));
  expect(versionsIn(hold(discovery, moved))).toEqual(versionsIn(hold(fresh, moved)));
});

describe("a Sidecar", () => {
  const sidecar = (host: string): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: front }
spec:
  egress: [{ hosts: ["${host}"] }]
`;
  test.each([
    ["./*", true],
    ["./shop.default.svc.cluster.local", false],
  ])("that imports %s has hosts looked up: %s", (host, expected) => {
    const snapshot = createDirectory().write({
      "shop.yaml": SHOP,
      "world.yaml": world(80),
      "sidecar.yaml": sidecar(host),
    });
    const held = hold(createDiscovery(encoder, snapshot), snapshot);
    expect(isLookingUp(held, "0.0.0.0_80")).toBe(expected);
    expect(held.clusters.has("outbound|80||*.example.com")).toBe(expected);
  });
});

test("proxies to which a ServiceEntry is not exported look up none of its hosts", () => {
  const hidden = `${world(80)}  exportTo: [other]\n`;
  const snapshot = createDirectory().write({ "shop.yaml": SHOP, "world.yaml": hidden });
  const held = hold(createDiscovery(encoder, snapshot), snapshot);
  expect(isLookingUp(held, "0.0.0.0_80")).toBe(false);
  expect(held.clusters.has("outbound|80||*.example.com")).toBe(false);
});

test.each([
  ["a sidecar that captures", SIDECAR, "REDIRECT"],
  ["a sidecar that does not", SIDECAR, "NONE"],
  ["a gateway", GATEWAY, "REDIRECT"],
])("edits give %s what a control plane gives that sees the last one first", (_whom, id, mode) => {
  const directory = createDirectory();
  const discovery = createDiscovery(encoder, directory.write({ "shop.yaml": SHOP }));
  const gatewayed = leading({ gateways: ["mesh", "edge"], http: [{ route: [TO_WORLD] }] });
  const edits = [
    { "world.yaml": world(80) },
    { "leading.yaml": leading({ http: [{ route: [TO_WORLD] }] }) },
    { "world.yaml": world(8443) },
    { "world.yaml": world(8443).replace("DYNAMIC_DNS", "NONE") },
    { "leading.yaml": gatewayed, "edge.yaml": EDGE },
    { "world.yaml": world(443) },
    { "world.yaml": undefined },
  ];
  for (const edit of edits) {
    const snapshot = directory.write(edit);
    const fresh = createDiscovery(encoder, snapshot, new Engine({ memo: false }));
    expect(versionsIn(hold(discovery, snapshot, id, mode))).toEqual(
      versionsIn(hold(fresh, snapshot, id, mode)),
    );
  }
});

test("copies of requests are not looked up", () => {
  const http = [{ route: [{ destination: { host: "shop" } }], mirror: { host: "*.example.com" } }];
  const snapshot = createDirectory().write({
    "shop.yaml": SHOP,
    "world.yaml": world(80),
    "leading.yaml": leading({ http }),
  });
  const held = hold(createDiscovery(encoder, snapshot), snapshot);
  const [route] = routesOf(held, "80/shop.default.svc.cluster.local:80");
  expect(route?.route).toMatchObject({ cluster: "outbound|80||shop.default.svc.cluster.local" });
  expect(route?.route?.requestMirrorPolicies).toBeUndefined();
});

describe("a gateway", () => {
  const gateway = (tls: object): string => `
${world(80)}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { app: a }
  servers:
    - hosts: ["*"]
      port: { number: 443, name: tls, protocol: TLS }
      tls: { mode: PASSTHROUGH }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: ["*"]
  gateways: [edge]
  tls: [${JSON.stringify(tls)}]
`;
  const route = [{ destination: { host: "*.example.com", port: { number: 443 } } }];
  const listenerFor = (...sniHosts: readonly string[]): ListenerJson | undefined => {
    const snapshot = createDirectory().write({
      "mesh.yaml": gateway({ match: [{ sniHosts }], route }),
    });
    const { listeners } = hold(createDiscovery(encoder, snapshot), snapshot, GATEWAY);
    const bytes = listeners.get("0.0.0.0_443")?.bytes;
    return bytes && jsonOf("envoy.config.listener.v3.Listener", bytes);
  };

  test("passes TLS on to looked up hosts for their own names", () => {
    const [chain] = listenerFor("*.eu.example.com", "api.example.com")?.filterChains ?? [];
    expect(chain?.filterChainMatch?.serverNames).toEqual(["*.eu.example.com", "api.example.com"]);
    expect(JSON.stringify(chain?.filters)).toContain("sni_dynamic_forward_proxy");
  });

  test.each([[["*"]], [["*.com"]], [["api.example.com", "api.example.org"]], [["example.com"]]])(
    "passes TLS on for none of the names %j, as one of them is not theirs",
    (names) => {
      expect(listenerFor(...names)).toBeUndefined();
    },
  );
});

describe("the host that is called", () => {
  const { regex = "" } = namesHostOf("*.example.com").stringMatch?.safeRegex ?? {};
  const pattern = RE2JS.compile(regex);

  test.each(["a.example.com", "A.EXAMPLE.com", "a.b.example.com", "a.example.com:8443"])(
    "may be %s",
    (host) => {
      expect(pattern.matches(host)).toBe(true);
    },
  );

  test.each([
    "example.com",
    ".example.com",
    "a.examplexcom",
    "10.0.0.1",
    "[::1]",
    "a.example.com.evil.org",
    "evil.org:80#.example.com",
    "a.example.com:80:90",
  ])("may not be %s", (host) => {
    expect(pattern.matches(host)).toBe(false);
  });

  test("may be one of the wildcard's that a route says, and no other", () => {
    const portOf = (authority: string): string | undefined =>
      /"(a\.example\.com)".*"(\d+)"/
        .exec(JSON.stringify(lookUpOfRewritten(authority, "*.example.com", 443)))
        ?.slice(1)
        .join(":");
    expect(portOf("a.example.com")).toBe("a.example.com:443");
    expect(portOf("a.example.com:8000")).toBe("a.example.com:443");
    for (const other of ["a.example.org", "10.0.0.1", "%REQ(x)%.example.com", "*.example.com"]) {
      expect(lookUpOfRewritten(other, "*.example.com", 443)).toBeUndefined();
    }
  });
});

test("proxies at loopback addresses share what is made with others, unless hosts are looked up", () => {
  const hosts = (files: Readonly<Record<string, string>>): readonly unknown[] => {
    const discovery = createDiscovery(encoder, createDirectory().write(files));
    const near = SIDECAR.replace("10.0.0.1", "127.0.0.9");
    const proxies = [SIDECAR, near].map((id) => {
      const proxy = parseNode({ id, metadata: {} });
      if ("invalid" in proxy) throw new Error(proxy.invalid);
      return discovery.resourcesOf({ proxy, controlPlane: undefined });
    });
    return proxies.map((sets) => sets.virtualHosts);
  };
  const [far, near] = hosts({ "shop.yaml": SHOP });
  expect(near).toBe(far);
  const [farLookingUp, nearLookingUp] = hosts({ "shop.yaml": SHOP, "world.yaml": world(80) });
  expect(nearLookingUp).not.toBe(farLookingUp);
});
