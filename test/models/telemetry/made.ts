/** What fairlead has proxies tell, in the words of the model. */
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import type { ListenerJson } from "../../../src/envoy/api.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { type Filter, filtersOf, toldBy } from "./described.js";
import type { Told, What } from "./model.js";
import type { Side, Teller, World } from "./objects.js";
import { TELLERS } from "./still-world.js";
import { worldText } from "./world-text.js";

const LISTENER = "envoy.config.listener.v3.Listener";

type Encoder = Parameters<typeof createDiscovery>[0];

function proxyOf({ namespace, labels, type }: Teller, index: number): Proxy {
  const proxy = parseNode({
    id: `${type}~10.0.1.${index + 1}~${labels["app"] ?? ""}-0.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { LABELS: labels, NAMESPACE: namespace },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return proxy;
}

/** What all filters of a proxy for requests, or for connections, of one side tell: each once. */
export interface Found {
  readonly teller: Teller;
  readonly side: Side;
  readonly what: What;
  readonly told: readonly Told[];
}

export interface Made {
  /** What is wrong with the world. */
  readonly faults: readonly string[];
  readonly found: readonly Found[];
}

/** Of those that are the same, one. */
const distinct = (all: readonly Told[]): readonly Told[] => [
  ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
];

function found(teller: Teller, listeners: readonly ListenerJson[]): readonly Found[] {
  const all = listeners.flatMap((listener): readonly (Filter & { readonly side: Side })[] => {
    const side = listener.name === "virtualInbound" ? "SERVER" : "CLIENT";
    return filtersOf(listener).map((filter) => ({ ...filter, side }));
  });
  const ways = [
    ["CLIENT", "requests"],
    ["CLIENT", "connections"],
    ["SERVER", "requests"],
    ["SERVER", "connections"],
  ] as const;
  return ways.flatMap(([side, what]) => {
    const filters = all.filter((one) => one.side === side && one.what === what);
    const told = distinct(filters.map(toldBy));
    return told.length === 0 ? [] : [{ teller, side, what, told }];
  });
}

/** Has a world read, and listeners made of it for all who tell. */
export function made(world: World, encoder: Encoder): Made {
  const snapshot = parseOffline([{ path: "world.yaml", text: worldText(world) }]);
  const proxies = TELLERS.map((teller, i) => [teller, proxyOf(teller, i)] as const);
  const discovery = createDiscovery(encoder, snapshot);
  const byId = Table.from(proxies.map(([, proxy]) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies: byId, standIns: [] });
  const all = proxies.map(([teller, proxy]) => {
    const { listeners } = discovery.resourcesOf({ proxy, controlPlane: undefined });
    const refused = [...listeners.values()].flatMap(({ refusal }) => refusal?.reason ?? []);
    const read = [...listeners.values()].map(
      ({ bytes }) => encoder.decode(LISTENER, bytes) as ListenerJson,
    );
    return { refused, found: found(teller, read) };
  });
  return {
    faults: [
      ...snapshot.diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ message }) => message),
      ...all.flatMap(({ refused }) => refused),
    ],
    found: all.flatMap((one) => one.found),
  };
}
