/** Which parts of which resources made the Envoy resources of a proxy, and what is in them. */
import type {
  FilterChainJson,
  FilterJson,
  HttpFilterJson,
  ListenerJson,
  RBACJson,
  RouteConfigurationJson,
  RouteJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type {
  EnvoyResource,
  ResourceSet,
  ResourceSets,
} from "../../envoy/resource/resource-set.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { connectionManagerOf } from "../../simulator/network-filters.js";
import { chainName, chainsOf } from "../proxy-config/filter-chain.js";
import { describeMatch } from "../proxy-config/route-match.js";
import type { Stage, Step } from "./explanation.js";
import { peersStep, step } from "./hop-steps.js";
import { namesLike } from "./names-like.js";
import {
  chainDecisions,
  chainParts,
  type PatchesOf,
  patchesIn,
  policyDecision,
  resourceDecisions,
  routeDecisions,
} from "./provenance.js";
import type { Scene } from "./scene.js";

/** Who asks about which proxy. */
interface Question {
  readonly scene: Scene;
  readonly proxy: Proxy;
  readonly resource: EnvoyResource;
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
    inside: (question, json) => ({ steps: [], stages: tableStages(question, json) }),
  },
  {
    word: "virtual host",
    type: MESSAGE.virtualHost,
    set: ({ virtualHosts }) => virtualHosts,
    inside: (question, json) => ({
      steps: hostSteps(question, json, patchesIn(question.resource)),
      stages: [],
    }),
  },
  {
    word: "secret",
    type: MESSAGE.secret,
    set: ({ secrets }) => secrets,
    inside: () => NOTHING,
  },
  {
    word: "extension",
    type: MESSAGE.extensionConfig,
    set: ({ extensions }) => extensions,
    inside: () => NOTHING,
  },
];

const NOTHING = { steps: [], stages: [] } as const;

/** What made the resources of a name. */
export interface Why {
  readonly stages: readonly Stage[];
  /** Where there is none of that name: some that are named much like it. */
  readonly near: readonly string[];
}

/** The resources of that name that a proxy should hold; a virtual host is also found without that of its table. */
export function why(scene: Scene, proxy: Proxy, name: string): Why {
  const sets = scene.resourcesOf(proxy);
  const stages = stagesOf(scene, proxy, { sets, name });
  if (stages.length > 0) return { stages, near: [] };
  return {
    stages,
    near: namesLike(
      name,
      TYPES.flatMap(({ set }) => [...set(sets).keys()]),
    ),
  };
}

function stagesOf(
  scene: Scene,
  proxy: Proxy,
  { sets, name }: { readonly sets: ResourceSets; readonly name: string },
): readonly Stage[] {
  return TYPES.flatMap(({ word, type, set, inside }) =>
    [...set(sets).values()]
      .filter((one) => one.name === name || one.name.endsWith(`/${name}`))
      .map((resource): Stage => {
        const json = scene.encoder.decode(type, resource.bytes);
        const within = inside({ scene, proxy, resource }, json);
        const decisions = resourceDecisions(scene, { resource, type, json }, proxy.namespace);

        return {
          title: `${word} ${resource.name} of ${proxy.id}`,
          steps: [...madeBy(scene, decisions, within), ...within.steps],
          stages: within.stages,
        };
      }),
  );
}

/** What is put together of parts that are told of says nothing by itself. */
function madeBy(
  scene: Scene,
  decisions: readonly Decision[],
  { stages }: Pick<Stage, "stages">,
): readonly Step[] {
  if (decisions.length > 0) return [step(scene, "made", "", decisions)];
  return stages.length > 0 ? [] : [step(scene, "made", "of what is the same in every mesh", [])];
}

/** The virtual hosts of a table know by themselves what made them. */
function tableStages(
  question: Question,
  { name = "", virtualHosts = [] }: RouteConfigurationJson,
): readonly Stage[] {
  const { scene, proxy } = question;
  const known = scene.resourcesOf(proxy).virtualHosts;
  return virtualHosts.map((host) => {
    const resource = known.get(`${name}/${host.name ?? ""}`);
    const decisions =
      resource === undefined
        ? []
        : resourceDecisions(
            scene,
            { resource, type: MESSAGE.virtualHost, json: host },
            proxy.namespace,
          );
    const steps = hostSteps(question, host, patchesIn(resource));
    return hostStage(host, [...madeOf(scene, decisions), ...steps]);
  });
}

