/** The resources that connected proxies refused and are kept from. */
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import type { StreamStatus } from "../../xds/state/status/stream-status.js";

/** A resource that proxies refuse for one reason. */
export interface RefusedResource {
  /** Tells it from others. */
  readonly key: string;
  readonly typeUrl: string;
  readonly name: string;
  readonly error: string;
  readonly resource: EnvoyResource | undefined;
  readonly files: readonly string[];
  readonly proxies: ReadonlySet<string>;
}

/** What a proxy should hold, as it was built. */
export type Wanted = (session: string, typeUrl: string, name: string) => EnvoyResource | undefined;

/** Those of some streams, each once for all the proxies that refuse it for one reason. */
export function refusedResources(
  streams: readonly StreamStatus[],
  wanted: Wanted,
): readonly RefusedResource[] {
  const all = new Map<string, RefusedResource & { readonly proxies: Set<string> }>();
  for (const { session, types } of streams) {
    for (const { typeUrl, quarantined } of types) {
      for (const { name, version, error, files = [] } of quarantined) {
        const key = JSON.stringify([typeUrl, name, version, error]);
        const resource = wanted(session, typeUrl, name);
        const known = all.get(key) ?? {
          key,
          typeUrl,
          name,
          error,
          resource,
          files,
          proxies: new Set<string>(),
        };
        known.proxies.add(session);
        all.set(key, known);
      }
    }
  }
  return [...all.values()];
}

/** How many there are by type URL, each once for each proxy. */
export function countsOf(refused: readonly RefusedResource[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { typeUrl, proxies } of refused) {
    counts.set(typeUrl, (counts.get(typeUrl) ?? 0) + proxies.size);
  }
  return counts;
}
