/** Patches of EnvoyFilters, with their values read by Envoy's own schema. */
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

/** A patch whose value is a message of the type that it is applied to. */
export interface CompiledPatch extends Pick<EnvoyPatch, "source" | "index" | "path" | "phase"> {
  /** As it was written. */
  readonly patch: EnvoyPatch;
  readonly target: PatchTarget;
  readonly operation: NonNullable<Patch["operation"]>;
  readonly filterClass: NonNullable<Patch["filterClass"]>;
  readonly match: EnvoyConfigObjectMatch;
  /** On a gateway: the ports by which the route configurations are named that serve the port of the patch's match. */
  readonly routePorts?: readonly number[];
  /** On a gateway, of a patch that an extension makes for one port: the ports on which the servers with that port listen. */
  readonly listenPorts?: readonly number[];
  /** In canonical JSON; without fields where something is removed. */
  readonly value: JsonObject;
}

/** The message types of what patches are applied to. */
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

/** Whether a word of `applyTo` is one that patches can be applied to. */
export const isPatchTarget = (word: string): word is PatchTarget => Object.hasOwn(TYPES, word);

/** Reads a patch. Where its value is not of the type that it is applied to, the result is a text that says why. */
export function compilePatch(encoder: Encoder, patch: EnvoyPatch): CompiledPatch | string {
  const { applyTo = "INVALID", source, index, path, phase, match = {} } = patch;
  const { operation = "INVALID", value = {}, filterClass = "UNSPECIFIED" } = patch.patch ?? {};
  if (!isPatchTarget(applyTo)) return `patches cannot be applied to ${applyTo}`;
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
    return `the value is not a ${TYPES[applyTo]}: ${error.reason}`;
  }
}

/** What is in a list whose order matters, so that a patch can say where in it something is inserted. */
const ORDERED: readonly PatchTarget[] = [
  "LISTENER_FILTER",
  "NETWORK_FILTER",
  "HTTP_FILTER",
  "HTTP_ROUTE",
];

/** To insert into a list without an order is to add. See Istio, convertToEnvoyFilterWrapper. */
const operationOn = (
  target: PatchTarget,
  operation: CompiledPatch["operation"],
): CompiledPatch["operation"] =>
  operation.startsWith("INSERT_") && !ORDERED.includes(target) ? "ADD" : operation;

/** A message in canonical JSON, whichever of the two spellings its fields are written in, without fields that its type does not have. */
function canonical(encoder: Encoder, type: string, value: object): JsonObject {
  const { value: known } = knownFields(encoder.registry, type, value);
  return encoder.decode(type, encoder.encode(type, known).bytes) as JsonObject;
}

/** Whether a value is the one that a match asks for. A match that gives none, `""` or 0 takes any. */
export const isWanted = <T extends string | number>(wanted: T | undefined, found: T): boolean =>
  wanted === undefined || wanted === "" || wanted === 0 || wanted === found;

/** Whether a patch is for a side of a proxy. */
export const isForSide = ({ match }: Pick<EnvoyPatch, "match">, side: PatchSide): boolean =>
  match?.context === undefined || match.context === "ANY" || match.context === side;

/** Whether a patch adds something to a side. Where its match has no context, it adds to gateways and to the outbound side, not to the inbound one. See Istio, EnvoyFilter. */
export const addsTo = ({ operation, match }: CompiledPatch, side: PatchSide): boolean =>
  operation === "ADD" && (side !== "SIDECAR_INBOUND" || (match.context ?? "ANY") !== "ANY");
