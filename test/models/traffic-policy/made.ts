/** The clusters and endpoints that fairlead sends a caller, in the words of the model. */
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { REFERENCE_CODE } from "../../../src/config/references/dangling.js";
import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  ListenerJson,
  RouteActionJson,
  RouteConfigurationJson,
  TcpProxyJson,
} from "../../../src/envoy/api.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { tcpProxyOf } from "../../../src/simulator/network-filters.js";
import { described, groupsOf } from "./described.js";
import type { Description } from "./model.js";
import type { PlacedCaller, World } from "./objects.js";
import { worldText } from "./world-text.js";

const CLUSTER = "envoy.config.cluster.v3.Cluster";
const ROUTES = "envoy.config.route.v3.RouteConfiguration";
const LISTENER = "envoy.config.listener.v3.Listener";
const ASSIGNMENT = "envoy.config.endpoint.v3.ClusterLoadAssignment";

type Encoder = Parameters<typeof createDiscovery>[0];
type ResourceSet = ReturnType<ReturnType<typeof createDiscovery>["resourcesOf"]>["clusters"];

function proxyOf(
  { namespace, labels, type, locality, network }: PlacedCaller,
  index: number,
): Proxy {
  const [region = "", zone = "", subZone = ""] = locality.split("/");
  const proxy = parseNode({
    id: `${type}~10.0.1.${index + 1}~caller-0.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { LABELS: labels, NAMESPACE: namespace, NETWORK: network },
    locality: { region, zone, subZone },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return proxy;
}

/** The routes by the clusters to which they lead by themselves. */
const routesIn = (all: readonly RouteConfigurationJson[]): ReadonlyMap<string, RouteActionJson> =>
  new Map(
    all
      .flatMap(({ virtualHosts = [] }) => virtualHosts)
      .flatMap(({ routes = [] }) => routes)
      .flatMap(({ route }) => (route?.cluster === undefined ? [] : [[route.cluster, route]])),
  );

/** What passes bytes on, by the clusters to which it leads by itself. */
const proxiesIn = (all: readonly ListenerJson[]): ReadonlyMap<string, TcpProxyJson> =>
  new Map(
    all
      .flatMap(({ filterChains = [], defaultFilterChain }) =>
        defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain],
      )
      .flatMap((chain) => {
        const proxy = tcpProxyOf(chain);
        return proxy?.cluster === undefined ? [] : [[proxy.cluster, proxy]];
      }),
  );

/** What fairlead makes of a world. */
export interface Made {
  /** What is wrong with it. */
  readonly faults: readonly string[];
  /** By caller, the clusters of hosts by name. */
  readonly clusters: ReadonlyMap<PlacedCaller, ReadonlyMap<string, Description>>;
}

const refusalsOf = (set: ResourceSet): readonly string[] =>
  [...set.values()].flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal.reason]));

/** Has a world read, and configuration made of it for all who call. */
export function made(world: World, encoder: Encoder): Made {
  const snapshot = parseOffline([{ path: "world.yaml", text: worldText(world) }]);
  const proxies = world.callers.map((caller, i) => [caller, proxyOf(caller, i)] as const);
  const discovery = createDiscovery(encoder, snapshot);
  const byId = Table.from(proxies.map(([, proxy]) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies: byId, standIns: [] });
  const read = <Json>(type: string, set: ResourceSet): ReadonlyMap<string, Json> =>
    new Map(
      [...set.values()].map(({ name, bytes }) => [name, encoder.decode(type, bytes) as Json]),
    );
  const all = proxies.map(([caller, proxy]) => {
    const sets = discovery.resourcesOf({ proxy, controlPlane: undefined });
    const clusters = read<ClusterJson>(CLUSTER, sets.clusters);
    const assignments = read<ClusterLoadAssignmentJson>(ASSIGNMENT, sets.endpoints);
    const routes = routesIn([...read<RouteConfigurationJson>(ROUTES, sets.routes).values()]);
    const proxied = proxiesIn([...read<ListenerJson>(LISTENER, sets.listeners).values()]);
    const outbound = [...clusters].filter(([name]) => name.startsWith("outbound|"));
    const descriptions = outbound.map(([name, json]) => {
      const { edsClusterConfig, loadAssignment } = json;
      const found = edsClusterConfig === undefined ? loadAssignment : assignments.get(name);
      return [
        name,
        described(json, found && groupsOf(found), routes.get(name), proxied.get(name)),
      ] as const;
    });
    return { caller, clusters: new Map(descriptions), refused: refusalsOf(sets.clusters) };
  });
  return {
    faults: [
      ...snapshot.diagnostics
        .filter(({ severity, code }) => severity === "error" && code !== REFERENCE_CODE)
        .map(({ message }) => message),
      ...all.flatMap(({ refused }) => refused),
    ],
    clusters: new Map(all.map(({ caller, clusters }) => [caller, clusters])),
  };
}
