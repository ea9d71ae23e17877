/** What a sidecar is sent that asks for what it uses. */
import { describe, expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import type { RouteConfigurationJson, VirtualHostJson } from "../../../src/envoy/api.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import type {
  AskedSets,
  ProxySets,
  ResourceSet,
} from "../../../src/envoy/resource/resource-set.js";
import { domainsFor, parseAskedHost } from "../../../src/envoy/route/asked-host.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { matchVirtualHost } from "../../../src/simulator/virtual-host-match.js";
import {
  type GoldenCase,
  goldenCaseNames,
  goldenEncoder,
  readGoldenCase,
} from "../golden/golden-case.js";

const encoder = goldenEncoder();

const PAYMENTS = `
apiVersion: v1
kind: Service
metadata: { name: payments }
spec: { ports: [{ name: http, port: 80 }, { name: http-more, port: 8080 }, { name: tcp-db, port: 9000 }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: payments }
spec: { host: payments, subsets: [{ name: v1, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: payments }
spec:
  hosts: [payments]
  http:
  - route: [{ destination: { host: payments, subset: v1 } }]
    mirror: { host: audit }
---
apiVersion: v1
kind: Service
metadata: { name: audit }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wild }
spec:
  hosts: ["*.wild.example.com"]
  ports: [{ name: http, number: 80, protocol: HTTP }]
  resolution: NONE
`;

