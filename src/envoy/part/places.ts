/** Where proxies are, as far as it decides which endpoints they prefer. */
import { type Engine, sameElements } from "../../base/engine.js";
import { NODE_METADATA } from "../../config/node-metadata.js";
import type { Labels } from "../../mesh/labels.js";
import {
  asksForNodes,
  failoverLabels,
  type Place,
  placeLabels,
} from "../../mesh/locality-balancing.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy.js";
import type { Service } from "../../mesh/service.js";
import { knownNode, NODE_LABEL, type Workload } from "../../mesh/workload.js";

/** Finds out where proxies are, as far as some rule asks; proxies in one place are given one object. */
export interface Places {
  /** The finder of one proxy's place. */
  readonly finder: (proxy: Proxy) => (mesh: Mesh) => Place;
  /** The place of a proxy of which nothing is known that a rule asks for. */
  readonly unknown: (mesh: Mesh) => Place;
}

/** The finder of places. */
export function createPlaces(engine: Engine): Places {
  const labelsAsked = engine.latest(
    "failover labels",
    (
      rules: Mesh["rules"],
      setting: Mesh["config"]["localityLbSetting"],
      servicesByNode: number,
    ): readonly string[] => failoverLabels([...rules.values()].flat(), setting, servicesByNode > 0),
  );
  const countByNode = engine.fold<Service, number>(
    "services that ask for nodes",
    0,
    (count, changes) =>
      changes.reduce((sum, { before, after }) => sum + byNode(after) - byNode(before), count),
  );
  const settle = engine.settle<readonly string[]>(sameElements);
  // Asked for each proxy after each edit.
  const asked = engine.latestOf("failover labels of a mesh", ({ rules, config, services }: Mesh) =>
    settle(labelsAsked(rules, config.localityLbSetting, countByNode(services))),
  );
  const shared = engine.memo(
    "place",
    (_asked: readonly string[], key: string) => JSON.parse(key) as Place,
  );
  const place = (keys: readonly string[], locality: string, labels: Labels): Place => {
    const known = keys.map((key) => [key, labels[key] ?? ""] as const);
    return shared(keys, JSON.stringify({ locality, labels: Object.fromEntries(known) }));
  };
  return {
    finder: (proxy) => {
      const find = engine.latestOf("place of a proxy", (keys: readonly string[]) =>
        place(keys, proxy.locality, placeLabels(proxy)),
      );
      return (mesh) => {
        const keys = asked(mesh);
        if (!keys.includes(NODE_LABEL)) return find(keys);
        return place(keys, proxy.locality, placeLabels({ ...proxy, ...nodeOf(proxy, mesh) }));
      };
    },
    unknown: (mesh) => place(asked(mesh), "", {}),
  };
}

const byNode = (service: Service | undefined): number =>
  service !== undefined && asksForNodes(service) ? 1 : 0;

/** The node that a proxy says it is on, else the one that its workload is on by what describes that. See Istio, GetNodeName. */
function nodeOf(
  { namespace, address, serviceAccount, labels, metadata }: Proxy,
  { workloadsByAddress }: Mesh,
): Pick<Workload, "node"> {
  const told = metadata[NODE_METADATA] ?? labels[NODE_LABEL];
  if (told !== undefined) return knownNode(told);
  const there = [...(workloadsByAddress.get(`${namespace}|${address}`)?.values() ?? [])];
  return knownNode(there.find((one) => one.serviceAccount === serviceAccount)?.node);
}
