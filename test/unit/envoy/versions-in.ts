import type { ResourceSets } from "../../../src/envoy/resource/resource-set.js";

const TYPES = [
  "clusters",
  "endpoints",
  "listeners",
  "routes",
  "splitRoutes",
  "virtualHosts",
  "secrets",
  "extensions",
] as const;

/** The names and versions in all sets: equal for sets that say the same. */
export function versionsIn(sets: ResourceSets): unknown {
  return TYPES.map((type) => [
    type,
    sets[type].sorted().map(([name, { version }]) => `${name} ${version}`),
  ]);
}