function sidecar(metadata: Readonly<Record<string, string>>): Proxy {
  const proxy = parseNode({
    id: "sidecar~127.0.0.1~caller-0.default~default.svc.cluster.local",
    metadata: { ON_DEMAND_DISCOVERY: "true", ...metadata },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return proxy;
}

function setsOf(snapshot: GoldenCase["snapshot"], proxy: Proxy): ProxySets {
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  return discovery.resourcesOf({ proxy, controlPlane: undefined });
}

const snapshotOf = (text: string): GoldenCase["snapshot"] =>
  parseOffline([{ path: "mesh.yaml", text }]);

const payments = (metadata = {}): ProxySets => setsOf(snapshotOf(PAYMENTS), sidecar(metadata));

const versionsIn = (set: ResourceSet): Readonly<Record<string, string>> =>
  Object.fromEntries([...set].map(([name, { version }]) => [name, version]));

function asked(
  sets: ProxySets,
  virtualHosts: readonly string[],
  clusters: readonly string[] = [],
): AskedSets {
  const names = { virtualHosts: new Set(virtualHosts), clusters: new Set(clusters) };
  return sets.asked?.(names) ?? sets;
}

const namesIn = (set: ResourceSet): readonly string[] => [...set.keys()].sort();

const servicesIn = (set: ResourceSet): readonly string[] =>
  namesIn(set).filter((name) => name.startsWith("outbound|"));

function hostsIn(set: ResourceSet): readonly VirtualHostJson[] {
  return [...set.values()].map(
    ({ bytes }) => encoder.decode(MESSAGE.virtualHost, bytes) as VirtualHostJson,
  );
}

/** What becomes of requests, whatever the virtual host is called. */
function fate(
  table: Pick<RouteConfigurationJson, "virtualHosts" | "ignorePortInHostMatching">,
  authority: string,
): object | undefined {
  const found = matchVirtualHost(table, authority);
  return found && { ...found.virtualHost, name: "", domains: [] };
}

/** Names by which a table could be called: those that it has, one for each wildcard, and one that nobody has. */
function authoritiesOf({ virtualHosts = [] }: RouteConfigurationJson): readonly string[] {
  const domains = virtualHosts.flatMap((host) => host.domains ?? []);
  const called = [...domains, "nobody.example.org"].map((name) => name.replace("*", "Any"));
  return [...new Set(called.flatMap((name) => [name, `${name}:80`, `${name}:8080`]))];
}

describe("of whatever mesh a sidecar asks", () => {
  test.each(goldenCaseNames())("in %s each name is answered for as in the whole table", (name) => {
    const { snapshot, proxies } = readGoldenCase(name);
    for (const proxy of proxies.values()) {
      const sets = setsOf(snapshot, { ...proxy, onDemand: proxy.type === "sidecar" });
      for (const [routeName, { bytes }] of sets.asked === undefined ? [] : sets.routes) {
        const whole = encoder.decode(MESSAGE.route, bytes) as RouteConfigurationJson;
        const authorities = authoritiesOf(whole);
        const all = authorities.map((authority) => `${routeName}/${authority.toLowerCase()}`);
        const { virtualHosts } = asked(sets, all);
        const table = {
          ...whole,
          virtualHosts: [...hostsIn(virtualHosts)].filter(({ name: one = "" }) =>
            one.startsWith(`${routeName}/`),
          ),
        };
        expect(all.filter((one) => !virtualHosts.has(one))).toEqual([]);
        for (const authority of authorities) {
          expect(fate(table, authority)).toEqual(fate(whole, authority));
        }
        expect(repeated(table.virtualHosts.flatMap(({ domains = [] }) => domains))).toEqual([]);
      }
    }
  });
});

const repeated = (texts: readonly string[]): readonly string[] =>
  texts.filter((text, i) => texts.indexOf(text) !== i);

describe("a sidecar that asks", () => {
  test("is sent nothing of services before", () => {
    const { clusters, virtualHosts } = asked(payments(), []);
    expect(namesIn(virtualHosts)).toEqual(["80/on demand", "8080/on demand"]);
    expect(namesIn(clusters)).toEqual([
      "BlackHoleCluster",
      "InboundPassthroughCluster",
      "PassthroughCluster",
    ]);
  });

  test("is sent the virtual host of the name that it asked for, and the clusters of its routes and mirrors", () => {
    const { clusters, virtualHosts } = asked(payments(), ["80/payments"]);
    expect(namesIn(virtualHosts)).toEqual(["80/on demand", "80/payments", "8080/on demand"]);
    expect(servicesIn(clusters)).toEqual([
      "outbound|80|v1|payments.default.svc.cluster.local",
      "outbound|80||audit.default.svc.cluster.local",
    ]);
  });

  test("is sent clusters for connections by their names", () => {
    const name = "outbound|9000||payments.default.svc.cluster.local";
    const { clusters } = asked(payments(), [], [name, "outbound|1||nobody"]);
    expect(servicesIn(clusters)).toEqual([name]);
  });

  test("is answered for a name with a port beside the name itself", () => {
    const { virtualHosts } = asked(payments(), ["8080/payments:8080", "8080/payments:80"]);
    const [first, itself, ...ports] = hostsIn(virtualHosts)
      .filter(({ name = "" }) => name.startsWith("8080/"))
      .sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
    expect(first?.name).toBe("8080/on demand");
    expect(itself).toMatchObject({ name: "8080/payments", domains: ["payments"] });
    expect(ports.map(({ name, routes }) => [name, routes])).toEqual([
      ["8080/payments:80", undefined],
      ["8080/payments:8080", undefined],
    ]);
    const [waiting] = ports;
    expect(virtualHosts.get(waiting?.name ?? "")?.clusters).toEqual(
      virtualHosts.get("8080/payments")?.clusters,
    );
  });

  test("has its port counted where the HTTP proxy does", () => {
    const { virtualHosts } = asked(payments({ INTERCEPTION_MODE: "NONE" }), [
      "http_proxy/payments:8080",
    ]);
    const found = hostsIn(virtualHosts).find(({ name }) => name === "http_proxy/payments:8080");
    expect(found?.domains).toEqual(["payments:8080"]);
    expect(found?.routes).toHaveLength(1);
  });

  test("makes nothing of a name that would stand for others", () => {
    const { virtualHosts } = asked(payments(), ["80/*", "80/*.example.com"]);
    const made = hostsIn(virtualHosts).filter(({ name = "" }) => name.includes("*"));
    expect(made).toHaveLength(2);
    for (const { domains = [], routes } of made) {
      expect(domains).toEqual([expect.stringContaining(" ")]);
      expect(routes).toBeUndefined();
    }
  });

  test("makes nothing of names that no request has and of route configurations that are not there", () => {
    const names = ["80/", "80", "", "nowhere/payments", "80/on demand", "80/a b"];
    expect(namesIn(asked(payments(), names).virtualHosts)).toEqual(
      namesIn(asked(payments(), []).virtualHosts),
    );
  });

  test("is sent everything when it asks for very many hosts, and an answer for each", () => {
    const sets = payments();
    const many = Array.from({ length: 1000 }, (_, i) => `80/host-${i}.example.org`);
    const { clusters, virtualHosts } = asked(sets, many);
    expect(clusters).toBe(sets.clusters);
    expect(namesIn(sets.virtualHosts).filter((name) => !virtualHosts.has(name))).toEqual([]);
    expect(many.filter((name) => !virtualHosts.has(name))).toEqual([]);
    const domains = hostsIn(virtualHosts)
      .filter(({ name = "" }) => name.startsWith("80/"))
      .flatMap((host) => host.domains ?? []);
    expect(repeated(domains)).toEqual([]);
  });

  test("is sent the same objects as long as it asks for the same", () => {
    const sets = payments();
    const names = { virtualHosts: new Set(["80/payments"]), clusters: new Set<string>() };
    const [first, second] = [sets.asked?.(names), sets.asked?.(names)];
    expect(second?.clusters).toBe(first?.clusters);
    expect(second?.virtualHosts).toBe(first?.virtualHosts);
  });
});

describe("after any edits", () => {
  const wild = PAYMENTS.replaceAll("*.wild.example.com", "*.other.example.com");
  const gone = PAYMENTS.slice(0, PAYMENTS.lastIndexOf("---"));
  const names = ["80/payments", "80/a.wild.example.com", "80/a.other.example.com:80", "80/x"];

  test("is sent what it would be sent without remembering", () => {
    const proxy = sidecar({});
    const [remembering, forgetful] = [new Engine(), new Engine({ memo: false })].map((engine) => {
      const discovery = createDiscovery(encoder, snapshotOf(""), engine);
      return (text: string): AskedSets => {
        const proxies = Table.from([[proxy.id, proxy]]);
        discovery.update({ snapshot: snapshotOf(text), proxies, standIns: [] });
        return asked(discovery.resourcesOf({ proxy, controlPlane: undefined }), names);
      };
    });
    for (const text of [PAYMENTS, wild, gone, "", PAYMENTS, gone, wild]) {
      const [first, second] = [remembering?.(text), forgetful?.(text)];
      expect(first && versionsIn(first.virtualHosts)).toEqual(
        second && versionsIn(second.virtualHosts),
      );
      expect(first && versionsIn(first.clusters)).toEqual(second && versionsIn(second.clusters));
    }
  });
});

describe("a name that is asked for", () => {
  test.each([
    ["80/reviews", { routeName: "80", host: "reviews", isWildcard: false }],
    ["80/Reviews:8080", { routeName: "80", host: "reviews", isWildcard: false }],
    ["http_proxy/reviews:80", { routeName: "http_proxy", host: "reviews:80", isWildcard: false }],
    ["reviews.a:80/[::1]:80", { routeName: "reviews.a:80", host: "[::1]", isWildcard: false }],
    ["80/*", { routeName: "80", host: "*", isWildcard: true }],
  ])("%s is read", (name, expected) => {
    expect(parseAskedHost(name)).toEqual({ name, ...expected });
  });

  test("is looked for under its own domain first, then under the most special wildcards", () => {
    expect([...domainsFor("a.b")]).toEqual(["a.b", "*.b", "*b", "a.*", "a*", "*"]);
  });

  test("is looked for under few domains when it is longer than any name", () => {
    expect([...domainsFor("a".repeat(10_000))]).toHaveLength(2);
  });
});
