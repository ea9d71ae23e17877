/** The localities of proxies as clients: their locality, network and labels, as far as these decide which endpoints they prefer. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { memberOf } from "../../base/member-of.js";
import type { Table } from "../../base/table/table.js";
import type { Labels } from "../labels.js";
import type { Mesh } from "../mesh.js";
import type { Proxy } from "../proxy/proxy.js";
import type { Service } from "../service/service.js";
import { nodeOf } from "../workload/node-of.js";
import { NODE_LABEL, type Workload } from "../workload/workload.js";
import type { DestinationRule } from "./destination-rule.js";
import {
  asksForNodes,
  type ClientLocality,
  failoverLabels,
  labelsWithTopology,
  localityLabels,
  type PlaceSetting,
} from "./locality-balancing.js";

/** Finds them, with no more in them than some rule asks for. Proxies of one locality share one object. */
export interface ClientLocalities {
  /** The labels that rules ask for; the same object until they change. */
  readonly labelsAsked: (mesh: Mesh) => readonly string[];
  /** Makes the finder of one proxy's locality, from these labels and the workloads at its address. */
  readonly finder: (
    proxy: Proxy,
  ) => (asked: readonly string[], workloads: Table<Workload> | undefined) => ClientLocality;
  /** The locality of a proxy of which nothing is known. */
  readonly unknown: (mesh: Mesh) => ClientLocality;
}

/** The finder of localities. */
export function createClientLocalities(engine: Engine): ClientLocalities {
  const ofRules = engine.derive<[readonly DestinationRule[]], [], readonly string[]>(
    "failover labels of rules",
    (_host, [rules = []]) => {
      const labels = failoverLabels(rules);
      return labels.length === 0 ? undefined : labels;
    },
    sameElements,
  );
  const labelsOf = engine.latest(
    "failover labels",
    (
      asked: Table<readonly string[]>,
      setting: PlaceSetting,
      servicesByNode: number,
    ): readonly string[] => localityLabels(asked.values(), setting, servicesByNode > 0),
  );
  const countByNode = engine.fold<Service, number>(
    "services that ask for nodes",
    0,
    (count, changes) =>
      changes.reduce((sum, { before, after }) => sum + byNode(after) - byNode(before), count),
  );
  const settle = engine.settle<readonly string[]>(sameElements);
  const labelsAsked = ({ rules, config, services }: Mesh): readonly string[] =>
    settle(
      labelsOf(
        ofRules([rules]),
        config.zoneAwareLbSetting ?? config.localityLbSetting,
        countByNode(services),
      ),
    );
  // One object only for as long as somebody is there: localities come and go, as nodes do.
  const shared = engine.held("client locality", (key) => JSON.parse(key) as ClientLocality);
  const localityOf = (
    keys: readonly string[],
    locality: string,
    labels: Labels,
  ): ClientLocality => {
    const known = keys.map((key) => [key, memberOf(labels, key) ?? ""] as const);
    return shared(JSON.stringify({ locality, labels: Object.fromEntries(known) }));
  };
  return {
    labelsAsked,
    finder: (proxy) => {
      const find = engine.latest("locality of a proxy", (keys: readonly string[], node: string) =>
        localityOf(keys, proxy.locality, labelsWithTopology({ ...proxy, node })),
      );
      return (keys, workloads) =>
        find(keys, keys.includes(NODE_LABEL) ? nodeOf(proxy, workloads) : "");
    },
    unknown: (mesh) => localityOf(labelsAsked(mesh), "", NOWHERE),
  };
}

/** What is said of a proxy of which nothing is known. */
const NOWHERE = labelsWithTopology({ labels: {}, locality: "", network: "" });

const byNode = (service: Service | undefined): number =>
  service !== undefined && asksForNodes(service) ? 1 : 0;
