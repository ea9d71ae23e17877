import { memberOf } from "../../../base/member-of.js";
import { typeNameIn } from "../../../base/protobuf/type-url.js";
import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { Int32, list, optional, strict, type ValueOf } from "../value/fields.js";
import {
  atMostOne,
  doubtful,
  each,
  type Findings,
  given,
  invalid,
  refuse,
} from "../value/findings.js";
import { syntaxProblem } from "../value/regular-expressions.js";
import {
  checkPolicyTargets,
  checkWorkloadSelector,
  PolicyTargetReferences,
  WorkloadSelector,
} from "../value/selectors.js";
import { EnvoyConfigObjectPatch, type ListenerMatch } from "./envoy-patch.js";

/** Changes of what is generated for some proxies, in Envoy's own words. */
export type EnvoyFilterSpec = ValueOf<typeof EnvoyFilterSpec>;
export const EnvoyFilterSpec = strict({
  workloadSelector: optional(WorkloadSelector),
  targetRefs: optional(PolicyTargetReferences),
  configPatches: optional(list(EnvoyConfigObjectPatch)),
  /** Smaller ones are applied first; 0 when absent. */
  priority: optional(Int32),
});

/** Istio's EnvoyFilter. */
export const envoyFilter = {
  kind: "EnvoyFilter",
  group: "networking.istio.io",
  versions: ["v1alpha3"],
  body: "spec",
  schema: EnvoyFilterSpec,
  check: checkedByIstio(checkEnvoyFilter),
} as const satisfies KindDefinition<EnvoyFilterSpec>;

/** Which match goes with what a patch applies to; others take any. */
const MATCHES: Readonly<Record<string, "listener" | "routeConfiguration" | "cluster">> = {
  LISTENER: "listener",
  FILTER_CHAIN: "listener",
  NETWORK_FILTER: "listener",
  HTTP_FILTER: "listener",
  ROUTE_CONFIGURATION: "routeConfiguration",
  VIRTUAL_HOST: "routeConfiguration",
  HTTP_ROUTE: "routeConfiguration",
  CLUSTER: "cluster",
};

const HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager";

