/** What fairlead makes of a world, and what its simulator says of requests there. */
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { REFERENCE_CODE } from "../../../src/config/references/dangling.js";
import { formatRef } from "../../../src/config/resource.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { explain } from "../../../src/console/explain/explain.js";
import type { Explanation } from "../../../src/console/explain/explanation.js";
import { peerOf, type Scene } from "../../../src/console/explain/scene.js";
import { HTTP_PROXY_PORT } from "../../../src/envoy/names.js";
import type { Encoder } from "../../../src/envoy/resource/encoder.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { walk } from "../../../src/simulator/simulate.js";
import { hostOf } from "./hosts.js";
import { schemeOf } from "./http-match.js";
import type { Connection, HttpRequest, VirtualService, World } from "./objects.js";
import { CALLERS, type CallerName, podAddress } from "./still-world.js";
import { type RequestCall, type Walked, walkedIn } from "./walked.js";
import { worldText } from "./world-text.js";

const ADDRESSES: Readonly<Record<CallerName, string>> = {
  a: "10.0.1.1",
  b: "10.0.1.2",
  gateway: "10.0.1.3",
};

/** The proxies of those who call, by metadata of theirs. */
const proxiesWith = (metadata: object) =>
  Object.fromEntries(
    (Object.keys(CALLERS) as CallerName[]).map((name): [CallerName, Proxy] => {
      const { namespace, labels } = CALLERS[name];
      const type = name === "gateway" ? "router" : "sidecar";
      const proxy = parseNode({
        id: `${type}~${ADDRESSES[name]}~caller-0.${namespace}~${namespace}.svc.cluster.local`,
        metadata: { LABELS: labels, ...metadata },
      });
      if ("invalid" in proxy) throw new Error(proxy.invalid);
      return [name, proxy];
    }),
  ) as Readonly<Record<CallerName, Proxy>>;

const PROXIES = proxiesWith({});

/** To these nothing is redirected. */
const UNCAPTURED = proxiesWith({ INTERCEPTION_MODE: "NONE" });

/** A pod for each of those who answer, at an address of its own. */
const podsOf = (world: World): string =>
  world.workloads
    .map((workload) => {
      const { name, namespace, labels } = workload;
      return JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels },
        spec: {},
        status: { podIP: podAddress(world, workload) },
      });
    })
    .join("\n---\n");

/** A world in fairlead. */
export interface Simulated {
  readonly scene: Scene;
  /** What is wrong with it, but for what leads to nothing. */
  readonly faults: readonly string[];
}

/** What fairlead reads of a world. */
const snapshotOf = (world: World): ConfigSnapshot =>
  parseOffline([
    { path: "world.yaml", text: worldText(world) },
    { path: "pods.yaml", text: podsOf(world) },
  ]);

/**
 * The world without the VirtualServices that lead to no host or subset: a mesh that runs holds them back until they do (see
 * docs/decisions/0004-what-stays-in-force.md).
 */
export function leadingSomewhere(world: World): World {
  const lost = new Set(
    snapshotOf(world)
      .diagnostics.filter(({ code }) => code === REFERENCE_CODE)
      .map(({ resource }) => resource),
  );
  const isLost = ({ metadata: { name, namespace } }: VirtualService): boolean =>
    lost.has(formatRef({ kind: "VirtualService", namespace, name }));
  return {
    ...world,
    virtualServices: world.virtualServices.filter((one) => !isLost(one)),
  };
}

/** Has a world read, and configuration made of it for all who call. */
export function simulated(world: World, encoder: Encoder): Simulated {
  const snapshot = snapshotOf(world);
  const proxies = Object.values(PROXIES);
  const discovery = createDiscovery(encoder, snapshot);
  const byId = Table.from(proxies.map((proxy) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies: byId, standIns: [] });
  const sets = new Map(
    proxies.map((proxy) => [proxy, discovery.resourcesOf({ proxy, controlPlane: undefined })]),
  );
  return {
    scene: {
      mesh: discovery.mesh(),
      snapshot,
      proxies,
      resourcesOf: (proxy) =>
        sets.get(proxy) ?? discovery.resourcesOf({ proxy, controlPlane: undefined }),
      encoder,
    },
    faults: snapshot.diagnostics
      .filter(({ severity, code }) => severity === "error" && code !== REFERENCE_CODE)
      .map(({ message }) => message),
  };
}

