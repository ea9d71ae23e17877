/** What fairlead makes of a world, and what its simulator says of requests there. */
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { explain } from "../../../src/console/explain/explain.js";
import type { Result } from "../../../src/console/explain/explanation.js";
import type { Scene } from "../../../src/console/explain/scene.js";
import type { Encoder } from "../../../src/envoy/resource/encoder.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import {
  type ProxyConfiguration,
  proxyConfiguration,
} from "../../../src/simulator/configuration.js";
import { type RequestCall, type Walked, walkedIn } from "../routing/walked.js";
import type { Asked } from "./model.js";
import type { World } from "./objects.js";
import { worldText } from "./world-text.js";

/** The name of who is asked: a sidecar's namespace, or `namespace/name` of a Gateway. */
const callerOf = (asked: Asked): string => (asked.from === "gateway" ? asked.gateway : asked.from);

function proxy(
  type: "sidecar" | "router",
  address: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Proxy {
  const found = parseNode({
    id: `${type}~${address}~caller-${address}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { LABELS: labels },
  });
  if ("invalid" in found) throw new Error(found.invalid);
  return found;
}

const gatewayLabels = (name: string) => ({ "gateway.networking.k8s.io/gateway-name": name });

/** The proxies of those who call. */
const PROXIES: Readonly<Record<string, Proxy>> = {
  a: proxy("sidecar", "10.0.1.1", "a", { app: "caller" }),
  b: proxy("sidecar", "10.0.1.2", "b", { app: "caller" }),
  "edge/one": proxy("router", "10.0.1.3", "edge", gatewayLabels("one")),
  "a/two": proxy("router", "10.0.1.4", "a", gatewayLabels("two")),
};

/** A pod for each of those who answer, and one for each Gateway. */
function podsOf({ workloads, gateways }: World): string {
  const all = [
    ...workloads,
    ...gateways.map(({ metadata: { name, namespace } }) => ({
      name: `gateway-${name}`,
      namespace,
      labels: gatewayLabels(name),
    })),
  ];
  return all
    .map(({ name, namespace, labels }, i) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels },
        spec: {},
        status: { podIP: `10.0.2.${i + 1}` },
      }),
    )
    .join("\n---\n");
}

/** A world in fairlead. */
export interface Simulated {
  readonly scene: Scene;
  readonly configurations: ReadonlyMap<string, ProxyConfiguration>;
  /** What keeps objects from being read. */
  readonly faults: readonly string[];
  /** `Kind name.namespace: code` of what is amiss otherwise, sorted, each once. */
  readonly conditions: readonly string[];
}

const CONDITIONS: readonly string[] = [
  "unattached-route",
  "reference-not-granted",
  "IST0101",
  "unserved-listener",
];

function conditionsOf({ diagnostics }: ConfigSnapshot): readonly string[] {
  const all = diagnostics
    // What files there are for Secrets is not the model's.
    .filter(({ code, message }) => CONDITIONS.includes(code) && !message.includes("no Secret"))
    .map(({ code, resource = "" }) => `${resource}: ${code}`);
  return [...new Set(all)].sort();
}

/** Has a world read, and configuration made of it for all who call. */
export function simulated(world: World, encoder: Encoder): Simulated {
  const snapshot = parseOffline([
    { path: "world.yaml", text: worldText(world) },
    { path: "pods.yaml", text: podsOf(world) },
  ]);
  const proxies = Object.values(PROXIES);
  const discovery = createDiscovery(encoder, snapshot);
  const byId = Table.from(proxies.map((one) => [one.id, one] as const));
  discovery.update({ snapshot, proxies: byId, standIns: [] });
  const sets = new Map(
    proxies.map((one) => [one, discovery.resourcesOf({ proxy: one, controlPlane: undefined })]),
  );
  const resourcesOf: Scene["resourcesOf"] = (one) =>
    sets.get(one) ?? discovery.resourcesOf({ proxy: one, controlPlane: undefined });
  return {
    scene: { mesh: discovery.mesh(), snapshot, proxies, resourcesOf, encoder },
    configurations: new Map(
      Object.entries(PROXIES).map(([name, one]) => [
        name,
        proxyConfiguration(resourcesOf(one), encoder),
      ]),
    ),
    faults: snapshot.diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ message, resource }) => `${resource ?? ""}: ${message}`),
    conditions: conditionsOf(snapshot),
  };
}

const OUTSIDE = "192.0.2.1";

function callOf(asked: Asked): RequestCall {
  const { port, ...request } = asked.request;
  const isGateway = asked.from === "gateway";
  const own = PROXIES[callerOf(asked)]?.address ?? "";
  const serverName = isGateway ? asked.serverName : undefined;
  return {
    direction: isGateway ? "direct" : "outbound",
    destination: { address: isGateway ? own : OUTSIDE, port },
    source: { address: isGateway ? OUTSIDE : own, port: 0 },
    encryption: serverName === undefined ? "plaintext" : "tls",
    serverName: serverName ?? "",
    alpn: serverName === undefined ? [] : ["http/1.1"],
    request: { version: "http/1.1", ...request },
  };
}

/** Walks the configuration of who is asked. */
export function walkOf({ configurations }: Simulated, asked: Asked): Walked {
  const configuration = configurations.get(callerOf(asked));
  if (configuration === undefined) throw new Error(`nobody is ${callerOf(asked)}`);
  return walkedIn(configuration, callOf(asked));
}

/** How `explain` says that a request ends; undefined of one that has no URL, since it names no server. */
export function resultsOf({ scene }: Simulated, asked: Asked): readonly Result[] | undefined {
  const { method, authority, port, path, headers } = asked.request;
  const proxy = PROXIES[callerOf(asked)];
  const serverName = asked.from === "gateway" ? asked.serverName : undefined;
  if (proxy === undefined || serverName === "") return undefined;
  const host = serverName ?? authority.replace(/:\d+$/, "");
  const url = new URL(`${serverName === undefined ? "http" : "https"}://${host}:${port}${path}`);
  return explain(scene, proxy, { method, url, headers: { ...headers, host: authority }, at: 0 })
    .results;
}
