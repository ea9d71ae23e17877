import { Destination } from "./destination.js";
import {
  Duration,
  Flag,
  Int32,
  list,
  mapOf,
  oneOf,
  optional,
  Percent,
  strict,
  Text,
  TextMap,
  Uint32,
  type ValueOf,
} from "./fields.js";
import { StringMatch } from "./string-match.js";

/** What a request must be for a route to take it; all conditions hold (Istio's HTTPMatchRequest). */
export const HTTPMatchRequest = strict({
  name: optional(Text),
  uri: optional(StringMatch),
  scheme: optional(StringMatch),
  method: optional(StringMatch),
  authority: optional(StringMatch),
  headers: optional(mapOf(StringMatch)),
  port: optional(Uint32),
  sourceLabels: optional(TextMap),
  gateways: optional(list(Text)),
  queryParams: optional(mapOf(StringMatch)),
  ignoreUriCase: optional(Flag),
  withoutHeaders: optional(mapOf(StringMatch)),
  sourceNamespace: optional(Text),
  statPrefix: optional(Text),
});
export type HTTPMatchRequest = ValueOf<typeof HTTPMatchRequest>;

/** What is done to the headers of a request or a response. */
export const HeaderOperations = strict({
  set: optional(TextMap),
  add: optional(TextMap),
  remove: optional(list(Text)),
});
export type HeaderOperations = ValueOf<typeof HeaderOperations>;

/** What is done to the headers of requests and responses. */
export const Headers = strict({
  request: optional(HeaderOperations),
  response: optional(HeaderOperations),
});
export type Headers = ValueOf<typeof Headers>;

/** One of the destinations that requests are spread over by weight. */
export const HTTPRouteDestination = strict({
  destination: Destination,
  weight: optional(Int32),
  headers: optional(Headers),
});
export type HTTPRouteDestination = ValueOf<typeof HTTPRouteDestination>;

/** The redirect that answers a request. */
export const HTTPRedirect = strict({
  uri: optional(Text),
  authority: optional(Text),
  port: optional(Uint32),
  derivePort: optional(oneOf("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT")),
  scheme: optional(Text),
  redirectCode: optional(Uint32),
});
export type HTTPRedirect = ValueOf<typeof HTTPRedirect>;

/** The fixed answer to a request; `bytes` is base64. */
export const HTTPDirectResponse = strict({
  status: Uint32,
  body: optional(strict({ string: optional(Text), bytes: optional(Text) })),
});
export type HTTPDirectResponse = ValueOf<typeof HTTPDirectResponse>;

/** The VirtualService whose routes are put in the place of this route. */
export const Delegate = strict({ name: optional(Text), namespace: optional(Text) });
export type Delegate = ValueOf<typeof Delegate>;

/** What becomes of path and authority before a request is forwarded. */
export const HTTPRewrite = strict({
  uri: optional(Text),
  authority: optional(Text),
  uriRegexRewrite: optional(strict({ match: optional(Text), rewrite: optional(Text) })),
});
export type HTTPRewrite = ValueOf<typeof HTTPRewrite>;

/** How often and when a failed request is sent again. */
export const HTTPRetry = strict({
  attempts: optional(Int32),
  perTryTimeout: optional(Duration),
  retryOn: optional(Text),
  retryRemoteLocalities: optional(Flag),
  retryIgnorePreviousHosts: optional(Flag),
  backoff: optional(Duration),
});
export type HTTPRetry = ValueOf<typeof HTTPRetry>;

/** Which browsers' origins may use a route (CORS). */
export const CorsPolicy = strict({
  /** Deprecated: exact origins; `allowOrigins` has replaced it. */
  allowOrigin: optional(list(Text)),
  allowOrigins: optional(list(StringMatch)),
  allowMethods: optional(list(Text)),
  allowHeaders: optional(list(Text)),
  exposeHeaders: optional(list(Text)),
  maxAge: optional(Duration),
  allowCredentials: optional(Flag),
  unmatchedPreflights: optional(oneOf("UNSPECIFIED", "FORWARD", "IGNORE")),
});
export type CorsPolicy = ValueOf<typeof CorsPolicy>;

/** How some requests are held up. */
export const FaultDelay = strict({
  /** Deprecated: `percentage` has replaced it. */
  percent: optional(Int32),
  fixedDelay: optional(Duration),
  exponentialDelay: optional(Duration),
  percentage: optional(Percent),
});
export type FaultDelay = ValueOf<typeof FaultDelay>;

/** How some requests are answered with an error. */
export const FaultAbort = strict({
  httpStatus: optional(Int32),
  grpcStatus: optional(Text),
  http2Error: optional(Text),
  percentage: optional(Percent),
});
export type FaultAbort = ValueOf<typeof FaultAbort>;

/** Faults that are put into traffic on purpose. */
export const HTTPFaultInjection = strict({
  delay: optional(FaultDelay),
  abort: optional(FaultAbort),
});
export type HTTPFaultInjection = ValueOf<typeof HTTPFaultInjection>;

/** A destination that is sent a copy of some requests. */
export const HTTPMirrorPolicy = strict({
  destination: Destination,
  percentage: optional(Percent),
});
export type HTTPMirrorPolicy = ValueOf<typeof HTTPMirrorPolicy>;

/** What is done with the requests that one of `match` takes (Istio's HTTPRoute). */
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
export type HTTPRoute = ValueOf<typeof HTTPRoute>;
