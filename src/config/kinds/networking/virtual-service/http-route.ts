import type { Path } from "../../../kind.js";
import { isAuthority } from "../../format/http-headers.js";
import {
  Duration,
  Int32,
  list,
  optional,
  Percent,
  strict,
  Text,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { doubtful, each, type Findings, given, invalid } from "../../value/findings.js";
import { checkDuration, checkPercent } from "../../value/numbers.js";
import { CorsPolicy, checkCorsPolicy } from "./cors-policy.js";
import { checkDestination, Destination } from "./destination.js";
import { checkFaultInjection, HTTPFaultInjection } from "./fault-injection.js";
import { checkHeaders, Headers } from "./header-operations.js";
import { checkDirectResponse, HTTPDirectResponse } from "./http-direct-response.js";
import { checkHttpMatch, HTTPMatchRequest } from "./http-match.js";
import { checkRedirect, HTTPRedirect } from "./http-redirect.js";
import { checkRetry, HTTPRetry } from "./http-retry.js";
import { checkRewrite, HTTPRewrite } from "./http-rewrite.js";
import { checkWeights } from "./weights.js";

/** One of the destinations that requests are spread over by weight. */
export type HTTPRouteDestination = ValueOf<typeof HTTPRouteDestination>;
export const HTTPRouteDestination = strict({
  destination: Destination,
  weight: optional(Int32),
  headers: optional(Headers),
});

/** The VirtualService whose routes are put in the place of this route. */
export type Delegate = ValueOf<typeof Delegate>;
const Delegate = strict({ name: optional(Text), namespace: optional(Text) });

/** A destination that is sent a copy of some requests; of all when `percentage` is absent. */
export type HTTPMirrorPolicy = ValueOf<typeof HTTPMirrorPolicy>;
const HTTPMirrorPolicy = strict({
  destination: Destination,
  percentage: optional(Percent),
});

/** What is done with the requests that one of `match` takes (Istio's HTTPRoute). */
export type HTTPRoute = ValueOf<typeof HTTPRoute>;
export const HTTPRoute = strict({
  name: optional(Text),
  match: optional(list(HTTPMatchRequest)),
  route: optional(list(HTTPRouteDestination)),
  redirect: optional(HTTPRedirect),
  directResponse: optional(HTTPDirectResponse),
  delegate: optional(Delegate),
  rewrite: optional(HTTPRewrite),
  timeout: optional(Duration),
  retries: optional(HTTPRetry),
  fault: optional(HTTPFaultInjection),
  mirror: optional(Destination),
  mirrors: optional(list(HTTPMirrorPolicy)),
  /** Deprecated: `mirrorPercentage` has replaced it. */
  mirrorPercent: optional(Uint32),
  /** Deprecated: the older spelling of `mirrorPercent`. */
  mirror_percent: optional(Uint32),
  mirrorPercentage: optional(Percent),
  corsPolicy: optional(CorsPolicy),
  headers: optional(Headers),
});

/** What a route can be asked to do with a request; a route does one of them. */
const ACTIONS = ["route", "redirect", "directResponse"] as const;

/** A route that does one thing, rightly; `delegated` says whether it is in a VirtualService without hosts. */
export function* checkHttpRoute(route: HTTPRoute, path: Path, delegated: boolean): Findings {
  yield* each(route.match, [...path, "match"], checkHttpMatch);
  yield* checkAction(route, path, delegated);
  yield* checkMirrors(route, path);
  yield* given(route.route, [...path, "route"], checkDestinations);
  yield* given(route.redirect, [...path, "redirect"], checkRedirect);
  yield* given(route.directResponse, [...path, "directResponse"], checkDirectResponse);
  yield* given(route.rewrite, [...path, "rewrite"], checkRewrite);
  yield* given(route.timeout, [...path, "timeout"], checkDuration);
  yield* given(route.retries, [...path, "retries"], checkRetry);
  yield* given(route.fault, [...path, "fault"], checkFaultInjection);
  yield* given(route.corsPolicy, [...path, "corsPolicy"], checkCorsPolicy);
  yield* given(route.headers, [...path, "headers"], checkHeaders);
  yield* checkAuthority(route, path);
  yield* checkPrefixRewrite(route, path);
}

function* checkAction(route: HTTPRoute, path: Path, delegated: boolean): Findings {
  const { route: destinations = [] } = route;
  if (route.delegate !== undefined && delegated) {
    yield invalid([...path, "delegate"], "a VirtualService without hosts cannot delegate further");
  }
  const actions = ACTIONS.filter((name) =>
    name === "route" ? destinations.length > 0 : route[name] !== undefined,
  );
  if (route.delegate !== undefined && !delegated) {
    for (const action of actions) {
      const at = [...path, action];
      yield action === "directResponse"
        ? doubtful(at, "the answer stands in for all that the delegate says")
        : invalid(at, `${action} excludes delegate: the delegate decides`);
    }
    return;
  }
  const [first, ...more] = actions;
  if (first === undefined) {
    yield invalid(path, `the route does nothing: give ${ACTIONS.join(", ")} or delegate`);
  }
  for (const action of more) {
    yield invalid([...path, action], `${action} excludes ${first ?? ""}: give one of them`);
  }
  if (first === undefined || first === "route") return;
  for (const extra of ["fault", "rewrite"] as const) {
    if (route[extra] !== undefined) {
      yield invalid(
        [...path, extra],
        `${extra} is for requests that are forwarded: ${first} does not`,
      );
    }
  }
}

function* checkDestinations(destinations: readonly HTTPRouteDestination[], path: Path): Findings {
  yield* each(destinations, path, function* ({ destination, headers }, at) {
    yield* checkDestination(destination, [...at, "destination"]);
    yield* given(headers, [...at, "headers"], checkHeaders);
  });
  yield* checkWeights(destinations, path);
}

function* checkMirrors(route: HTTPRoute, path: Path): Findings {
  const { mirror, mirrors = [], mirrorPercentage } = route;
  yield* given(mirror, [...path, "mirror"], checkDestination);
  yield* each(mirrors, [...path, "mirrors"], function* ({ destination, percentage }, at) {
    yield* checkDestination(destination, [...at, "destination"]);
    yield* given(percentage?.value, [...at, "percentage", "value"], checkPercent);
  });
  if (mirror !== undefined && mirrors.length > 0) {
    yield invalid([...path, "mirrors"], "mirrors excludes mirror: give one of them");
  }
  yield* given(mirrorPercentage?.value, [...path, "mirrorPercentage", "value"], checkPercent);
  for (const field of ["mirrorPercent", "mirror_percent"] as const) {
    yield* given(route[field], [...path, field], function* (percent, at) {
      yield* checkPercent(percent, at);
      yield doubtful(at, `${field} is deprecated: write mirrorPercentage`);
    });
  }
}

/** The requested host can be changed in one place only, or it is open which of them wins. */
function* checkAuthority(route: HTTPRoute, path: Path): Findings {
  const { set = {}, add = {} } = route.headers?.request ?? {};
  const changes = [
    ...((route.rewrite?.authority ?? "") === "" ? [] : [["rewrite", "authority"]]),
    ...Object.keys(set)
      .filter(isAuthority)
      .map((name) => ["headers", "request", "set", name]),
    ...Object.keys(add)
      .filter(isAuthority)
      .map((name) => ["headers", "request", "add", name]),
  ];
  for (const change of changes.slice(1)) {
    yield invalid([...path, ...change], "the authority is set in another place already");
  }
}

/** A prefix can be replaced where the path is matched by one, or not matched at all. */
function* checkPrefixRewrite(route: HTTPRoute, path: Path): Findings {
  if ((route.redirect?.prefixRewrite ?? "") === "") return;
  yield* each(route.match, [...path, "match"], function* ({ uri }, at) {
    if (uri?.exact !== undefined || uri?.regex !== undefined) {
      yield invalid([...at, "uri"], "redirect.prefixRewrite needs a match by uri.prefix");
    }
  });
}
