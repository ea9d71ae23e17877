/** Extensions as patches: what they add to chains of filters, beside what EnvoyFilters do. */
import type { TrafficSelectors } from "../../config/kinds/extensions/wasm-config.js";
import type { EnvoyPatch } from "../../mesh/extension/envoy-filters.js";
import type { Extension } from "../../mesh/extension/extensions.js";
import type { PatchSide } from "../patch/compiled-patch.js";
import { extensionFilter, layerOf } from "./extension-filter.js";

/** A workload is a server for those who call it; a gateway is a client, as a sidecar is that calls others. */
const MODES: readonly (readonly [PatchSide, mode: string])[] = [
  ["SIDECAR_INBOUND", "SERVER"],
  ["SIDECAR_OUTBOUND", "CLIENT"],
  ["GATEWAY", "CLIENT"],
];

/** Where in a proxy something is added: on which side, and to what of one port or of all. */
interface Place {
  readonly context: PatchSide;
  readonly port?: number;
}

/** The places of traffic that passes an extension, each once. See Istio, TrafficSelector. */
function placesOf(match: TrafficSelectors): readonly Place[] {
  return MODES.flatMap(([context, mode]) => {
    if (match.length === 0) return [{ context }];
    const own = match.filter(
      (one) => one.mode === mode || !["CLIENT", "SERVER"].includes(one.mode ?? "UNDEFINED"),
    );
    if (own.some(({ ports = [] }) => ports.length === 0)) return [{ context }];
    const ports = own.flatMap((one) => one.ports ?? []).map(({ number }) => number);
    return [...new Set(ports)].map((port) => ({ context, port }));
  });
}

/** What an extension adds. */
export function extensionPatches(extension: Extension): readonly EnvoyPatch[] {
  const { source, path, phase, match } = extension;
  const applyTo = layerOf(extension) === "HTTP" ? "HTTP_FILTER" : "NETWORK_FILTER";
  const patch = { operation: "ADD", value: { ...extensionFilter(extension) } } as const;
  return placesOf(match).map(({ context, port }, index) => ({
    applyTo,
    match: { context, ...(port === undefined ? {} : { listener: { portNumber: port } }) },
    patch,
    source,
    index,
    path,
    phase,
  }));
}
