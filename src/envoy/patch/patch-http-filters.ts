/** HTTP connection managers as EnvoyFilters change what is in them. */
import type { AnyJson } from "@bufbuild/protobuf/wkt";
import type { HttpConnectionManagerJson, HttpFilterJson } from "../api.js";
import type { CompiledPatch } from "./compiled-patch.js";
import { editList, insertAt, merges } from "./list-operations.js";
import { namedHttpFilter } from "./listener-match.js";
import { mergeFilter } from "./merge-packed.js";
import type { PatchContext } from "./patch-message.js";
import { patchRouteConfiguration } from "./patch-routes.js";
import { httpPlace } from "./phase-place.js";
import { withExtension } from "./with-extension.js";

const MANAGER =
  "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER = "envoy.filters.http.router";

/** The filters that find out who calls, and those that decide whether they may. */
const CLASSES = {
  AUTHN: ["envoy.filters.http.jwt_authn"],
  AUTHZ: ["envoy.filters.http.rbac", "envoy.filters.http.ext_authz"],
} as const;

/** A connection manager with the HTTP filters that patches leave it, and its own routes as patches leave them. */
export function patchConnectionManager(
  config: AnyJson,
  patches: readonly CompiledPatch[],
  context: PatchContext,
): AnyJson {
  if (config["@type"] !== MANAGER) return config;
  const manager = config as HttpConnectionManagerJson;
  const { httpFilters = [], routeConfig } = manager;
  const filters = patchHttpFilters(httpFilters, patches, context);
  return {
    ...config,
    ...manager,
    httpFilters: filters.map((filter) => withExtension(filter, context)),
    ...(routeConfig === undefined
      ? {}
      : { routeConfig: patchRouteConfiguration(routeConfig, context) }),
  } as AnyJson;
}

function patchHttpFilters(
  filters: readonly HttpFilterJson[],
  patches: readonly CompiledPatch[],
  context: PatchContext,
): readonly HttpFilterJson[] {
  const edited = patches.reduce((list, patch) => editFilters(list, patch), filters);
  return edited.map((filter) =>
    patches
      .filter(merges)
      .reduce(
        (one, patch) =>
          (namedHttpFilter(patch)?.(one) ?? true) ? mergeFilter(one, patch, context) : one,
        filter,
      ),
  );
}

function editFilters(
  filters: readonly HttpFilterJson[],
  patch: CompiledPatch,
): readonly HttpFilterJson[] {
  const value = patch.value as HttpFilterJson;
  if (patch.phase !== undefined) return insertAt(filters, value, httpPlace(filters, patch.phase));
  if (patch.operation === "ADD") {
    const index = placeOfClass(filters, patch.filterClass);
    return [...filters.slice(0, index), value, ...filters.slice(index)];
  }
  return editList(filters, { operation: patch.operation, value, matches: namedHttpFilter(patch) });
}

/** Where a filter of a class is added: behind those of the class, and before what sends the request on in any case. */
function placeOfClass(
  filters: readonly HttpFilterJson[],
  filterClass: CompiledPatch["filterClass"],
): number {
  if (filterClass === "AUTHN" || filterClass === "AUTHZ") {
    const names: readonly string[] = CLASSES[filterClass];
    return filters.findLastIndex(({ name = "" }) => names.includes(name)) + 1;
  }
  const router = filters.findIndex(({ name }) => name === ROUTER);
  return router < 0 ? filters.length : router;
}
