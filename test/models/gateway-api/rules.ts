/** The rules of routes that meet, in the order in which they are tried. */
import type { HttpRequest } from "../routing/objects.js";
import { closeness } from "./listeners.js";
import { compareNumbers, type Match, ofGrpc, ofHttp, precedence, takesRequest } from "./matches.js";
import {
  byAge,
  type GRPCRoute,
  type GRPCRouteRule,
  type HTTPRoute,
  type HTTPRouteRule,
} from "./objects.js";

/** One match of a rule. */
export interface Candidate {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly namespace: string;
  readonly rule: HTTPRouteRule;
  readonly match: Match;
}

/** A route at a place, with the host of its own by which it is there. */
export type Placed =
  | { readonly kind: "HTTPRoute"; readonly route: HTTPRoute; readonly own: string }
  | { readonly kind: "GRPCRoute"; readonly route: GRPCRoute; readonly own: string };

function ofRule(
  kind: Candidate["kind"],
  namespace: string,
  rule: HTTPRouteRule | GRPCRouteRule,
  matches: readonly Match[],
): readonly Candidate[] {
  // "If no matches are specified, the default is a prefix path match on "/"."
  const any = kind === "HTTPRoute" ? ofHttp({}) : ofGrpc({});
  const all = matches.length === 0 ? [any] : matches;
  return all.map((match) => ({ kind, namespace, rule: rule as HTTPRouteRule, match }));
}

function candidatesOf(placed: Placed): readonly Candidate[] {
  const { namespace } = placed.route.metadata;
  return placed.kind === "HTTPRoute"
    ? (placed.route.spec.rules ?? [{}]).flatMap((rule) =>
        ofRule("HTTPRoute", namespace, rule, (rule.matches ?? []).map(ofHttp)),
      )
    : (placed.route.spec.rules ?? [{}]).flatMap((rule) =>
        ofRule("GRPCRoute", namespace, rule, (rule.matches ?? []).map(ofGrpc)),
      );
}

/**
 * "Precedence must be given to rules from the HTTPRoute with the largest number of: characters in a matching non-wildcard
 * hostname, characters in a matching hostname"; then by the matches, then by the age of the routes, then by the order of rules.
 */
export function firstRule(placed: readonly Placed[], request: HttpRequest): Candidate | undefined {
  return [...placed]
    .sort((a, b) => byAge(a.route, b.route))
    .flatMap((one) => candidatesOf(one).map((candidate) => ({ own: one.own, candidate })))
    .sort(
      (a, b) =>
        closeness(b.own) - closeness(a.own) ||
        compareNumbers(precedence(a.candidate.match), precedence(b.candidate.match)),
    )
    .map(({ candidate }) => candidate)
    .find(({ match }) => takesRequest(match, request));
}
