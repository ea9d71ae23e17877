/** How a call ends, as the one who made it sees it, and the access log of the proxy that it went out by. */
import type { HTTPFaultJson, RouteJson } from "../envoy/api.js";
import type { FilterVerdict } from "./access/filter-answer.js";
import type { CallError, Walk } from "./outcome.js";
import type { Transport } from "./upstream.js";

/** See the top of this file. */
export interface Ending {
  /** An application, or a server outside of the mesh, answers. */
  readonly isAnswered: boolean;
  /** What a proxy answers in its place; absent where the connection is closed. */
  readonly status?: number;
  /** Envoy's response flags; none for `-`. */
  readonly flags: readonly string[];
  readonly reason: string;
}

const REDIRECTS: Readonly<Record<string, number>> = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
};

const NOT_FOUND = 404;
const UNAVAILABLE = 503;

/** What a proxy that a call comes to does with one that goes no further. */
const AT_THE_PROXY: Readonly<Record<CallError, Pick<Ending, "status" | "flags">>> = {
  "no-listener": { flags: [] },
  "no-filter-chain": { flags: ["NR"] },
  "ambiguous-filter-chains": { flags: ["NR"] },
  "tls-expected": { flags: [] },
  "certificate-refused": { flags: [] },
  "protocol-error": { flags: ["DPE"] },
  "no-route-configuration": { status: NOT_FOUND, flags: ["NR"] },
  "no-virtual-host": { status: NOT_FOUND, flags: ["NR"] },
  "https-redirect": { status: 301, flags: [] },
  "no-route": { status: NOT_FOUND, flags: ["NR"] },
  "no-cluster": { status: UNAVAILABLE, flags: ["NC"] },
};

/** What a route can have answered where its cluster is missing; 503 when it does not say. */
const MISSING_CLUSTER: Readonly<Record<string, number>> = {
  NOT_FOUND,
  INTERNAL_SERVER_ERROR: 500,
};

/** The cluster is missing to which a call would go. Connections without a route are closed. */
export function withoutCluster(route: RouteJson | undefined, reason: string): Ending {
  const closed = { isAnswered: false, flags: AT_THE_PROXY["no-cluster"].flags, reason };
  if (route === undefined) return closed;
  const code = route.route?.clusterNotFoundResponseCode ?? "";
  return { ...closed, status: MISSING_CLUSTER[code] ?? UNAVAILABLE };
}

/** The ending of a call that ends at the proxy that it comes to first; undefined for one that goes on. */
export function endingAtProxy(
  { error, answer, passed, reasons }: Walk,
  verdicts: readonly FilterVerdict[],
): Ending | undefined {
  const [refusal] = verdicts.filter(({ isAllowed }) => !isAllowed);
  if (refusal !== undefined) return refused(refusal);
  const reason = reasons.at(-1) ?? "";
  // A fault does not ask where the request would go.
  const abort = abortOf(passed.route);
  if (abort !== undefined) return abort;
  if (error !== undefined) {
    if (error === "no-cluster") return withoutCluster(passed.route, reason);
    const { status, flags } = AT_THE_PROXY[error];
    const closed = { isAnswered: false, flags, reason };
    return status === undefined || passed.manager === undefined ? closed : { ...closed, status };
  }
  if (answer === undefined) return undefined;
  const { responseCode = "MOVED_PERMANENTLY" } = passed.route?.redirect ?? {};
  const status = "status" in answer ? answer.status : (REDIRECTS[responseCode] ?? 301);
  return { isAnswered: false, status, flags: [], reason };
}

/** What a filter answers, to a proxy or to an application. */
function refused({ status, reason }: FilterVerdict): Ending {
  return {
    isAnswered: false,
    ...(status === undefined ? {} : { status }),
    flags: [],
    reason,
  };
}

const WHOLE: Readonly<Record<string, number>> = {
  HUNDRED: 100,
  TEN_THOUSAND: 10_000,
  MILLION: 1_000_000,
};

/** The fault that every request of a route is given; one that only some are given is no ending. */
function abortOf(route: RouteJson | undefined): Ending | undefined {
  const config = route?.typedPerFilterConfig?.["envoy.filters.http.fault"];
  const { abort } = (config ?? {}) as HTTPFaultJson;
  const { numerator = 0, denominator = "HUNDRED" } = abort?.percentage ?? {};
  if (abort?.httpStatus === undefined || numerator < (WHOLE[denominator] ?? 0)) return undefined;
  const reason = "the route gives every request this fault";
  return { isAnswered: false, status: abort.httpStatus, flags: ["FI"], reason };
}

/** Nobody is there to be called. Who calls with bytes, without a route, is told by the end of the connection alone. */
export function withoutEndpoints(route: RouteJson | undefined, reason: string): Ending {
  const closed = { isAnswered: false, flags: ["UH"], reason };
  return route === undefined ? closed : { ...closed, status: UNAVAILABLE };
}

/** A connection that cannot be made is tried again where the route says so; that for bytes is the only try that there is. */
export function notConnected(route: RouteJson | undefined, reason: string): Ending {
  if (route === undefined) return { isAnswered: false, flags: ["UF", "URX"], reason };
  const { retryOn = "", numRetries = 1 } = route.route?.retryPolicy ?? {};
  const conditions = new Set(retryOn.split(","));
  const isRetried = numRetries > 0 && (conditions.has("connect-failure") || conditions.has("5xx"));
  return {
    isAnswered: false,
    status: UNAVAILABLE,
    flags: isRetried ? ["URX", "UF"] : ["UF"],
    reason,
  };
}

/** The server closed the connection once it was made; a connection for bytes is reset where it did not even read them. */
function disconnected(route: RouteJson | undefined, wasRead: boolean, reason: string): Ending {
  if (route === undefined) return { isAnswered: false, flags: wasRead ? [] : ["UR"], reason };
  return { isAnswered: false, status: UNAVAILABLE, flags: ["UC"], reason };
}

/** What of the calling proxy decides how a refusal looks to it. */
interface CallerSide {
  /** Absent where bytes are passed on. */
  readonly route: RouteJson | undefined;
  readonly transport: Pick<Transport, "encryption">;
}

/** How the server's refusal of a connection or a request looks to the proxy that called; undefined when it goes on. */
export function endingAtServer(
  { error, reasons }: Walk,
  verdicts: readonly FilterVerdict[],
  { route, transport: { encryption } }: CallerSide,
): Ending | undefined {
  const [refusal] = verdicts.filter(({ isAllowed }) => !isAllowed);
  if (refusal?.status !== undefined) return refused(refusal);
  if (refusal !== undefined) return disconnected(route, true, refusal.reason);
  if (error === undefined) return undefined;
  const reason = reasons.at(-1) ?? "";
  const { status, flags } = AT_THE_PROXY[error];
  // An answer of the server's proxy is passed on like any other.
  if (status !== undefined) return { isAnswered: false, status, flags: [], reason };
  if (error === "no-listener" || encryption !== "plaintext") return notConnected(route, reason);
  return flags.length === 0 ? notConnected(route, reason) : disconnected(route, false, reason);
}
