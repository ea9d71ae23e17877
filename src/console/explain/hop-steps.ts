/** What a proxy does with a call, step by step. */
import type {
  FractionalPercentJson,
  HTTPFaultJson,
  RouteActionJson,
  RouteJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import {
  appliedAuthentication,
  decideMode,
  decidingPart,
} from "../../mesh/security/peer-authentication.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import type { FilterVerdict } from "../../simulator/access/filter-answer.js";
import type { Hop } from "../../simulator/journey.js";
import { describeChainMatch } from "../proxy-config/filter-chain.js";
import { describeMatch } from "../proxy-config/route-match.js";
import type { Step } from "./explanation.js";
import { percentOf } from "./explanation-lines.js";
import { extensionSteps } from "./extension-steps.js";
import {
  chainPartsIn,
  patchesIn,
  policiesOf,
  policyDecision,
  routeDecisions,
  routeField,
  tokenDecisions,
} from "./provenance.js";
import type { Scene } from "./scene.js";
import { step } from "./step.js";

/** Which PeerAuthentication says how callers prove who they are on a port of a proxy; nothing of a gateway. */
export function peersStep(scene: Scene, id: string, port: number): readonly Step[] {
  const { mesh, proxies } = scene;
  const proxy = proxies.find((one) => one.id === id);
  if (proxy === undefined || proxy.type === "router") return [];
  const decided = decideMode(appliedAuthentication(mesh.peerAuthentications, proxy), port);
  return [step(scene, "peers", decided.mode, decidingPart(decided))];
}

/** Who looks, and from which namespace. */
interface Context {
  readonly scene: Scene;
  readonly namespace: string;
}

/** What the proxy does with a call, up to where it goes on or ends. */
export function describeHop({ scene, namespace }: Context, hop: Hop): readonly Step[] {
  const { walk, verdicts } = hop;
  const named =
    walk.listener === undefined || walk.listener === ""
      ? []
      : [step(scene, "listener", walk.listener, [])];
  const decided = verdicts.map((verdict) => verdictStep(scene, hop.peer.id, verdict));
  const isRefused = verdicts.some(({ isAllowed }) => !isAllowed);
  const chains = chainSteps(scene, hop);
  const routes = isRefused ? [] : routeSteps({ scene, namespace }, hop);
  return [...named, ...chains, ...extensionSteps(scene, hop), ...decided, ...routes];
}

const SHOWN_PARTS = 5;

/** The filter chain that takes the call, and what made it: by its name, else by what it takes. */
function chainSteps(
  scene: Scene,
  { peer, walk: { listener: name, passed } }: Hop,
): readonly Step[] {
  const { chain } = passed;
  const proxy = scene.proxies.find(({ id }) => id === peer.id);
  const resource = proxy && scene.resourcesOf(proxy).listeners.get(name ?? "");
  const listener = peer.configuration.listeners.get(name ?? "");
  if (chain === undefined || resource === undefined || listener === undefined) return [];
  const { decisions: patches } = patchesIn(resource)(chain);
  const decisions = [...patches, ...chainPartsIn(resource, listener)(chain)];
  const { name: says = "" } = chain;
  if (says === "" && decisions.length === 0) return [];
  const shown = says === "" ? describeChainMatch(chain.filterChainMatch) : says;
  // One for all requests to a port says nothing of this call: `why` lists the services that share it.
  return decisions.length > SHOWN_PARTS
    ? [step(scene, "filter chain", `${shown}, shared by ${String(decisions.length)} parts`, [])]
    : [step(scene, "filter chain", shown, decisions)];
}

function verdictStep(scene: Scene, id: string, verdict: FilterVerdict): Step {
  const { filter, reason, policy, policies = [], action, issuers } = verdict;
  if (filter === "authentication") {
    return step(scene, "token", reason, tokenDecisions(scene, id, issuers));
  }
  const rule = policy === undefined ? undefined : policyDecision(policy);
  const says = action === undefined ? reason : `${action}: ${reason}`;
  return step(scene, "authorization", says, rule === undefined ? policiesOf(policies) : [rule]);
}

function routeSteps(
  { scene, namespace }: Context,
  { peer, walk: { listener, routeConfiguration, passed, virtualHost } }: Hop,
): readonly Step[] {
  const hosts = virtualHost === undefined ? [] : [step(scene, "virtual host", virtualHost, [])];
  const { route } = passed;
  if (route === undefined) return hosts;
  const place = { listener, table: routeConfiguration, host: passed.virtualHost };
  const patchesOf = patchesIn(routesResource(scene, peer, place));
  const made = { route, virtualHost: passed.virtualHost, patchesOf };
  const decisions = routeDecisions(scene, made, namespace);
  const name = route.name === undefined || route.name === "" ? "" : `${route.name}, `;
  const match = describeMatch(route.match);
  return [
    ...hosts,
    step(scene, "route", `${name}for ${match}`, decisions),
    ...faultSteps(scene, route, decisions),
    ...actionSteps(scene, route, decisions),
    ...mirrorSteps(scene, peer, { route, decisions }),
  ];
}

/** The resource that a virtual host is in: itself where it has a table, else the listener. */
function routesResource(
  { proxies, resourcesOf }: Scene,
  { id }: Hop["peer"],
  {
    listener = "",
    table,
    host,
  }: Readonly<Record<"listener" | "table", string | undefined>> & {
    readonly host: VirtualHostJson | undefined;
  },
): EnvoyResource | undefined {
  const proxy = proxies.find((one) => one.id === id);
  if (proxy === undefined || host === undefined) return undefined;
  const { virtualHosts, listeners } = resourcesOf(proxy);
  return table === undefined
    ? listeners.get(listener)
    : virtualHosts.get(`${table}/${host.name ?? ""}`);
}

/** What a route does to requests on purpose. */
function faultSteps(
  scene: Scene,
  route: RouteJson,
  decisions: readonly Decision[],
): readonly Step[] {
  const config = route.typedPerFilterConfig?.["envoy.filters.http.fault"];
  if (config === undefined) return [];
  const { abort, delay } = config as HTTPFaultJson;
  const says = [
    ...(abort === undefined ? [] : [`${shareOf(abort)} get ${abort.httpStatus ?? "an error"}`]),
    ...(delay === undefined ? [] : [`${shareOf(delay)} wait ${delay.fixedDelay ?? ""}`]),
  ];
  return [step(scene, "fault", says.join(", "), fieldOf(scene, decisions, "fault"))];
}

/** Where a field of a route is written: in the first of these that has it. */
function fieldOf(
  scene: Scene,
  decisions: readonly Decision[],
  field: Parameters<typeof routeField>[2],
): readonly Decision[] {
  return decisions.flatMap((one) => routeField(scene, one, field) ?? []).slice(0, 1);
}

const WHOLE = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const;

function shareOf({ percentage }: { readonly percentage?: FractionalPercentJson }): string {
  const { numerator = 0, denominator = "HUNDRED" } = percentage ?? {};
  return percentOf(numerator / WHOLE[denominator]);
}

/** Where copies of requests go, whose answers nobody sees. */
function mirrorSteps(
  scene: Scene,
  { configuration: { clusters } }: Hop["peer"],
  { route: { route }, decisions }: { route: RouteJson; decisions: readonly Decision[] },
): readonly Step[] {
  const written = (["mirror", "mirrors"] as const).flatMap((one) => fieldOf(scene, decisions, one));
  return (route?.requestMirrorPolicies ?? []).map(({ cluster = "", runtimeFraction }) => {
    const { defaultValue: percentage } = runtimeFraction ?? {};
    const share = percentage === undefined ? percentOf(1) : shareOf({ percentage });
    const whither = clusters.has(cluster) ? "to cluster" : "nowhere: the proxy has no cluster";
    return step(scene, "mirror", `${share} ${whither} ${cluster}`, written);
  });
}

/** The timeout and retries of a call to others; a route to the application beside the proxy, or to nobody, says nothing. */
function actionSteps(
  scene: Scene,
  { route }: RouteJson,
  decisions: readonly Decision[],
): readonly Step[] {
  if (route === undefined || route.cluster?.startsWith("inbound|") === true) return [];
  return [
    step(scene, "timeout", timeoutOf(route), fieldOf(scene, decisions, "timeout")),
    step(scene, "retries", retriesOf(route), fieldOf(scene, decisions, "retries")),
  ];
}

const timeoutOf = ({ timeout = "15s" }: RouteActionJson): string =>
  timeout === "0s" ? "none" : timeout;

function retriesOf({ retryPolicy }: RouteActionJson): string {
  if (retryPolicy === undefined) return "none";
  const { numRetries = 1, retryOn = "", perTryTimeout } = retryPolicy;
  const each = perTryTimeout === undefined ? "" : `, ${perTryTimeout} each`;
  return `${numRetries} on ${retryOn}${each}`;
}