/** The virtual hosts of a table in a listener: what made its filter chain made those that no patch made or changed. */
function inlineStages(
  question: Question,
  { virtualHosts = [] }: RouteConfigurationJson,
  { patchesOf, parts }: { patchesOf: PatchesOf; parts: readonly Decision[] },
): readonly Stage[] {
  return virtualHosts.map((host) => {
    const patches = patchesOf(host).decisions;
    const made = madeOf(question.scene, patches.length > 0 ? patches : parts);
    return hostStage(host, [...made, ...hostSteps(question, host, patchesOf)]);
  });
}

const hostStage = ({ name = "" }: VirtualHostJson, steps: readonly Step[]): Stage => ({
  title: `virtual host ${name}`,
  steps,
  stages: [],
});

const madeOf = (scene: Scene, decisions: readonly Decision[]): readonly Step[] =>
  decisions.length === 0 ? [] : [step(scene, "made", "", decisions)];

function hostSteps(
  { scene, proxy }: Question,
  virtualHost: VirtualHostJson,
  patchesOf: PatchesOf,
): readonly Step[] {
  const { domains = [], routes = [] } = virtualHost;
  return [
    step(scene, "domains", domains.join(", "), []),
    ...routes.map((route) => {
      const decisions = routeDecisions(scene, { route, virtualHost, patchesOf }, proxy.namespace);
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

function chainStages(question: Question, listener: ListenerJson): readonly Stage[] {
  const { scene, proxy, resource } = question;
  const patchesOf = patchesIn(resource);
  return chainsOf(listener).map((chain) => {
    const { routeConfig, rds } = connectionManagerOf(chain) ?? {};
    const steps = rds === undefined ? [] : [step(scene, "routes", rds.routeConfigName ?? "", [])];
    const made = madeOf(scene, chainDecisions({ resource, listener, chain, patchesOf }));
    const parts = chainParts({ resource, listener, chain });
    const { address, trafficDirection } = listener;
    const port = chain.filterChainMatch?.destinationPort ?? address?.socketAddress?.portValue ?? 0;
    const peers = trafficDirection === "INBOUND" ? peersStep(scene, proxy.id, port) : [];
    return {
      title: `filter chain ${chainName(chain)}`,
      steps: [
        ...made,
        ...peers,
        ...policySteps(question, chain),
        ...filterSteps(scene, chain, patchesOf),
        ...steps,
      ],
      stages:
        routeConfig === undefined ? [] : inlineStages(question, routeConfig, { patchesOf, parts }),
    };
  });
}

const filtersOf = (chain: FilterChainJson): readonly (FilterJson | HttpFilterJson)[] => [
  ...(chain.filters ?? []),
  ...(connectionManagerOf(chain)?.httpFilters ?? []),
];

/** The filters that EnvoyFilters added or changed. */
function filterSteps(scene: Scene, chain: FilterChainJson, patchesOf: PatchesOf): readonly Step[] {
  return filtersOf(chain).flatMap((filter) => {
    const { decisions } = patchesOf(filter);
    return decisions.length === 0 ? [] : [step(scene, "filter", filter.name ?? "", decisions)];
  });
}

/** The rules of AuthorizationPolicies that a chain asks. */
function policySteps({ scene }: Question, chain: FilterChainJson): readonly Step[] {
  return filtersOf(chain).flatMap(({ typedConfig }) => {
    if (typedConfig?.["@type"]?.endsWith(".rbac.v3.RBAC") !== true) return [];
    const { rules } = typedConfig as { readonly rules?: RBACJson };
    if (rules === undefined) return [];
    const decisions = Object.keys(rules.policies ?? {}).flatMap(
      (name) => policyDecision(name) ?? [],
    );
    return [step(scene, "authorization", rules.action ?? "ALLOW", decisions)];
  });
}
