/** By what a route says in its metadata which resource made it: `explain`, `why` and Istio's tools read that. */
import type { RouteOrigin, VirtualService } from "../../mesh/routing/virtual-service.js";
import type { MetadataJson } from "../api.js";
import { configPath, OWN_METADATA, originPath } from "../names.js";
import type { MatchedRoute } from "./matched-route.js";

/**
 * Which part of which resource made the route, and which part of which delegate. The matches of the two are merged, so that
 * they are numbered as neither's.
 */
export function routeMetadata(virtualService: VirtualService, matched: MatchedRoute): MetadataJson {
  const { namespace, name } = virtualService.resource.metadata;
  return {
    filterMetadata: {
      istio: { config: configPath("virtual-service", namespace, name) },
      [OWN_METADATA]: ownMetadata(virtualService, matched),
    },
  };
}

function ownMetadata(
  { origins }: VirtualService,
  matched: MatchedRoute,
): NonNullable<MetadataJson["filterMetadata"]>[string] {
  const { made } = matched;
  if (made !== undefined) return { config: originPath(made.ref), path: made.path };
  const { index, delegate } = origins?.[matched.index] ?? { index: matched.index };
  const isNumbered = matched.match !== undefined && delegate === undefined;
  const path = `http[${index}]${isNumbered ? `.match[${matched.match.index}]` : ""}`;
  return { path, ...(delegate === undefined ? {} : { delegate: partOf(delegate) }) };
}

function partOf({
  ref,
  index,
}: NonNullable<RouteOrigin["delegate"]>): Readonly<Record<string, string>> {
  return {
    config: configPath("virtual-service", ref.namespace, ref.name),
    path: `http[${index}]`,
  };
}