/** Some address outside of the mesh. */
const OUTSIDE = "192.0.2.1";

function callOf(from: CallerName, { port, encrypted, ...request }: HttpRequest): RequestCall {
  const isGateway = from === "gateway";
  return {
    direction: isGateway ? "direct" : "outbound",
    destination: { address: isGateway ? ADDRESSES.gateway : OUTSIDE, port },
    source: { address: isGateway ? OUTSIDE : ADDRESSES[from], port: 0 },
    encryption: encrypted === true ? "tls" : "plaintext",
    serverName: encrypted === true ? hostOf(request.authority) : "",
    alpn: [],
    request: { version: "http/1.1", ...request },
  };
}

/** Walks the configuration of who is asked. */
export function walkOf({ scene }: Simulated, from: CallerName, request: HttpRequest): Walked {
  return walkedIn(peerOf(scene, PROXIES[from]).configuration, callOf(from, request));
}

/** What the simulator makes of a connection. */
export function connectionOf(
  { scene }: Simulated,
  from: CallerName,
  { address, port, begins, serverName, ofMesh }: Connection,
): Pick<Walked, "walk" | "isKnown"> {
  const { configuration } = peerOf(scene, PROXIES[from]);
  const isGateway = from === "gateway";
  const isTls = begins === "tls";
  const request = { version: "http/1.1", method: "GET", authority: "x", path: "/", headers: {} };
  const walked = walk(configuration, {
    direction: isGateway ? "direct" : "outbound",
    destination: { address: isGateway ? ADDRESSES.gateway : address, port },
    source: { address: isGateway ? OUTSIDE : ADDRESSES[from], port: 0 },
    encryption: isTls ? (ofMesh ? "mesh-tls" : "tls") : "plaintext",
    serverName,
    alpn: ofMesh ? ["istio"] : [],
    ...(begins === "bytes" ? {} : { request: { ...request, version: "http/1.1" } }),
  });
  return { walk: walked, isKnown: (cluster) => configuration.clusters.has(cluster) };
}

/** What `explain` says of a request. */
export function explanationOf(
  { scene }: Simulated,
  from: CallerName,
  { method, authority, port, path, headers, ...request }: HttpRequest,
): Explanation {
  const url = new URL(`${schemeOf(request)}://${hostOf(authority)}:${port}${path}`);
  const requested = { method, url, headers: { ...headers, host: authority }, at: 0 };
  return explain(scene, PROXIES[from], requested);
}

/** Who has a sidecar that is an HTTP proxy. */
export type TunnelCaller = Exclude<CallerName, "gateway">;

/** What the simulator makes of the tunnel that an application asks its sidecar for as an HTTP proxy. */
export function tunnelOf(
  { scene }: Simulated,
  from: TunnelCaller,
  authority: string,
): Pick<Walked, "walk" | "isKnown"> {
  const proxy = UNCAPTURED[from];
  const { configuration } = peerOf(scene, proxy);
  const walked = walk(configuration, {
    direction: "direct",
    destination: { address: proxy.egressAddress, port: HTTP_PROXY_PORT },
    source: { address: ADDRESSES[from], port: 0 },
    encryption: "plaintext",
    serverName: "",
    alpn: [],
    request: { version: "http/1.1", method: "CONNECT", authority, path: "", headers: {} },
  });
  return { walk: walked, isKnown: (cluster) => configuration.clusters.has(cluster) };
}

/** What it makes of a connection to a port of the address on which such a sidecar listens. */
export function egressOf(
  { scene }: Simulated,
  from: TunnelCaller,
  { port, begins, serverName }: Connection,
): Pick<Walked, "walk" | "isKnown"> {
  const proxy = UNCAPTURED[from];
  const { configuration } = peerOf(scene, proxy);
  const walked = walk(configuration, {
    direction: "direct",
    destination: { address: proxy.egressAddress, port },
    source: { address: ADDRESSES[from], port: 0 },
    encryption: begins === "tls" ? "tls" : "plaintext",
    serverName,
    alpn: [],
  });
  return { walk: walked, isKnown: (cluster) => configuration.clusters.has(cluster) };
}
