import { durationMs } from "../../duration.js";
import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import {
  Int32,
  list,
  NonEmptyText,
  optional,
  strict,
  Text,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { notApplied } from "../value/unapplied.js";
import { BACKEND_FIELDS, checkBackend, Weight } from "./backends.js";
import { checkHttpFilters, HTTPRouteFilter, UNSUPPORTED_FILTERS } from "./http-filters.js";
import { checkHttpRouteMatch, HTTPRouteMatch, pathOf } from "./http-matches.js";
import { GATEWAY_API_GROUP } from "./names.js";
import { checkGatewayDuration, within } from "./numbers.js";
import { Hostnames } from "./parents.js";
import { ATTACHMENT_FIELDS, checkRoute, checkRuleNames } from "./routes.js";
import { checkSessions, SessionPersistence } from "./session-persistence.js";

/** One of the backends that requests are spread over by weight. */
export type HTTPBackendRef = ValueOf<typeof HTTPBackendRef>;
const HTTPBackendRef = strict({
  ...BACKEND_FIELDS,
  weight: Weight,
  filters: optional(list(HTTPRouteFilter, 16)),
});

/** What is done with the requests that one of `matches` takes; with every request when there are none. */
export type HTTPRouteRule = ValueOf<typeof HTTPRouteRule>;
const HTTPRouteRule = strict({
  name: optional(NonEmptyText),
  matches: optional(list(HTTPRouteMatch, 64)),
  filters: optional(list(HTTPRouteFilter, 16)),
  backendRefs: optional(list(HTTPBackendRef, 16)),
  timeouts: optional(strict({ request: optional(Text), backendRequest: optional(Text) })),
  retry: optional(
    strict({
      codes: optional(list(within(400, 599))),
      attempts: optional(Int32),
      backoff: optional(Text),
    }),
  ),
  sessionPersistence: optional(SessionPersistence),
});

/** How the requests at some parents are routed. */
export type HTTPRouteSpec = ValueOf<typeof HTTPRouteSpec>;
const HTTPRouteSpec = strict({
  ...ATTACHMENT_FIELDS,
  hostnames: optional(Hostnames),
  rules: optional(list(HTTPRouteRule, 16)),
});

/** The HTTPRoute of Kubernetes' Gateway API. */
export const httpRoute = {
  kind: "HTTPRoute",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1beta1"],
  body: "spec",
  schema: HTTPRouteSpec,
  check: (resource: ConfigResource<HTTPRouteSpec>): readonly Finding[] => [
    ...checkHttpRoute(resource),
  ],
} as const satisfies KindDefinition<HTTPRouteSpec>;

const MAX_MATCHES = 128;

function* checkHttpRoute({ spec }: ConfigResource<HTTPRouteSpec>): Findings {
  const { rules = [] } = spec;
  yield* checkRoute(spec, checkRule);
  yield* checkRuleNames(rules);
  const matches = rules.reduce((sum, rule) => sum + (rule.matches?.length ?? 0), 0);
  if (matches > MAX_MATCHES) {
    yield invalid(["spec", "rules"], `${matches} matches in all rules: at most ${MAX_MATCHES}`);
  }
}

function* checkRule(rule: HTTPRouteRule, path: Path): Findings {
  const { filters = [], backendRefs = [] } = rule;
  yield* each(rule.matches, [...path, "matches"], checkHttpRouteMatch);
  yield* checkHttpFilters(filters, [...path, "filters"]);
  yield* each(filters, [...path, "filters"], checkSupported);
  yield* each(filters, [...path, "filters"], (filter, at) => checkPrefix(filter, rule, at));
  yield* each(backendRefs, [...path, "backendRefs"], function* (backend, at) {
    yield* checkBackend(backend, at);
    yield* checkHttpFilters(backend.filters ?? [], [...at, "filters"]);
    yield* each(backend.filters, [...at, "filters"], checkBackendFilter);
  });
  if (backendRefs.length > 0 && filters.some(({ type }) => type === "RequestRedirect")) {
    yield invalid([...path, "backendRefs"], "a request that is redirected goes to no backend");
  }
  yield* checkTimeouts(rule, [...path, "timeouts"]);
  yield* given(rule.retry?.backoff, [...path, "retry", "backoff"], checkGatewayDuration);
  yield* checkSessions(rule, path);
}

function* checkSupported({ type }: HTTPRouteFilter, path: Path): Findings {
  if (!UNSUPPORTED_FILTERS.has(type)) return;
  const finding = notApplied([...path, "type"], `a filter ${type}`);
  yield { ...finding, message: `${finding.message}; the requests that it is for are answered 500` };
}

const BACKEND_FILTERS: readonly string[] = ["RequestHeaderModifier", "ResponseHeaderModifier"];

function* checkBackendFilter({ type }: HTTPRouteFilter, path: Path): Findings {
  if (BACKEND_FILTERS.includes(type)) return;
  const finding = notApplied([...path, "type"], `a filter ${type} of a backend`);
  yield { ...finding, message: `${finding.message}; requests for the backend are answered 500` };
}

/** A prefix can be replaced where one is matched: by a rule with one match, of a prefix. */
function checkPrefix(
  filter: HTTPRouteFilter,
  { matches = [] }: HTTPRouteRule,
  path: Path,
): Findings {
  const modifier = filter.requestRedirect?.path ?? filter.urlRewrite?.path;
  if (modifier?.type !== "ReplacePrefixMatch") return [];
  const isPrefix = matches.length <= 1 && matches.every((one) => pathOf(one).type === "PathPrefix");
  return refuse(
    path,
    isPrefix
      ? undefined
      : "replacePrefixMatch needs a rule with exactly one match, of a PathPrefix",
  );
}

function* checkTimeouts({ timeouts = {} }: HTTPRouteRule, path: Path): Findings {
  yield* given(timeouts.request, [...path, "request"], checkGatewayDuration);
  yield* given(timeouts.backendRequest, [...path, "backendRequest"], checkGatewayDuration);
  const request = durationMs(timeouts.request ?? "0s") ?? 0;
  const backendRequest = durationMs(timeouts.backendRequest ?? "0s") ?? 0;
  if (request > 0 && backendRequest > request) {
    yield invalid(
      [...path, "backendRequest"],
      "the timeout of a request to a backend cannot be longer than that of the whole request",
    );
  }
}
