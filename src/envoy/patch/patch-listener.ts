/** Listeners as EnvoyFilters change them. */
import type { FilterChainJson, FilterJson, ListenerFilterJson, ListenerJson } from "../api.js";
import type { CompiledPatch } from "./compiled-patch.js";
import { editList, insertAt, merges } from "./list-operations.js";
import {
  matchesChain,
  matchesListener,
  namedFilter,
  namedListenerFilter,
} from "./listener-match.js";
import { mergeFilter, mergeSocket } from "./merge-packed.js";
import { patchConnectionManager } from "./patch-http-filters.js";
import { merged, type PatchContext } from "./patch-message.js";
import { networkPlace } from "./phase-place.js";
import { withExtension } from "./with-extension.js";

const HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager";

/**
 * A listener after the patches of its side; undefined when one removes it. Patches of the listener come first, then those
 * of what is in it, from the outside inwards. See Istio, EnvoyFilter.
 */
export function patchListener(
  listener: ListenerJson,
  context: PatchContext,
): ListenerJson | undefined {
  let result = listener;
  for (const patch of context.patches.LISTENER) {
    if (!matchesListener(result, patch)) continue;
    if (patch.operation === "REMOVE") return undefined;
    if (merges(patch)) result = merged(result, patch, context);
  }
  return patchChains(patchListenerFilters(result, context), context);
}

function patchListenerFilters(listener: ListenerJson, context: PatchContext): ListenerJson {
  const patches = context.patches.LISTENER_FILTER.filter((one) => matchesListener(listener, one));
  if (patches.length === 0) return listener;
  const listenerFilters = patches.reduce<readonly ListenerFilterJson[]>((filters, patch) => {
    const matches = namedListenerFilter(patch);
    if (merges(patch)) {
      return filters.map((one) =>
        matches?.(one) === true ? mergeFilter(one, patch, context) : one,
      );
    }
    return editList(filters, { operation: patch.operation, value: patch.value, matches });
  }, listener.listenerFilters ?? []);
  return {
    ...listener,
    listenerFilters: listenerFilters.map((filter) => withExtension(filter, context)),
  };
}

function patchChains(listener: ListenerJson, context: PatchContext): ListenerJson {
  const patches = context.patches.FILTER_CHAIN.filter((one) => matchesListener(listener, one));
  const added = patches.filter(({ operation }) => operation === "ADD");
  const chains = (listener.filterChains ?? []).flatMap(
    (chain) => patchChain(listener, chain, context) ?? [],
  );
  const { defaultFilterChain, ...rest } = listener;
  const last = defaultFilterChain && patchChain(listener, defaultFilterChain, context);
  const filterChains = [...chains, ...added.map(({ value }) => value as FilterChainJson)];
  return {
    ...rest,
    ...(listener.filterChains === undefined && filterChains.length === 0 ? {} : { filterChains }),
    ...(last === undefined ? {} : { defaultFilterChain: last }),
  };
}

function patchChain(
  listener: ListenerJson,
  chain: FilterChainJson,
  context: PatchContext,
): FilterChainJson | undefined {
  let result = chain;
  const isFor = (patch: CompiledPatch): boolean =>
    matchesListener(listener, patch) && matchesChain(listener, result, patch);
  for (const patch of context.patches.FILTER_CHAIN) {
    if (!isFor(patch)) continue;
    if (patch.operation === "REMOVE") return undefined;
    if (merges(patch)) result = mergeChain(result, patch, context);
  }
  const filters = patchFilters(
    result.filters ?? [],
    context.patches.NETWORK_FILTER.filter(isFor),
    context,
  );
  const http = context.patches.HTTP_FILTER.filter(isFor);
  return {
    ...result,
    filters: filters.map((filter) => patchRequests(withExtension(filter, context), http, context)),
  };
}

/** A patch with the transport socket that a chain has changes this alone. See Istio, mergeTransportSocketListener. */
function mergeChain(
  chain: FilterChainJson,
  patch: CompiledPatch,
  context: PatchContext,
): FilterChainJson {
  const { transportSocket: socket } = patch.value as FilterChainJson;
  const { transportSocket: own } = chain;
  return socket === undefined || own === undefined || own.name !== socket.name
    ? merged(chain, patch, context)
    : { ...chain, transportSocket: mergeSocket(own, socket, context) };
}

function patchFilters(
  filters: readonly FilterJson[],
  patches: readonly CompiledPatch[],
  context: PatchContext,
): readonly FilterJson[] {
  const edited = patches.reduce(
    (list, patch) =>
      patch.phase === undefined
        ? editList(list, {
            operation: patch.operation,
            value: patch.value,
            matches: namedFilter(patch),
          })
        : insertAt(list, patch.value, networkPlace(list, patch.phase)),
    filters,
  );
  return edited.map((filter) =>
    patches
      .filter(merges)
      .reduce(
        (one, patch) =>
          (namedFilter(patch)?.(one) ?? true) ? mergeFilter(one, patch, context) : one,
        filter,
      ),
  );
}

/** The HTTP filters, and the routes that are part of the listener, of a connection manager. */
function patchRequests(
  filter: FilterJson,
  patches: readonly CompiledPatch[],
  context: PatchContext,
): FilterJson {
  if (filter.name !== HTTP_CONNECTION_MANAGER || filter.typedConfig === undefined) return filter;
  const own = patches.filter((patch) => namedFilter(patch)?.(filter) ?? true);
  return { ...filter, typedConfig: patchConnectionManager(filter.typedConfig, own, context) };
}
