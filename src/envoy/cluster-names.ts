import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** The fields by which listeners and routes name clusters. */
const FIELDS: ReadonlySet<string> = new Set(["cluster", "clusters", "requestMirrorPolicies"]);

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function collect(value: JsonValue, within: boolean, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, within, names);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === "cluster" && typeof child === "string") names.add(child);
    // The members of `weightedClusters.clusters` are named by `name`.
    else if (within && key === "name" && typeof child === "string") names.add(child);
    else collect(child, FIELDS.has(key) && key === "clusters", names);
  }
}

/** The clusters that a listener, route or virtual host sends traffic to, sorted. */
export function clusterNames(json: object): readonly string[] {
  const names = new Set<string>();
  collect(json as JsonValue, false, names);
  return [...names].sort();
}
