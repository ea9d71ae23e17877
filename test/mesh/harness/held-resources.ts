/** What an Envoy holds of what came over xDS, so that two of them can be compared. */
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";
import { admin } from "./admin.js";

/** JSON of resources by type and name; `warming` where one is not in use yet. */
export type HeldResources = Readonly<Record<string, unknown>>;

/** The sections of Envoy's `/config_dump`, as far as they matter here. */
interface Sections {
  readonly dynamic_active_clusters?: readonly Shown[];
  readonly dynamic_warming_clusters?: readonly Shown[];
  readonly dynamic_listeners?: readonly {
    readonly name: string;
    readonly active_state?: Shown;
    readonly warming_state?: Shown;
  }[];
  readonly dynamic_route_configs?: readonly Shown[];
  readonly dynamic_endpoint_configs?: readonly Shown[];
  readonly dynamic_active_secrets?: readonly Shown[];
  readonly dynamic_warming_secrets?: readonly Shown[];
}

interface Shown {
  readonly name?: string;
  readonly cluster?: Named;
  readonly listener?: Named;
  readonly route_config?: Named;
  readonly endpoint_config?: Named;
}

interface Named {
  readonly name?: string;
  readonly cluster_name?: string;
}

/** The keys of lists in which order has no meaning to Envoy, or none is kept. */
const UNORDERED = new Set(["virtual_hosts", "lb_endpoints"]);

/**
 * See the top of this file. Listeners and routes that are only there until connections have ended are left out, and so are
 * versions: Envoy keeps that of a listener's first form when only its filter chains change, and tells that of the last
 * virtual hosts as that of routes.
 */
export async function heldResources(pod: PlacedPod): Promise<HeldResources> {
  const { configs } = JSON.parse(await admin(pod, "/config_dump?include_eds")) as {
    readonly configs: readonly Sections[];
  };
  const all = <Key extends keyof Sections>(key: Key): NonNullable<Sections[Key]>[number][] =>
    configs.flatMap((section) => [...((section[key] ?? []) as NonNullable<Sections[Key]>)]);
  const listeners = all("dynamic_listeners");
  const active = listeners.flatMap(({ active_state: state }) => state ?? []);
  const inUse = JSON.stringify(active);
  const held = [
    ...all("dynamic_active_clusters").map((one) => entry("cluster", one.cluster)),
    ...active.map((one) => entry("listener", one.listener)),
    ...all("dynamic_route_configs")
      .filter((one) => inUse.includes(`"route_config_name":"${one.route_config?.name ?? ""}"`))
      .map((one) => entry("routes", one.route_config)),
    ...all("dynamic_endpoint_configs").map((one) => entry("endpoints", one.endpoint_config)),
    // Each Envoy has a certificate of its own.
    ...all("dynamic_active_secrets").map(({ name }) => [`secret ${name ?? ""}`, true] as const),
  ];
  const warming = [
    ...all("dynamic_warming_clusters").map(({ cluster }) => `cluster ${cluster?.name ?? ""}`),
    ...listeners.filter((one) => one.warming_state !== undefined).map((one) => one.name),
    ...all("dynamic_warming_secrets").map(({ name }) => `secret ${name ?? ""}`),
  ];
  return { ...Object.fromEntries(held), ...(warming.length === 0 ? {} : { warming }) };
}

function entry(type: string, resource: Named | undefined): readonly [string, unknown] {
  return [`${type} ${resource?.name ?? resource?.cluster_name ?? ""}`, inOrder(resource)];
}

/** A value with lists sorted whose order is none. */
function inOrder(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const members = value.map((one) => inOrder(one));
    return UNORDERED.has(key) ? members.toSorted(byText) : members;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, inOrder(member, name)]),
  );
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
