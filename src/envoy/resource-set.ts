/** Envoy resources, encoded and named: what the xDS server sends. */
import { Table } from "../base/table.js";
import type { Encoded } from "./encoder.js";

/** One encoded resource, and what of other resources it stands on. */
export interface EnvoyResource extends Encoded {
  readonly name: string;
  /** Of a listener, route configuration or virtual host: the clusters that it sends traffic to. */
  readonly clusters?: readonly string[];
  /** Of a cluster with endpoints from EDS: the name of its endpoints resource. */
  readonly endpoints?: string;
}

/** Resources of one type by name. */
export type ResourceSet = Table<EnvoyResource>;

/** All that a proxy, or a group of proxies, is sent, by type. */
export interface ResourceSets {
  readonly clusters: ResourceSet;
  readonly endpoints: ResourceSet;
  readonly listeners: ResourceSet;
  readonly routes: ResourceSet;
  readonly secrets: ResourceSet;
}

/** The sets without resources. */
export const NO_RESOURCES: ResourceSets = {
  clusters: Table.empty(),
  endpoints: Table.empty(),
  listeners: Table.empty(),
  routes: Table.empty(),
  secrets: Table.empty(),
};

/** Whether two resources are the same: then the older object stays, and nothing that is built on it changes. */
export function sameResource(a: EnvoyResource, b: EnvoyResource): boolean {
  return a.version === b.version && a.name === b.name;
}

/** The set of these resources. */
export function resourceSet(resources: readonly EnvoyResource[]): ResourceSet {
  return Table.from(resources.map((resource) => [resource.name, resource] as const));
}
