/** What made the filter chains of a listener and what is in them, as stages. */
import type {
  FilterChainJson,
  FilterJson,
  HttpFilterJson,
  ListenerJson,
  RBACJson,
} from "../../envoy/api.js";
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import { connectionManagerOf } from "../../simulator/network-filters.js";
import { chainName } from "../proxy-config/filter-chain.js";
import { type DecidedChain, decidedChains, type Holder, hostsInTable } from "./decided-parts.js";
import type { Stage, Step } from "./explanation.js";
import { peersStep } from "./hop-steps.js";
import { hostStage } from "./host-stages.js";
import { type PatchesOf, policyDecision } from "./provenance.js";
import type { Scene } from "./scene.js";
import { madeBy, step } from "./step.js";

/** A stage for each filter chain, with the virtual hosts of the table that stands in it. */
export function chainStages(
  holder: Holder,
  resource: EnvoyResource,
  listener: ListenerJson,
): readonly Stage[] {
  return decidedChains(resource, listener).map((decided) => {
    const { chain, parts, patchesOf } = decided;
    const { routeConfig } = connectionManagerOf(chain) ?? {};
    const about = { decisions: parts, patchesOf };
    const hosts = routeConfig === undefined ? [] : hostsInTable(holder, routeConfig, about);
    return {
      title: `filter chain ${chainName(chain)}`,
      steps: chainSteps(holder, listener, decided),
      stages: hosts.map((host) => hostStage(holder.scene, host)),
    };
  });
}

function chainSteps(
  { scene, proxy }: Holder,
  { address, trafficDirection }: ListenerJson,
  { chain, decisions, patchesOf }: DecidedChain,
): readonly Step[] {
  const { rds } = connectionManagerOf(chain) ?? {};
  const port = chain.filterChainMatch?.destinationPort ?? address?.socketAddress?.portValue ?? 0;
  return [
    ...madeBy(scene, decisions),
    ...(trafficDirection === "INBOUND" ? peersStep(scene, proxy.id, port) : []),
    ...policySteps(scene, chain),
    ...patchedFilterSteps(scene, chain, patchesOf),
    ...(rds === undefined ? [] : [step(scene, "routes", rds.routeConfigName ?? "", [])]),
  ];
}

const filtersOf = (chain: FilterChainJson): readonly (FilterJson | HttpFilterJson)[] => [
  ...(chain.filters ?? []),
  ...(connectionManagerOf(chain)?.httpFilters ?? []),
];

/** The filters that EnvoyFilters added or changed. */
function patchedFilterSteps(
  scene: Scene,
  chain: FilterChainJson,
  patchesOf: PatchesOf,
): readonly Step[] {
  return filtersOf(chain).flatMap((filter) => {
    const { decisions } = patchesOf(filter);
    return decisions.length === 0 ? [] : [step(scene, "filter", filter.name ?? "", decisions)];
  });
}

/** The rules of AuthorizationPolicies that a chain asks. */
function policySteps(scene: Scene, chain: FilterChainJson): readonly Step[] {
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
