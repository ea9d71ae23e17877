/** Walks the configuration of a proxy as Envoy does, for one call. */
import type {
  FilterChainJson,
  HttpConnectionManagerJson,
  RedirectActionJson,
  RouteConfigurationJson,
  RouteJson,
} from "../envoy/api.js";
import { routed } from "./access/access.js";
import type { Call, HttpRequest } from "./call.js";
import type { ProxyConfiguration } from "./configuration.js";
import { matchFilterChain } from "./filter-chain-match.js";
import { detect } from "./listener-filters.js";
import { matchListener } from "./listener-match.js";
import { certificateOf, connectionManagerOf, tcpClusters, tcpProxyOf } from "./network-filters.js";
import type { Answer, CallError, Outcome, Walk } from "./outcome.js";
import { answersPreflight } from "./preflight.js";
import { matchRoute } from "./route-match.js";
import { matchVirtualHost } from "./virtual-host-match.js";

const START: Walk = { clusters: [], reasons: [], passed: {} };

/** A walk one step further. */
function step(before: Walk, found: Partial<Walk>, reason: string): Walk {
  const passed = { ...before.passed, ...found.passed };
  return { ...before, ...found, passed, reasons: [...before.reasons, reason] };
}

function fail(before: Walk, error: CallError, reason: string): Walk {
  return step(before, { error }, reason);
}

/** What becomes of a call to a proxy with this configuration. */
export function simulate(configuration: ProxyConfiguration, call: Call): Outcome {
  const { passed: _, ...outcome } = walk(configuration, call);
  return outcome;
}

/** What becomes of a call to a proxy with this configuration, and what it went through. */
export function walk(configuration: ProxyConfiguration, call: Call): Walk {
  const { address, port } = call.destination;
  const match = matchListener([...configuration.listeners.values()], call);
  if (match === undefined) {
    return fail(START, "no-listener", `nothing listens for ${address}:${port}`);
  }
  const { listener } = match;
  const listening = step(
    START,
    { listener: listener.name ?? "" },
    `listener ${listener.name ?? ""}: ${match.reason}`,
  );
  const detected = detect(listener, call);
  const chosen = matchFilterChain(listener, { call, detected });
  if ("error" in chosen) return fail(listening, chosen.error, chosen.reason);
  const { chain } = chosen;
  const name = chain.name ?? "";
  const found = { filterChain: name, passed: { chain } };
  const chained = step(listening, found, `filter chain ${name}: ${chosen.reason}`);
  const refusal = handshakeError(chain, call);
  if (refusal !== undefined) return fail(chained, ...refusal);
  return throughFilters(configuration, chain, call, chained);
}

/** Why client and chain do not come to talk; undefined when they do. */
function handshakeError(
  chain: FilterChainJson,
  { encryption }: Call,
): readonly [CallError, string] | undefined {
  const certificate = certificateOf(chain);
  if (certificate === "none") return undefined;
  if (encryption === "plaintext") {
    return ["tls-expected", "the chain takes TLS, and the call is plaintext"];
  }
  if ((certificate === "mesh") === (encryption === "mesh-tls")) return undefined;
  const reason =
    certificate === "mesh"
      ? "the chain wants a certificate of the mesh, and the client has none"
      : "the client wants a certificate of the mesh, and the chain has another one";
  return ["certificate-refused", reason];
}

function throughFilters(
  configuration: ProxyConfiguration,
  chain: FilterChainJson,
  call: Call,
  before: Walk,
): Walk {
  const manager = connectionManagerOf(chain);
  if (manager !== undefined) {
    if (call.encryption !== "plaintext" && certificateOf(chain) === "none") {
      return fail(before, "protocol-error", "the chain reads HTTP, and is sent TLS");
    }
    if (call.request === undefined) {
      return fail(before, "protocol-error", "the chain reads HTTP, and is sent other bytes");
    }
    return throughRoutes(configuration, manager, { ...call, request: call.request }, before);
  }
  const proxy = tcpProxyOf(chain);
  const clusters = proxy === undefined ? [] : tcpClusters(proxy);
  return toClusters(configuration, clusters, step(before, {}, "its bytes are passed on"));
}

