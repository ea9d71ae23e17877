import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  ListenerJson,
  RouteConfigurationJson,
} from "../envoy/api.js";
import type { Encoder } from "../envoy/resource/encoder.js";
import { MESSAGE } from "../envoy/resource/message-types.js";
import type { ResourceSet, ResourceSets } from "../envoy/resource/resource-set.js";

/** Resources of one type by name. */
export type NamedResources<Resource> = Pick<
  ReadonlyMap<string, Resource>,
  "get" | "has" | "values"
>;

/** What a proxy holds, as far as it decides where calls go: canonical JSON of Envoy's API. */
export interface ProxyConfiguration {
  readonly listeners: NamedResources<ListenerJson>;
  readonly routes: NamedResources<RouteConfigurationJson>;
  readonly clusters: NamedResources<ClusterJson>;
  /** Of the clusters that have none in themselves. */
  readonly endpoints: NamedResources<ClusterLoadAssignmentJson>;
}

/**
 * The configuration in what a proxy is sent; what would be refused is not in it. A call meets few of the clusters of a mesh,
 * so a resource is decoded when it is asked for, and once.
 */
export function proxyConfiguration(sets: ResourceSets, encoder: Encoder): ProxyConfiguration {
  const decoded = <Resource extends object>(
    type: string,
    setOf: () => ResourceSet,
  ): NamedResources<Resource> => new DecodedSet(encoder, type, setOf);
  return {
    listeners: decoded(MESSAGE.listener, () => sets.listeners),
    routes: decoded(MESSAGE.route, () => sets.routes),
    clusters: decoded(MESSAGE.cluster, () => sets.clusters),
    endpoints: decoded(MESSAGE.endpoint, () => sets.endpoints),
  };
}

class DecodedSet<Resource extends object> implements NamedResources<Resource> {
  readonly #encoder: Encoder;
  readonly #type: string;
  /** Route configurations are joined when they are read. */
  readonly #setOf: () => ResourceSet;
  readonly #decoded = new Map<string, Resource>();

  constructor(encoder: Encoder, type: string, setOf: () => ResourceSet) {
    this.#encoder = encoder;
    this.#type = type;
    this.#setOf = setOf;
  }

  has(name: string): boolean {
    const resource = this.#setOf().get(name);
    return resource !== undefined && resource.refusal === undefined;
  }

  get(name: string): Resource | undefined {
    const known = this.#decoded.get(name);
    const resource = this.#setOf().get(name);
    if (known !== undefined || resource === undefined || !this.has(name)) return known;
    const decoded = this.#encoder.decode(this.#type, resource.bytes) as Resource;
    this.#decoded.set(name, decoded);
    return decoded;
  }

  /** Sorted by name. */
  values(): MapIterator<Resource> {
    const names = this.#setOf()
      .sorted()
      .map(([name]) => name);
    return names.flatMap((name) => this.get(name) ?? []).values();
  }
}
