/** Which resources made a piece of an Envoy's configuration, and where they are written. */
import type { Position } from "../../base/diagnostic.js";
import { Engine } from "../../base/engine/engine.js";
import { formatPath } from "../../config/format-path.js";
import { formatRef, keyOf, type ResourceRef, refOf } from "../../config/resource.js";
import type {
  ClusterJson,
  FilterChainJson,
  ListenerJson,
  RouteJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import { merges } from "../../envoy/patch/list-operations.js";
import { patchesOfParts, placeOfPatch } from "../../envoy/patch/patch-trace.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import { createAppliedPolicies } from "../../mesh/security/applied-policies.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { chooseService } from "../../mesh/service/choose-service.js";
import { chainName, chainsOf } from "../proxy-config/filter-chain.js";
import { delegatePart, sourcePart } from "../proxy-config/source-resource.js";
import type { Scene } from "./scene.js";

/** A part of a resource, and where it is written. */
export interface Source {
  /** `VirtualService payments.default http[1]`. */
  readonly what: string;
  readonly position?: Position;
}

/** The part of a resource at a path. */
export function sourceAt(
  { snapshot }: { readonly snapshot: Pick<Scene["snapshot"], "locate"> },
  { ref, path }: Decision,
): Source {
  const position = snapshot.locate(ref, path);
  const what = path.length === 0 ? formatRef(ref) : `${formatRef(ref)} ${formatPath(path)}`;
  return { what, ...(position === undefined ? {} : { position }) };
}

/** What EnvoyFilters did to a part of a resource. */
export interface PartPatches {
  readonly decisions: readonly Decision[];
  /** They made it, rather than changed what others made. */
  readonly isMade: boolean;
}

/** Tells what EnvoyFilters did to the parts of a resource, as they are decoded from its bytes. */
export type PatchesOf = (part: object) => PartPatches;

const UNPATCHED: PartPatches = { decisions: [], isMade: false };

/** See `PatchesOf`. */
export function patchesIn(resource: EnvoyResource | undefined): PatchesOf {
  if (resource?.patched === undefined) return () => UNPATCHED;
  const find = patchesOfParts(resource.patched);
  return (part) => {
    const patches = find(part);
    return {
      decisions: patches.map(placeOfPatch),
      isMade: patches.some((patch) => !merges(patch)),
    };
  };
}

/**
 * What made a route: the patches that changed it, then a part of a VirtualService, behind that of its delegate; else the
 * service of its virtual host, unless a patch made it.
 */
export function routeDecisions(
  scene: Scene,
  {
    route,
    virtualHost,
    patchesOf,
  }: {
    readonly route: RouteJson;
    readonly virtualHost: VirtualHostJson | undefined;
    readonly patchesOf: PatchesOf;
  },
  namespace: string,
): readonly Decision[] {
  const [, host = ""] = /([^/]+):\d+$/.exec(virtualHost?.name ?? "") ?? [];
  const { decisions, isMade } = patchesOf(route);
  const written = [delegatePart(route.metadata), sourcePart(route.metadata)];
  const found = written.filter((one) => one !== undefined);
  if (isMade || found.length > 0) return [...decisions, ...found];
  return [...decisions, ...serviceDecision(scene, host, namespace)];
}

/**
 * Tells the parts of resources by which a listener has its filter chains; none of one that a patch added, or let take other
 * connections.
 */
export function chainPartsIn(
  { chains = [], patched }: EnvoyResource,
  listener: ListenerJson,
): (chain: FilterChainJson) => readonly Decision[] {
  const before: ListenerJson = patched?.after([]) ?? listener;
  const byName = new Map<string, readonly Decision[]>();
  chainsOf(before).forEach((one, index) => {
    const name = chainName(one);
    if (!byName.has(name)) byName.set(name, chains[index] ?? []);
  });
  return (chain) => byName.get(chainName(chain)) ?? [];
}

/** What a route can say of requests, and where rules of HTTPRoutes say it. */
const RULE_FIELDS = {
  timeout: "timeouts",
  retries: "retry",
  fault: undefined,
  mirror: "filters",
  mirrors: undefined,
} as const;

/** The field by which a route of a VirtualService, or a rule of an HTTPRoute, that a decision is about says something. */
export function routeField(
  { snapshot }: Pick<Scene, "snapshot">,
  { ref, path: [, list = "", index] }: Decision,
  field: keyof typeof RULE_FIELDS,
): Decision | undefined {
  if (typeof index !== "number") return undefined;
  const { HTTPRoute, VirtualService } = snapshot.tables;
  const isRule = ref.kind === "HTTPRoute";
  const name = isRule ? RULE_FIELDS[field] : field;
  const rule: object | undefined = isRule
    ? HTTPRoute.get(keyOf(ref))?.spec.rules?.[index]
    : ref.kind === "VirtualService"
      ? VirtualService.get(keyOf(ref))?.spec.http?.[index]
      : undefined;
  if (rule === undefined || name === undefined || !(name in rule)) return undefined;
  return { ref, path: ["spec", list, index, name] };
}

/** What made a cluster: the subset of a DestinationRule, or the rule, the service, and the patches that changed it. */
export function clusterDecisions(
  scene: Scene,
  { name = "", metadata }: ClusterJson,
  {
    namespace,
    resource,
  }: { readonly namespace: string; readonly resource?: EnvoyResource | undefined },
): readonly Decision[] {
  const [, , subset = "", host = ""] = name.split("|");
  const rule = sourcePart(metadata);
  const rules = rule === undefined ? [] : [inRule(scene, rule.ref, subset)];
  const patches = (resource?.patched?.patches ?? []).map(placeOfPatch);
  return [...rules, ...serviceDecision(scene, host, namespace), ...patches];
}

/** The DestinationRule of a file that a cluster's metadata names. */
function ruleIn(metadata: ClusterJson["metadata"]): ResourceRef | undefined {
  const ref = sourcePart(metadata)?.ref;
  return ref?.kind === "DestinationRule" ? ref : undefined;
}

/** The field of a DestinationRule's policy for a cluster: that of its subset, else that of the whole host. */
export function policyField(
  { snapshot }: Pick<Scene, "snapshot">,
  { name = "", metadata }: ClusterJson,
  field: "connectionPool" | "loadBalancer" | "outlierDetection",
): Decision | undefined {
  const ref = ruleIn(metadata);
  if (ref === undefined) return undefined;
  const spec = snapshot.tables.DestinationRule.get(keyOf(ref))?.spec;
  const [, , subset] = name.split("|");
  const index = (spec?.subsets ?? []).findIndex((one) => one.name === subset);
  const own = spec?.subsets?.[index]?.trafficPolicy?.[field];
  if (own !== undefined) return { ref, path: ["spec", "subsets", index, "trafficPolicy", field] };
  const shared = spec?.trafficPolicy?.[field];
  return shared === undefined ? undefined : { ref, path: ["spec", "trafficPolicy", field] };
}

/** The part of one resource that is all there is of another: where in it that is written is known. */
function wholePart({ sources = [], sourcePath, patched }: EnvoyResource): readonly Decision[] {
  const [ref, ...others] = sources;
  const isOne = ref !== undefined && others.length === 0 && patched === undefined;
  return isOne && sourcePath !== undefined ? [{ ref, path: sourcePath }] : [];
}

/** What made a resource: what is known of parts of resources first, then the resources of which no part is known. */
export function resourceDecisions(
  scene: Scene,
  { resource, type, json }: { resource: EnvoyResource; type: string; json: ClusterJson },
  namespace: string,
): readonly Decision[] {
  const { sources = [], patched } = resource;
  const parts =
    type === MESSAGE.cluster
      ? clusterDecisions(scene, json, { namespace, resource })
      : [...(patched?.patches ?? []).map(placeOfPatch), ...wholePart(resource)];
  const known = new Set(parts.map(({ ref }) => formatRef(ref)));
  const others = new Map(sources.map((ref) => [formatRef(ref), ref]));
  const whole = [...others].filter(([name]) => !known.has(name));
  return [...parts, ...whole.map(([, ref]) => ({ ref, path: [] }))];
}

function inRule({ snapshot }: Scene, ref: ResourceRef, subset: string): Decision {
  if (ref.kind !== "DestinationRule") return { ref, path: [] };
  const spec = snapshot.tables.DestinationRule.get(keyOf(ref))?.spec;
  const index = (spec?.subsets ?? []).findIndex(({ name }) => name === subset);
  return { ref, path: index < 0 ? [] : ["spec", "subsets", index] };
}

function serviceDecision(
  { mesh }: Pick<Scene, "mesh">,
  host: string,
  namespace: string,
): readonly Decision[] {
  const service = chooseService(mesh.servicesByHost.get(host), namespace);
  return service === undefined ? [] : [{ ref: service.source, path: [] }];
}

const POLICY_RULE = /^(?:.*?)ns\[([^\]]*)\]-policy\[([^\]]*)\]-rule\[(\d+)\]$/;

