/** Which parts of which resources made the Envoy resources of a proxy, and what is in them. */
import { formatRef, type ResourceRef } from "../../config/resource.js";
import type {
  ClusterJson,
  FilterChainJson,
  ListenerJson,
  RBACJson,
  RouteConfigurationJson,
  RouteJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import { MESSAGE } from "../../envoy/part/envoy-types.js";
import type { EnvoyResource, ResourceSet, ResourceSets } from "../../envoy/resource-set.js";
import type { Proxy } from "../../mesh/proxy.js";
import type { Decision } from "../../mesh/tls-decisions.js";
import { connectionManagerOf } from "../../simulator/network-filters.js";
import { describeMatch } from "../route-match.js";
import type { Stage, Step } from "./explanation.js";
import { peersStep, step } from "./hop-steps.js";
import { clusterDecisions, policyDecision, routeDecisions } from "./provenance.js";
import type { Scene } from "./scene.js";

/** Who asks about which proxy. */
interface Question {
  readonly scene: Scene;
  readonly proxy: Proxy;
}

/** The types of resources that are looked through, and what is told of one. */
const TYPES: readonly {
  readonly word: string;
  readonly type: string;
  readonly set: (sets: ResourceSets) => ResourceSet;
  readonly inside: (question: Question, json: object) => Pick<Stage, "steps" | "stages">;
}[] = [
  {
    word: "cluster",
    type: MESSAGE.cluster,
    set: ({ clusters }) => clusters,
    inside: () => NOTHING,
  },
  {
    word: "endpoints",
    type: MESSAGE.endpoint,
    set: ({ endpoints }) => endpoints,
    inside: () => NOTHING,
  },
  {
    word: "listener",
    type: MESSAGE.listener,
    set: ({ listeners }) => listeners,
    inside: (question, json) => ({ steps: [], stages: chainStages(question, json) }),
  },
  {
    word: "route configuration",
    type: MESSAGE.route,
    set: ({ routes }) => routes,
    inside: (question, json) => ({ steps: [], stages: hostStages(question, json) }),
  },
  {
    word: "virtual host",
    type: MESSAGE.virtualHost,
    set: ({ virtualHosts }) => virtualHosts,
    inside: (question, json) => ({ steps: hostSteps(question, json), stages: [] }),
  },
  {
    word: "secret",
    type: MESSAGE.secret,
    set: ({ secrets }) => secrets,
    inside: () => NOTHING,
  },
];

const NOTHING = { steps: [], stages: [] } as const;

/** The resources of that name that a proxy should hold; a virtual host is also found without that of its table. */
export function why(scene: Scene, proxy: Proxy, name: string): readonly Stage[] {
  const sets = scene.resourcesOf(proxy);
  return TYPES.flatMap(({ word, type, set, inside }) =>
    [...set(sets).values()]
      .filter((one) => one.name === name || one.name.endsWith(`/${name}`))
      .map((resource): Stage => {
        const json = scene.encoder.decode(type, resource.bytes);
        const within = inside({ scene, proxy }, json);
        const decisions = decisionsOf({ scene, proxy }, resource, type, json);
        return {
          title: `${word} ${resource.name} of ${proxy.id}`,
          steps: [...madeBy(scene, decisions, within), ...within.steps],
          stages: within.stages,
        };
      }),
  );
}

/** What is known of parts of resources first, then the resources of which no part is known. */
function decisionsOf(
  { scene, proxy }: Question,
  { sources = [] }: EnvoyResource,
  type: string,
  json: ClusterJson,
): readonly Decision[] {
  const parts = type === MESSAGE.cluster ? clusterDecisions(scene, json, proxy.namespace) : [];
  const known = new Set(parts.map(({ ref }) => formatRef(ref)));
  const others = sources.filter((ref) => !known.has(formatRef(ref)));
  return [...parts, ...distinct(others).map((ref) => ({ ref, path: [] }))];
}

const distinct = (refs: readonly ResourceRef[]): readonly ResourceRef[] => [
  ...new Map(refs.map((ref) => [formatRef(ref), ref])).values(),
];

/** What is put together of parts that are told of says nothing by itself. */
function madeBy(
  scene: Scene,
  decisions: readonly Decision[],
  { stages }: Pick<Stage, "stages">,
): readonly Step[] {
  if (decisions.length > 0) return [step(scene, "made", "", decisions)];
  return stages.length > 0 ? [] : [step(scene, "made", "of what is the same in every mesh", [])];
}

function hostStages(
  question: Question,
  { virtualHosts = [] }: RouteConfigurationJson,
): readonly Stage[] {
  return virtualHosts.map((host) => ({
    title: `virtual host ${host.name ?? ""}`,
    steps: hostSteps(question, host),
    stages: [],
  }));
}

function hostSteps({ scene, proxy }: Question, virtualHost: VirtualHostJson): readonly Step[] {
  const { domains = [], routes = [] } = virtualHost;
  return [
    step(scene, "domains", domains.join(", "), []),
    ...routes.map((route) => {
      const decisions = routeDecisions(scene, { route, virtualHost }, proxy.namespace);
      const says = `${describeMatch(route.match)} to ${targetOf(route)}`;
      return step(scene, "route", says, decisions);
    }),
  ];
}

function targetOf({ route, redirect, directResponse }: RouteJson): string {
  if (redirect !== undefined) return "a redirect";
  if (directResponse !== undefined) return `an answer of ${directResponse.status ?? 0}`;
  const weighted = route?.weightedClusters?.clusters ?? [];
  return (
    route?.cluster ?? weighted.map(({ name = "", weight = 0 }) => `${name} (${weight})`).join(", ")
  );
}

function chainStages(
  question: Question,
  { filterChains = [], defaultFilterChain, address, trafficDirection }: ListenerJson,
): readonly Stage[] {
  const { scene, proxy } = question;
  const chains =
    defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
  return chains.map((chain) => {
    const { routeConfig, rds } = connectionManagerOf(chain) ?? {};
    const steps =
      rds === undefined ? [] : [step(question.scene, "routes", rds.routeConfigName ?? "", [])];
    const port = chain.filterChainMatch?.destinationPort ?? address?.socketAddress?.portValue ?? 0;
    const peers = trafficDirection === "INBOUND" ? peersStep(scene, proxy.id, port) : [];
    return {
      title: `filter chain ${chain.name ?? ""}`.trimEnd(),
      steps: [...peers, ...policySteps(question, chain), ...steps],
      stages: routeConfig === undefined ? [] : hostStages(question, routeConfig),
    };
  });
}

/** The rules of AuthorizationPolicies that a chain asks. */
function policySteps({ scene }: Question, chain: FilterChainJson): readonly Step[] {
  const filters = [...(chain.filters ?? []), ...(connectionManagerOf(chain)?.httpFilters ?? [])];
  return filters.flatMap(({ typedConfig }) => {
    if (typedConfig?.["@type"]?.endsWith(".rbac.v3.RBAC") !== true) return [];
    const { rules } = typedConfig as { readonly rules?: RBACJson };
    if (rules === undefined) return [];
    const decisions = Object.keys(rules.policies ?? {}).flatMap(
      (name) => policyDecision(name) ?? [],
    );
    return [step(scene, "authorization", rules.action ?? "ALLOW", decisions)];
  });
}
