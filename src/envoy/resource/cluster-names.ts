import type { JsonValue } from "@bufbuild/protobuf";
import { isMap } from "../../base/is-map.js";

/** The fields by which listeners and routes name clusters. */
const FIELDS: ReadonlySet<string> = new Set(["cluster", "clusters", "requestMirrorPolicies"]);

/** The fields that are a cluster's name; `clusterName` is that of a gRPC service, `collectorCluster` that of a tracer. */
const NAMING: ReadonlySet<string> = new Set(["cluster", "clusterName", "collectorCluster"]);

/** The fields by which a TCP proxy names clusters; one that asks for those that it lacks can do without them. */
const WAITED_FOR: ReadonlySet<string> = new Set(["cluster", "weightedClusters"]);
const NOTHING: ReadonlySet<string> = new Set();

function collect(value: JsonValue, within: boolean, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, within, names);
    return;
  }
  if (!isMap(value)) return;
  const found = "onDemand" in value ? WAITED_FOR : NOTHING;
  for (const [key, child] of Object.entries(value)) {
    if (found.has(key)) continue;
    if (NAMING.has(key) && typeof child === "string") names.add(child);
    // The members of `weightedClusters.clusters` are named by `name`.
    else if (within && key === "name" && typeof child === "string") names.add(child);
    else collect(child, FIELDS.has(key) && key === "clusters", names);
  }
}

/** The clusters that a listener, route or virtual host sends traffic to and has to wait for, sorted. */
export function clusterNames(json: object): readonly string[] {
  const names = new Set<string>();
  collect(json as JsonValue, false, names);
  return [...names].sort();
}