/** The rule of an AuthorizationPolicy that Envoy calls by this name. */
export function policyDecision(policy: string): Decision | undefined {
  const [, namespace = "", name = "", rule] = POLICY_RULE.exec(policy) ?? [];
  if (rule === undefined) return undefined;
  const ref = { kind: "AuthorizationPolicy", namespace, name };
  return { ref, path: ["spec", "rules", Number(rule)] };
}

/** The AuthorizationPolicies of which these are rules. */
export function policiesOf(policies: readonly string[]): readonly Decision[] {
  const found = policies.flatMap((policy) => policyDecision(policy)?.ref ?? []);
  const byName = new Map(found.map((ref) => [formatRef(ref), { ref, path: [] }]));
  return [...byName.values()];
}

/** The rules for tokens of some issuers that apply to a proxy; without issuers, the RequestAuthentications with any. */
export function tokenDecisions(
  { mesh, proxies }: Pick<Scene, "mesh" | "proxies">,
  id: string,
  issuers: readonly string[] | undefined,
): readonly Decision[] {
  const proxy = proxies.find((one) => one.id === id);
  if (proxy === undefined) return [];
  const appliedTo = createAppliedPolicies(new Engine());
  const { requestAuthentication } = appliedTo(mesh.security, mesh.config.rootNamespace, proxy);
  return requestAuthentication.flatMap((policy): readonly Decision[] => {
    const ref = refOf(policy);
    if (issuers === undefined) return [{ ref, path: [] }];
    return (policy.spec.jwtRules ?? []).flatMap((rule, i) =>
      issuers.includes(rule.issuer ?? "") ? [{ ref, path: ["spec", "jwtRules", i] }] : [],
    );
  });
}
