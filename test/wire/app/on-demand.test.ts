/** A sidecar that asks for what it uses, on a running control plane. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type {
  DeltaDiscoveryRequestJson,
  DeltaDiscoveryResponseJson,
} from "../../../gen/types/envoy/service/discovery/v3/discovery_pb.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { type DeltaStream, openDelta, said } from "../xds/discovery-client.js";
import { type Started, start } from "./start.js";

const { cluster: CLUSTERS, endpoint: ENDPOINTS, virtualHost: HOSTS } = TYPE_URL;

const NODE = {
  id: "sidecar~127.0.0.1~caller-0.default~default.svc.cluster.local",
  metadata: { ON_DEMAND_DISCOVERY: "true" },
};

const service = (host: string, edition: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host}, namespace: default }
spec:
  hosts: [${host}.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP }, { number: 9000, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${host}, namespace: default }
spec:
  hosts: [${host}.example.com]
  http: [{ name: ${edition}, route: [{ destination: { host: ${host}.example.com } }] }]
---`;

const mesh = (reviews: string, details: string): string =>
  `${service("reviews", reviews)}${service("details", details)}`;

const cluster = (host: string, port = 80): string => `outbound|${port}||${host}.example.com`;

type Resource = NonNullable<DeltaDiscoveryResponseJson["resources"]>[number];

/** A client that accepts all that it is sent, and remembers what it holds. */
class Caller {
  readonly #stream: DeltaStream;
  /** By type, then by name. */
  readonly #held = new Map<string, Map<string, Resource>>();

  constructor({ controlPlane }: Started) {
    this.#stream = openDelta(`127.0.0.1:${controlPlane.plaintextPort}`);
    onTestFinished(() => {
      this.close();
    });
  }

  /** What the next response says, with the last part of its type. */
  async next(): Promise<string> {
    const response = await this.#stream.next();
    const { typeUrl = "", nonce = "", resources = [], removedResources = [] } = response;
    const held = this.#held.get(typeUrl) ?? new Map<string, Resource>();
    for (const one of resources) held.set(one.name ?? "", one);
    for (const name of removedResources) held.delete(name);
    this.#held.set(typeUrl, held);
    this.send({ typeUrl, responseNonce: nonce });
    return `${typeUrl.split(".").at(-1)}: ${said(response)}`;
  }

  send(request: DeltaDiscoveryRequestJson): void {
    this.#stream.send(request);
  }

  /** Names and versions of what it holds of a type. */
  versions(typeUrl: string): Record<string, string> {
    const held = [...(this.#held.get(typeUrl) ?? [])];
    return Object.fromEntries(held.map(([name, { version = "" }]) => [name, version]));
  }

  host(name: string): unknown {
    return this.#held.get(HOSTS)?.get(name)?.resource;
  }

  close(): void {
    this.#stream.close();
  }
}

/** A client that has called `reviews` and a host that nobody knows. */
async function warm(started: Started): Promise<Caller> {
  const caller = new Caller(started);
  caller.send({ node: NODE, typeUrl: CLUSTERS });
  expect(await caller.next()).toBe(
    "Cluster: BlackHoleCluster InboundPassthroughCluster PassthroughCluster",
  );
  caller.send({ typeUrl: HOSTS });
  expect(await caller.next()).toBe("VirtualHost: 80/on demand");
  caller.send({ typeUrl: HOSTS, resourceNamesSubscribe: ["80/reviews.example.com"] });
  expect(await caller.next()).toBe(`Cluster: ${cluster("reviews")}`);
  expect(await caller.next()).toBe("VirtualHost: 80/reviews.example.com");
  caller.send({ typeUrl: HOSTS, resourceNamesSubscribe: ["80/nobody.example.org:80"] });
  expect(await caller.next()).toBe("VirtualHost: 80/nobody.example.org 80/nobody.example.org:80");
  return caller;
}

const edit = ({ config }: Started, text: string): Promise<void> =>
  writeFile(join(config, "mesh.yaml"), text);

test("a sidecar that asks is sent a host when it first calls it, its cluster before", async () => {
  const caller = await warm(await start(mesh("first", "first")));
  expect(caller.host("80/reviews.example.com")).toMatchObject({
    domains: ["reviews.example.com"],
    routes: [{ name: "first", route: { cluster: cluster("reviews") } }],
  });
  expect(caller.host("80/nobody.example.org")).toMatchObject({
    domains: ["nobody.example.org"],
    routes: [{ name: "allow_any", route: { cluster: "PassthroughCluster" } }],
  });
});

test("it is sent a cluster by its name, and told at once of one that does not exist", async () => {
  const caller = await warm(await start(mesh("first", "first")));
  const [there, missing] = [cluster("details", 9000), cluster("nobody", 9000)];
  caller.send({ typeUrl: CLUSTERS, resourceNamesSubscribe: [there] });
  expect(await caller.next()).toBe(`Cluster: ${there}`);
  caller.send({ typeUrl: ENDPOINTS, resourceNamesSubscribe: [there] });
  expect(await caller.next()).toBe(`ClusterLoadAssignment: ${there}`);
  caller.send({ typeUrl: CLUSTERS, resourceNamesSubscribe: [missing] });
  expect(await caller.next()).toBe(`Cluster: -${missing}`);
});

test("it is told of changes of what it asked for, and of nothing else", async () => {
  const started = await start(mesh("first", "first"));
  const caller = await warm(started);
  await edit(started, mesh("first", "second"));
  await edit(started, mesh("second", "second"));
  expect(await caller.next()).toBe("VirtualHost: 80/reviews.example.com");
  await edit(started, service("details", "second"));
  expect(await caller.next()).toBe("VirtualHost: 80/reviews.example.com");
  expect(caller.host("80/reviews.example.com")).toMatchObject({
    routes: [{ name: "allow_any" }],
  });
  expect(await caller.next()).toBe(`Cluster: -${cluster("reviews")}`);
  await edit(started, mesh("third", "second"));
  expect(await caller.next()).toBe(`Cluster: ${cluster("reviews")}`);
  expect(await caller.next()).toBe("VirtualHost: 80/reviews.example.com");
});

test("when it comes back it is sent nothing that it holds", async () => {
  const started = await start(mesh("first", "first"));
  const before = await warm(started);
  before.close();
  const caller = new Caller(started);
  const names = ["*", "80/nobody.example.org:80", "80/reviews.example.com"];
  caller.send({
    node: NODE,
    typeUrl: CLUSTERS,
    initialResourceVersions: before.versions(CLUSTERS),
  });
  caller.send({
    typeUrl: HOSTS,
    resourceNamesSubscribe: names,
    initialResourceVersions: before.versions(HOSTS),
  });
  caller.send({ typeUrl: HOSTS, resourceNamesSubscribe: ["80/details.example.com"] });
  expect(await caller.next()).toBe(`Cluster: ${cluster("details")}`);
  expect(await caller.next()).toBe("VirtualHost: 80/details.example.com");
});

test("when it comes back without an answer to what it had asked, it is answered", async () => {
  const started = await start(mesh("first", "first"));
  const caller = new Caller(started);
  caller.send({ node: NODE, typeUrl: CLUSTERS });
  await caller.next();
  const names = ["*", "80/reviews.example.com"];
  caller.send({ typeUrl: HOSTS, resourceNamesSubscribe: names });
  expect([await caller.next(), await caller.next(), await caller.next()].sort()).toEqual([
    `Cluster: ${cluster("reviews")}`,
    "VirtualHost: 80/on demand",
    "VirtualHost: 80/reviews.example.com",
  ]);
});
