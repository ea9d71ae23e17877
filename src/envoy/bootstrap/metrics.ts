/** What a bootstrap has for metrics: that they have Istio's names, and are forgotten when they count nothing any more. */
import { any } from "../any.js";

/**
 * A module for WebAssembly that does nothing: an empty memory, Envoy's word for the version of its interface, and the two
 * functions that it asks every plugin for. Only by having some plugin does a stock Envoy know a namespace of statistics, and
 * leaves `envoy_` out of its names.
 */
const NO_PLUGIN =
  "AGFzbQEAAAABCQJgAABgAX8BfwMDAgABBQMBAAEHVgUGbWVtb3J5AgAXcHJveHlfYWJpX3ZlcnNpb25fMF8yXzEAABhwcm94eV9vbl9tZW1vcnlfYWxsb2NhdGUAAQZtYWxsb2MAAQtfaW5pdGlhbGl6ZQAACgoCAgALBQBBgAgL";

/** The extension by which metrics are called as Istio calls them. */
function namingExtension(): object {
  return {
    name: "envoy.bootstrap.wasm",
    typedConfig: any("envoy.extensions.wasm.v3.WasmService", {
      singleton: true,
      config: {
        name: "metric-names",
        vmConfig: {
          runtime: "envoy.wasm.runtime.v8",
          code: { local: { inlineBytes: NO_PLUGIN } },
        },
      },
    }),
  };
}

/** What counted nothing for so long is forgotten, in seconds. */
const EVICTION_SECONDS = 600;

/** The fields of a bootstrap. Envoy forgets at whole multiples of the interval at which it flushes its statistics. */
export function bootstrapMetrics(flushSeconds: number): object {
  return {
    bootstrapExtensions: [namingExtension()],
    statsEvictionInterval: `${Math.ceil(EVICTION_SECONDS / flushSeconds) * flushSeconds}s`,
  };
}
