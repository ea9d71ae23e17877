import type { Finding, KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import {
  list,
  NonEmptyText,
  oneOf,
  optional,
  strict,
  Text,
  textUpTo,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { checkRegex } from "../value/string-match.js";
import { notApplied } from "../value/unapplied.js";
import { BACKEND_FIELDS, checkBackend, Weight } from "./backends.js";
import { checkHeaderModifier, HeaderModifier } from "./header-modifier.js";
import { checkFilterFields, checkFilterTypes, checkMirror, RequestMirror } from "./http-filters.js";
import { checkHeaderMatches, ValueMatch } from "./http-matches.js";
import { checkReference, GATEWAY_API_GROUP } from "./names.js";
import { Hostnames } from "./parents.js";
import { ATTACHMENT_FIELDS, checkRoute, checkRuleNames } from "./routes.js";
import { checkSessions, SessionPersistence } from "./session-persistence.js";

const MethodMatch = strict({
  type: optional(oneOf("Exact", "RegularExpression")),
  service: optional(textUpTo(1024)),
  method: optional(textUpTo(1024)),
});

/** What a call has to be, in all of this. */
export type GRPCRouteMatch = ValueOf<typeof GRPCRouteMatch>;
const GRPCRouteMatch = strict({
  method: optional(MethodMatch),
  headers: optional(list(ValueMatch, 16)),
});

/** Something that is done with a call or its answer: the field of its type says what. */
export type GRPCRouteFilter = ValueOf<typeof GRPCRouteFilter>;
const GRPCRouteFilter = strict({
  type: oneOf("RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef"),
  requestHeaderModifier: optional(HeaderModifier),
  responseHeaderModifier: optional(HeaderModifier),
  requestMirror: optional(RequestMirror),
  extensionRef: optional(strict({ group: Text, kind: NonEmptyText, name: NonEmptyText })),
});

const FIELDS = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  ExtensionRef: "extensionRef",
} as const;

/** What is done with the calls that one of `matches` takes; with every call when there are none. */
export type GRPCRouteRule = ValueOf<typeof GRPCRouteRule>;
const GRPCRouteRule = strict({
  name: optional(NonEmptyText),
  matches: optional(list(GRPCRouteMatch, 64)),
  filters: optional(list(GRPCRouteFilter, 16)),
  backendRefs: optional(
    list(
      strict({ ...BACKEND_FIELDS, weight: Weight, filters: optional(list(GRPCRouteFilter, 16)) }),
      16,
    ),
  ),
  sessionPersistence: optional(SessionPersistence),
});

/** How the calls of gRPC at some parents are routed. */
export type GRPCRouteSpec = ValueOf<typeof GRPCRouteSpec>;
const GRPCRouteSpec = strict({
  ...ATTACHMENT_FIELDS,
  hostnames: optional(Hostnames),
  rules: optional(list(GRPCRouteRule, 16)),
});

/** The GRPCRoute of Kubernetes' Gateway API. */
export const grpcRoute = {
  kind: "GRPCRoute",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1alpha2"],
  body: "spec",
  schema: GRPCRouteSpec,
  check: (resource: ConfigResource<GRPCRouteSpec>): readonly Finding[] => [
    ...checkGrpcRoute(resource),
  ],
} as const satisfies KindDefinition<GRPCRouteSpec>;

function* checkGrpcRoute({ spec }: ConfigResource<GRPCRouteSpec>): Findings {
  const { rules = [] } = spec;
  yield* checkRoute(spec, checkRule);
  yield* checkRuleNames(rules);
}

function* checkRule(rule: GRPCRouteRule, path: Path): Findings {
  const { filters = [] } = rule;
  yield* each(rule.matches, [...path, "matches"], checkMatch);
  yield* each(filters, [...path, "filters"], checkFilter);
  yield* checkFilterTypes(
    filters.map(({ type }) => type),
    [...path, "filters"],
  );
  yield* each(rule.backendRefs, [...path, "backendRefs"], function* (backend, at) {
    yield* checkBackend(backend, at);
    yield* each(backend.filters, [...at, "filters"], checkFilter);
  });
  yield* checkSessions(rule, path);
}

const SERVICE = /^[a-z_][\w]*(?:\.[a-z_]\w*)*$/i;
const METHOD = /^[a-z_]\w*$/i;

function* checkMatch({ method, headers }: GRPCRouteMatch, path: Path): Findings {
  yield* given(headers, [...path, "headers"], checkHeaderMatches);
  if (method === undefined) return;
  const at = [...path, "method"];
  const { type = "Exact", service = "", method: name = "" } = method;
  if (service + name === "") yield invalid(at, "a match by method needs a service or a method");
  if (type === "RegularExpression") {
    yield* given(method.service, [...at, "service"], checkRegex);
    yield* given(method.method, [...at, "method"], checkRegex);
    return;
  }
  yield* refuse([...at, "service"], nameProblem(service, SERVICE));
  yield* refuse([...at, "method"], nameProblem(name, METHOD));
}

function nameProblem(name: string, pattern: RegExp): string | undefined {
  return name === "" || pattern.test(name) ? undefined : `"${name}" is no name in gRPC`;
}

function* checkFilter(filter: GRPCRouteFilter, path: Path): Findings {
  yield* checkFilterFields(filter, path, FIELDS);
  for (const field of ["requestHeaderModifier", "responseHeaderModifier"] as const) {
    yield* given(filter[field], [...path, field], checkHeaderModifier);
  }
  yield* given(filter.requestMirror, [...path, "requestMirror"], checkMirror);
  yield* given(filter.extensionRef, [...path, "extensionRef"], checkReference);
  if (filter.type === "ExtensionRef") {
    const finding = notApplied([...path, "type"], "a filter ExtensionRef");
    yield {
      ...finding,
      message: `${finding.message}; the calls that it is for end as UNAVAILABLE`,
    };
  }
}