/** Names of filters that Envoy had before its API v3, with those that it has. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  "envoy.buffer": "envoy.filters.http.buffer",
  "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
  "envoy.cors": "envoy.filters.http.cors",
  "envoy.csrf": "envoy.filters.http.csrf",
  "envoy.ext_authz": "envoy.filters.http.ext_authz",
  "envoy.fault": "envoy.filters.http.fault",
  "envoy.grpc_http1_bridge": "envoy.filters.http.grpc_http1_bridge",
  "envoy.grpc_json_transcoder": "envoy.filters.http.grpc_json_transcoder",
  "envoy.grpc_web": "envoy.filters.http.grpc_web",
  "envoy.gzip": "envoy.filters.http.compressor",
  "envoy.health_check": "envoy.filters.http.health_check",
  "envoy.http_connection_manager": HTTP_CONNECTION_MANAGER,
  "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
  "envoy.ip_tagging": "envoy.filters.http.ip_tagging",
  "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
  "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
  "envoy.listener.original_src": "envoy.filters.listener.original_src",
  "envoy.listener.proxy_protocol": "envoy.filters.listener.proxy_protocol",
  "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
  "envoy.lua": "envoy.filters.http.lua",
  "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
  "envoy.rate_limit": "envoy.filters.http.ratelimit",
  "envoy.ratelimit": "envoy.filters.network.ratelimit",
  "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
  "envoy.router": "envoy.filters.http.router",
  "envoy.squash": "envoy.filters.http.squash",
  "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
};

function* checkEnvoyFilter({ spec }: ConfigResource<EnvoyFilterSpec>): Findings {
  const { workloadSelector, targetRefs = [] } = spec;
  yield* given(workloadSelector, ["spec", "workloadSelector"], checkWorkloadSelector);
  yield* checkPolicyTargets({ targetRefs }, ["spec"]);
  if (workloadSelector !== undefined && targetRefs.length > 0) {
    yield invalid(["spec", "targetRefs"], "targetRefs excludes workloadSelector: give one of them");
  }
  yield* each(spec.configPatches, ["spec", "configPatches"], checkPatch);
}

function* checkPatch(change: EnvoyConfigObjectPatch, path: Path): Findings {
  const { applyTo = "INVALID", patch } = change;
  if (applyTo === "INVALID") {
    yield invalid([...path, "applyTo"], "a patch needs applyTo: what it is for");
  }
  yield* checkMatch(change, [...path, "match"]);
  if (patch === undefined) {
    yield invalid([...path, "patch"], "what is to be done is missing: give patch");
    return;
  }
  const { operation = "INVALID", value } = patch;
  if (operation === "INVALID") {
    yield invalid([...path, "patch", "operation"], "a patch needs an operation, such as MERGE");
  } else if (operation !== "REMOVE" && value === undefined) {
    yield invalid([...path, "patch", "value"], `the operation ${operation} needs a value`);
  }
  yield* checkTypes(value, [...path, "patch", "value"]);
}

function* checkMatch({ applyTo = "INVALID", match }: EnvoyConfigObjectPatch, path: Path): Findings {
  if (match === undefined) return;
  const { proxyVersion = "" } = match.proxy ?? {};
  yield* refuse([...path, "proxy", "proxyVersion"], syntaxProblem(proxyVersion));
  yield* atMostOne(match, path, ["listener", "routeConfiguration", "cluster", "waypoint"]);
  const wanted = MATCHES[applyTo];
  for (const field of ["listener", "routeConfiguration", "cluster"] as const) {
    if (match[field] !== undefined && wanted !== undefined && field !== wanted) {
      yield invalid([...path, field], `${applyTo} is matched by ${wanted}, not by ${field}`);
    }
  }
  if ((match.context === "WAYPOINT") !== (match.waypoint !== undefined)) {
    yield invalid([...path, "waypoint"], "context WAYPOINT and a match by waypoint go together");
  }
  const { filter } = match.listener?.filterChain ?? {};
  yield* given(filter, [...path, "listener", "filterChain", "filter"], (one, at) =>
    checkFilterMatch(one, at, applyTo),
  );
}

type FilterMatch = NonNullable<NonNullable<ListenerMatch["filterChain"]>["filter"]>;

function* checkFilterMatch(filter: FilterMatch, path: Path, applyTo: string): Findings {
  const { name = "", subFilter } = filter;
  if (applyTo === "LISTENER" || applyTo === "FILTER_CHAIN") {
    yield doubtful(path, `a match by filter has no effect on a ${applyTo}`);
  }
  if (name === "") yield invalid([...path, "name"], "a match by filter needs its name");
  yield* checkFilterName(name, [...path, "name"]);
  if (subFilter === undefined) return;
  const at = [...path, "subFilter"];
  if (applyTo !== "HTTP_FILTER") yield invalid(at, "a match by subFilter is for HTTP_FILTER");
  if (![HTTP_CONNECTION_MANAGER, "envoy.http_connection_manager"].includes(name)) {
    yield invalid(at, `a match by subFilter needs the filter ${HTTP_CONNECTION_MANAGER}`);
  }
  if ((subFilter.name ?? "") === "") yield invalid([...at, "name"], "a subFilter needs its name");
  yield* checkFilterName(subFilter.name ?? "", [...at, "name"]);
}

function* checkFilterName(name: string, path: Path): Findings {
  const newName = memberOf(OLD_NAMES, name);
  if (newName !== undefined) yield doubtful(path, `"${name}" is an old name: write "${newName}"`);
}

/** Where the types are that Envoy has, with Istio's; whether it has one that is called so is seen when it is encoded. */
const TYPE_ROOTS = /^(envoy|istio|io\.istio|stats|udpa|xds|google|opentelemetry|opencensus)\./;

/** Types that are nowhere in Envoy, or in its API before v3 alone, which it no longer has. */
function* checkTypes(value: unknown, path: Path): Findings {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(name) : name];
    if (name === "@type") yield* checkType(String(member), at);
    else if (isTypedConfig(name) && isUntyped(member)) {
      yield invalid(at, "which type of configuration it is has to be said: give @type");
    }
    // What is in a struct is nothing but data.
    if (!isStruct(value) || name !== "value") yield* checkTypes(member, at);
  }
}

function* checkType(url: string, path: Path): Findings {
  const type = typeNameIn(url);
  if (/^envoy\.[\w.]*\.v2(alpha\d*)?\./.test(type)) {
    yield invalid(path, `Envoy no longer has the type "${url}": take that of its API v3`);
  } else if (!TYPE_ROOTS.test(type)) {
    yield invalid(path, `Envoy has no type "${url}": wrap it in a xds.type.v3.TypedStruct`);
  }
}

const isTypedConfig = (name: string): boolean => name === "typed_config" || name === "typedConfig";

function isUntyped(member: unknown): boolean {
  return typeof member === "object" && member !== null && !Object.hasOwn(member, "@type");
}

function isStruct(value: object): boolean {
  const { "@type": type } = value as { readonly "@type"?: unknown };
  return /\.(TypedStruct|Struct)$/.test(String(type));
}
