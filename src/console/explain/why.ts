/** Which parts of which resources made the Envoy resources of a proxy, and what is in them. */
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type {
  EnvoyResource,
  ResourceSet,
  ResourceSets,
} from "../../envoy/resource/resource-set.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { chainStages } from "./chain-stages.js";
import { decidedHost, decidedResource, type Holder } from "./decided-parts.js";
import type { Stage } from "./explanation.js";
import { hostSteps, tableStages } from "./host-stages.js";
import { namesLike } from "./names-like.js";
import { patchesIn } from "./provenance.js";
import type { Scene } from "./scene.js";
import { madeBy, step } from "./step.js";

/** What is told of a resource beside what made it: the steps and stages of what is in it. */
type Within = Pick<Stage, "steps" | "stages">;

/** A type of resources that is looked through. */
interface Searched {
  readonly word: string;
  readonly type: string;
  readonly set: (sets: ResourceSets) => ResourceSet;
  /** Nothing is told of what is in those without it. */
  readonly within?: (holder: Holder, resource: EnvoyResource, json: object) => Within;
}

const SEARCHED: readonly Searched[] = [
  { word: "cluster", type: MESSAGE.cluster, set: ({ clusters }) => clusters },
  { word: "endpoints", type: MESSAGE.endpoint, set: ({ endpoints }) => endpoints },
  {
    word: "listener",
    type: MESSAGE.listener,
    set: ({ listeners }) => listeners,
    within: (holder, resource, json) => ({
      steps: [],
      stages: chainStages(holder, resource, json),
    }),
  },
  {
    word: "route configuration",
    type: MESSAGE.route,
    set: ({ routes }) => routes,
    within: (holder, _, json) => ({ steps: [], stages: tableStages(holder, json) }),
  },
  {
    word: "virtual host",
    type: MESSAGE.virtualHost,
    set: ({ virtualHosts }) => virtualHosts,
    within: (holder, resource, json) => {
      const host = decidedHost(holder, json, [], patchesIn(resource));
      return { steps: hostSteps(holder.scene, host), stages: [] };
    },
  },
  { word: "secret", type: MESSAGE.secret, set: ({ secrets }) => secrets },
  { word: "extension", type: MESSAGE.extensionConfig, set: ({ extensions }) => extensions },
];

/** What made the resources of a name. */
export interface Why {
  readonly stages: readonly Stage[];
  /** Where there is none of that name: some that are named much like it. */
  readonly near: readonly string[];
}

/** The resources of that name that a proxy should hold; a virtual host is also found without that of its table. */
export function why(scene: Scene, proxy: Proxy, name: string): Why {
  const sets = scene.resourcesOf(proxy);
  const stages = SEARCHED.flatMap((searched) =>
    [...searched.set(sets).values()]
      .filter((one) => one.name === name || one.name.endsWith(`/${name}`))
      .map((resource) => resourceStage({ scene, proxy }, searched, resource)),
  );
  if (stages.length > 0) return { stages, near: [] };
  const names = SEARCHED.flatMap(({ set }) => [...set(sets).keys()]);
  return { stages, near: namesLike(name, names) };
}

const SAME_EVERYWHERE = "of what is the same in every mesh";

function resourceStage(
  holder: Holder,
  { word, type, within }: Searched,
  resource: EnvoyResource,
): Stage {
  const { json, decisions } = decidedResource(holder, type, resource);
  const { steps, stages } = within?.(holder, resource, json) ?? { steps: [], stages: [] };
  const made = madeBy(holder.scene, decisions);
  // What is put together of parts that are told of says nothing by itself.
  const isSaid = made.length > 0 || stages.length > 0;
  const first = isSaid ? made : [step(holder.scene, "made", SAME_EVERYWHERE, [])];
  return {
    title: `${word} ${resource.name} of ${holder.proxy.id}`,
    steps: [...first, ...steps],
    stages,
  };
}