/** The routes of a connection manager: its own, or those that it asks for by name. */
function routesOf(
  { routes }: ProxyConfiguration,
  { routeConfig, rds }: HttpConnectionManagerJson,
): RouteConfigurationJson | undefined {
  return routeConfig ?? routes.get(rds?.routeConfigName ?? "");
}

function throughRoutes(
  configuration: ProxyConfiguration,
  manager: HttpConnectionManagerJson,
  call: Call & { readonly request: HttpRequest },
  before: Walk,
): Walk {
  const asked = manager.rds?.routeConfigName;
  const named: Walk = {
    ...before,
    ...(asked === undefined ? {} : { routeConfiguration: asked }),
    passed: { ...before.passed, manager },
  };
  const routes = routesOf(configuration, manager);
  if (routes === undefined) {
    return fail(named, "no-route-configuration", `there are no routes ${asked ?? ""}`);
  }
  const { authority } = call.request;
  const found = matchVirtualHost(routes, authority);
  if (found === undefined) {
    return fail(named, "no-virtual-host", `routes ${routes.name ?? ""} know no host ${authority}`);
  }
  const { virtualHost, domain } = found;
  const hosted = step(
    named,
    { virtualHost: virtualHost.name ?? "", passed: { virtualHost } },
    `virtual host ${virtualHost.name ?? ""}: its domain ${domain} stands for ${authority}`,
  );
  const encrypted = call.encryption !== "plaintext";
  if (virtualHost.requireTls === "ALL" && !encrypted) {
    return fail(hosted, "https-redirect", "the host is served by HTTPS alone");
  }
  const scheme = encrypted ? "https" : "http";
  const match = matchRoute(virtualHost, { ...routed(manager, call), scheme });
  if (match === undefined) {
    return fail(hosted, "no-route", `no route of it is for ${call.request.path}`);
  }
  const name = match.route.name ?? "";
  const label = name === "" ? `route number ${match.index + 1}` : `route ${name}`;
  const chosen = step(
    hosted,
    { route: name, passed: { route: match.route } },
    `${label} is the first that takes the request`,
  );
  return act(configuration, match.route, call.request, chosen);
}

/** What a route does with a request. */
function act(
  configuration: ProxyConfiguration,
  chosen: RouteJson,
  request: HttpRequest,
  before: Walk,
): Walk {
  const { route, redirect, directResponse } = chosen;
  if (answersPreflight(before.passed.virtualHost ?? {}, chosen, request)) {
    return step(before, { answer: { status: 200 } }, "the proxy answers what a browser asks");
  }
  const answer = answerOf(redirect, directResponse);
  if (answer !== undefined) return step(before, { answer }, "the proxy answers by itself");
  const weighted = (route?.weightedClusters?.clusters ?? []).map(({ name = "", weight = 0 }) => ({
    name,
    weight,
  }));
  const clusters = route?.cluster === undefined ? weighted : [{ name: route.cluster, weight: 1 }];
  return toClusters(configuration, clusters, before);
}

function answerOf(
  redirect: RedirectActionJson | undefined,
  directResponse: RouteJson["directResponse"],
): Answer | undefined {
  if (directResponse !== undefined) return { status: directResponse.status ?? 0 };
  if (redirect === undefined) return undefined;
  const { schemeRedirect, hostRedirect, pathRedirect, prefixRewrite, regexRewrite } = redirect;
  const scheme = schemeRedirect === undefined ? "" : `${schemeRedirect}:`;
  const host = hostRedirect === undefined ? "" : `//${hostRedirect}`;
  const path = pathRedirect ?? prefixRewrite ?? regexRewrite?.substitution ?? "";
  return { redirect: `${scheme}${host}${path}` };
}

function toClusters(
  { clusters: known }: ProxyConfiguration,
  clusters: Outcome["clusters"],
  before: Walk,
): Walk {
  const names = clusters.map(({ name }) => name);
  const reached = step(before, { clusters }, `it goes to ${names.join(", ")}`);
  // Of several clusters each is for itself: a missing one ends its share alone.
  if (names.some((name) => known.has(name))) return reached;
  return fail(reached, "no-cluster", `the proxy has no cluster ${names.join(", ")}`);
}
