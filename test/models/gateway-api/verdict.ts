/** What a rule does with a request. See HTTPRouteRule and GRPCRouteRule. */
import type { HttpRequest } from "../routing/objects.js";
import type { HeaderValues } from "../routing/verdict.js";
import { type Namer, receiving, type Target, targetOf } from "./backends.js";
import {
  type Entry,
  filterOf,
  hostSetBy,
  locationOf,
  modifiedPath,
  withAnswerFilters,
  withRequestFilters,
} from "./filters.js";
import type { Filter, HTTPRouteRule, RequestMirror, World } from "./objects.js";
import type { Candidate } from "./rules.js";

/** One of the backends among which requests are shared. */
export interface Share {
  /** undefined of one that cannot be: its requests are answered with an error. */
  readonly target: Target | undefined;
  readonly weight: number;
  /** Of the request as the backend gets it. */
  readonly headers: HeaderValues;
  /** Of the answer as the caller gets it, to one with these. */
  readonly answerHeaders: (own: HeaderValues) => HeaderValues;
}

/** Who else gets a copy of how much of the requests. */
export interface Mirror {
  readonly target: Target;
  readonly percent: number;
}

/** How long is waited, and how often it is tried again. */
export interface Timing {
  /** In milliseconds. */
  readonly timeout?: number;
  readonly perTry?: number;
  readonly retries?: { readonly attempts: number; readonly codes: readonly number[] };
}

/** What becomes of a request or a connection. */
export type Verdict =
  /** The proxy answers by itself. */
  | { readonly is: "answered"; readonly status: number }
  | { readonly is: "redirected"; readonly status: number; readonly location: string }
  | {
      readonly is: "forwarded";
      readonly path: string;
      readonly authority: string;
      readonly shares: readonly Share[];
      readonly mirrors: readonly Mirror[];
      readonly timing: Timing;
      /** The answer where a backend cannot be. */
      readonly failure: number;
    }
  /** Its bytes go on. */
  | {
      readonly is: "connected";
      readonly shares: readonly Omit<Share, "headers" | "answerHeaders">[];
    }
  /** The connection ends. */
  | { readonly is: "closed" };

/** "HTTP 500", and of calls of gRPC UNAVAILABLE, which Envoy makes of 503. */
const FAILURES = { HTTPRoute: 500, GRPCRoute: 503 } as const;
const FOUND = 302;

/** Who asks, and by which way. */
export interface Way {
  readonly entry: Entry;
  readonly needsGrant: boolean;
}

const isOfHeaders = ({ type }: Filter): boolean =>
  type === "RequestHeaderModifier" || type === "ResponseHeaderModifier";

function sharesOf(
  world: World,
  { rule }: Candidate,
  by: Namer,
  request: HttpRequest,
): readonly Share[] {
  const { filters = [], backendRefs = [] } = rule;
  return receiving(backendRefs).map((backend) => {
    const { weight = 1, filters: own = [] } = backend;
    // Of the other filters of backends it is told that they cannot be.
    const target = own.every(isOfHeaders) ? targetOf(world, backend, by) : undefined;
    return {
      target,
      weight,
      headers: withRequestFilters(withRequestFilters(request.headers, filters), own),
      answerHeaders: (given) => withAnswerFilters(withAnswerFilters(given, filters), own),
    };
  });
}

function percentOf({ percent = 100, fraction }: RequestMirror): number {
  return fraction === undefined
    ? percent
    : (100 * fraction.numerator) / (fraction.denominator ?? 100);
}

/** "If an error occurs" with the backend of a mirror, nothing is sent there, and the request itself goes on. */
function mirrorsOf(world: World, filters: readonly Filter[], by: Namer): readonly Mirror[] {
  return filters.flatMap((filter) => {
    if (filter.type !== "RequestMirror") return [];
    const { requestMirror } = filter;
    const target = targetOf(world, requestMirror.backendRef, by);
    const percent = percentOf(requestMirror);
    return target === undefined || percent === 0 ? [] : [{ target, percent }];
  });
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** "A zero-valued timeout … SHOULD be interpreted as disabling the timeout". */
function milliseconds(text: string | undefined): number | undefined {
  const parts = [...(text ?? "").matchAll(/(\d+)(ms|h|m|s)/g)];
  const all = parts.reduce((sum, [, n, unit = ""]) => sum + Number(n) * (UNITS[unit] ?? 0), 0);
  return all === 0 ? undefined : all;
}

const ATTEMPTS = 2;

/** Of one try its timeout is that of the whole, which is not shorter. */
function timingOf({ timeouts = {}, retry }: HTTPRouteRule): Timing {
  const request = milliseconds(timeouts.request);
  const perTry = milliseconds(timeouts.backendRequest);
  if (retry === undefined) {
    const timeout = perTry ?? request;
    return timeout === undefined ? {} : { timeout };
  }
  const { attempts = ATTEMPTS, codes = [] } = retry;
  return {
    ...(request === undefined ? {} : { timeout: request }),
    ...(perTry === undefined || attempts === 0 ? {} : { perTry }),
    retries: { attempts, codes: attempts === 0 ? [] : codes },
  };
}

/** What the rule does that takes a request; without one there is nothing for it. */
export function verdictOf(
  world: World,
  candidate: Candidate | undefined,
  request: HttpRequest,
  { entry, needsGrant }: Way,
): Verdict {
  if (candidate === undefined) return { is: "answered", status: 404 };
  const { kind, namespace, rule, match } = candidate;
  const { filters = [] } = rule;
  const failure = FAILURES[kind];
  if (filterOf(filters, "ExtensionRef") !== undefined) return { is: "answered", status: failure };
  const redirect = filterOf(filters, "RequestRedirect")?.requestRedirect;
  if (redirect !== undefined) {
    const location = locationOf(redirect, request, { entry, match: match.path });
    return { is: "redirected", status: redirect.statusCode ?? FOUND, location };
  }
  const by = { kind, namespace, needsGrant };
  const shares = sharesOf(world, candidate, by, request);
  if (shares.every(({ target }) => target === undefined)) {
    return { is: "answered", status: failure };
  }
  const rewrite = filterOf(filters, "URLRewrite")?.urlRewrite ?? {};
  return {
    is: "forwarded",
    path: modifiedPath(request.path, rewrite.path, match.path),
    authority: rewrite.hostname ?? hostSetBy(filters) ?? request.authority,
    shares,
    mirrors: mirrorsOf(world, filters, by),
    timing: timingOf(rule),
    failure,
  };
}
