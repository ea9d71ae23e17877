/** Patches of EnvoyFilters, read by Envoy's own schema. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { EnvoyConfigObjectMatch, Patch } from "../../config/kinds/networking/envoy-patch.js";
import type { EnvoyPatch } from "../../mesh/extension/envoy-filters.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { EncodeError, type Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import { knownFields } from "./known-fields.js";

/** Which side of a proxy something is of, as EnvoyFilters tell them apart. */
export type PatchSide = "SIDECAR_INBOUND" | "SIDECAR_OUTBOUND" | "GATEWAY";

/** The sides that a proxy has. */
export const sidesOf = ({ type }: Pick<Proxy, "type">): readonly PatchSide[] =>
  type === "router" ? ["GATEWAY"] : ["SIDECAR_INBOUND", "SIDECAR_OUTBOUND"];

/** What patches can be applied to. */
export type PatchTarget = keyof typeof TYPES;

/** A patch that can be made. */
export interface CompiledPatch extends Pick<EnvoyPatch, "source" | "index" | "path" | "phase"> {
  /** As it was written. */
  readonly patch: EnvoyPatch;
  readonly target: PatchTarget;
  readonly operation: NonNullable<Patch["operation"]>;
  readonly filterClass: NonNullable<Patch["filterClass"]>;
  readonly match: EnvoyConfigObjectMatch;
  /** On a gateway: the ports in the names of the routes that are for the port which the patch is for. */
  readonly routePorts?: readonly number[];
  /** On a gateway, of what an extension adds for one port: the ports on which the servers with that port listen. */
  readonly listenPorts?: readonly number[];
  /** In canonical JSON; of a removal without fields. */
  readonly value: JsonObject;
}

/** The messages of what patches are applied to. */
export const TYPES = {
  LISTENER: MESSAGE.listener,
  FILTER_CHAIN: "envoy.config.listener.v3.FilterChain",
  LISTENER_FILTER: "envoy.config.listener.v3.ListenerFilter",
  NETWORK_FILTER: "envoy.config.listener.v3.Filter",
  HTTP_FILTER: "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
  ROUTE_CONFIGURATION: MESSAGE.route,
  VIRTUAL_HOST: MESSAGE.virtualHost,
  HTTP_ROUTE: "envoy.config.route.v3.Route",
  CLUSTER: MESSAGE.cluster,
  EXTENSION_CONFIG: MESSAGE.extensionConfig,
  BOOTSTRAP: "envoy.config.bootstrap.v3.Bootstrap",
} as const;

/** Whether patches can be applied to what is called so. */
export const isPatchTarget = (word: string): word is PatchTarget => Object.hasOwn(TYPES, word);

/** Reads a patch; text says why it cannot be read: its value is not of the type that it is applied to. */
export function compilePatch(encoder: Encoder, patch: EnvoyPatch): CompiledPatch | string {
  const { applyTo = "INVALID", source, index, path, phase, match = {} } = patch;
  const { operation = "INVALID", value = {}, filterClass = "UNSPECIFIED" } = patch.patch ?? {};
  if (!isPatchTarget(applyTo)) return `nothing can be applied to ${applyTo}`;
  const common = {
    patch,
    source,
    index,
    path,
    ...(phase === undefined ? {} : { phase }),
    target: applyTo,
    operation: operationOn(applyTo, operation),
    filterClass,
    match,
  };
  if (operation === "REMOVE") return { ...common, value: {} };
  try {
    return { ...common, value: canonical(encoder, TYPES[applyTo], value) };
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    return `the value is no ${TYPES[applyTo]}: ${error.reason}`;
  }
}

/** Lists in which a place can be named. */
const ORDERED: readonly PatchTarget[] = [
  "LISTENER_FILTER",
  "NETWORK_FILTER",
  "HTTP_FILTER",
  "HTTP_ROUTE",
];

/** What is inserted where no place can be named is added. See Istio, convertToEnvoyFilterWrapper. */
const operationOn = (
  target: PatchTarget,
  operation: CompiledPatch["operation"],
): CompiledPatch["operation"] =>
  operation.startsWith("INSERT_") && !ORDERED.includes(target) ? "ADD" : operation;

/** A message as its type has it, whatever of the two spellings of a field it was written in, and without what it has not. */
function canonical(encoder: Encoder, type: string, value: object): JsonObject {
  const { value: known } = knownFields(encoder.registry, type, value);
  return encoder.decode(type, encoder.encode(type, known).bytes) as JsonObject;
}

/** Whether something is as a match wants it; a match without a text or a number takes any. */
export const isWanted = <T extends string | number>(wanted: T | undefined, found: T): boolean =>
  wanted === undefined || wanted === "" || wanted === 0 || wanted === found;

/** Whether a patch is for a side of a proxy. */
export const isForSide = ({ match }: Pick<EnvoyPatch, "match">, side: PatchSide): boolean =>
  match?.context === undefined || match.context === "ANY" || match.context === side;

/** What is added without saying where is for the side on which a proxy calls others. See Istio, EnvoyFilter. */
export const addsTo = ({ operation, match }: CompiledPatch, side: PatchSide): boolean =>
  operation === "ADD" && (side !== "SIDECAR_INBOUND" || (match.context ?? "ANY") !== "ANY");
