/** What routes may do to headers. */
import type { HeaderValueOption } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import type {
  Route,
  VirtualHost,
  WeightedCluster_ClusterWeight,
} from "../../../gen/types/envoy/config/route/v3/route_components_pb.js";
import type { RouteConfiguration } from "../../../gen/types/envoy/config/route/v3/route_pb.js";
import { formatProblem } from "../../config/kinds/format/format-problem.js";
import { type StructureRule, structureRule } from "./structure-rule.js";
import { textViolation } from "./text-rules.js";
import type { Violation } from "./violation.js";

interface HeaderMutations {
  readonly requestHeadersToAdd: readonly HeaderValueOption[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOption[];
  readonly responseHeadersToRemove: readonly string[];
}

/** Why a header is none that a route may set or remove: it is part of what HTTP itself is about. */
function nameProblem(name: string): string | undefined {
  return name.startsWith(":") || name.toLowerCase() === "host"
    ? "must not be host nor begin with a colon"
    : undefined;
}

function* violationsOf(message: HeaderMutations): Iterable<Violation> {
  yield* additions("request_headers_to_add", message.requestHeadersToAdd);
  yield* removals("request_headers_to_remove", message.requestHeadersToRemove);
  yield* additions("response_headers_to_add", message.responseHeadersToAdd);
  yield* removals("response_headers_to_remove", message.responseHeadersToRemove);
}

function* additions(field: string, options: readonly HeaderValueOption[]): Iterable<Violation> {
  for (const [index, { header }] of options.entries()) {
    if (header === undefined) continue;
    const { key, value } = header;
    const path = `${field}[${index}].header`;
    yield* textViolation(`${path}.key`, key, nameProblem(key));
    yield* textViolation(`${path}.value`, value, formatProblem(value));
  }
}

function* removals(field: string, names: readonly string[]): Iterable<Violation> {
  for (const [index, name] of names.entries()) {
    yield* textViolation(`${field}[${index}]`, name, nameProblem(name));
  }
}

export const HEADER_RULES: readonly StructureRule[] = [
  structureRule<RouteConfiguration>("envoy.config.route.v3.RouteConfiguration", violationsOf),
  structureRule<VirtualHost>("envoy.config.route.v3.VirtualHost", violationsOf),
  structureRule<Route>("envoy.config.route.v3.Route", violationsOf),
  structureRule<WeightedCluster_ClusterWeight>(
    "envoy.config.route.v3.WeightedCluster.ClusterWeight",
    violationsOf,
  ),
];
