import type { Finding, Path } from "../kind.js";
import type { TextMap } from "../kinds/value/fields.js";
import type { Kind, ResourceOf } from "../kinds.js";
import type { ConfigResource } from "../resource.js";
import { REFERENCE_CODE } from "./dangling.js";
import { namespacesWith, type WorkloadRegistry } from "./workload-registry.js";

interface PlacedSelector {
  readonly labels: TextMap | undefined;
  readonly path: Path;
}

const policySelector = ({
  spec,
}: ConfigResource<{ readonly selector?: { readonly matchLabels?: TextMap } }>): PlacedSelector => ({
  labels: spec.selector?.matchLabels,
  path: ["spec", "selector", "matchLabels"],
});

const workloadSelector = ({
  spec,
}: ConfigResource<{
  readonly workloadSelector?: { readonly labels?: TextMap };
}>): PlacedSelector => ({
  labels: spec.workloadSelector?.labels,
  path: ["spec", "workloadSelector", "labels"],
});

/** How each kind says which workloads it is for, where it does so by labels. */
const SELECTOR_OF = {
  AuthorizationPolicy: policySelector,
  DestinationRule: ({ spec }: ResourceOf<"DestinationRule">): PlacedSelector => ({
    labels: spec.workloadSelector?.matchLabels,
    path: ["spec", "workloadSelector", "matchLabels"],
  }),
  EnvoyFilter: workloadSelector,
  Gateway: ({ spec }: ResourceOf<"Gateway">): PlacedSelector => ({
    labels: spec.selector,
    path: ["spec", "selector"],
  }),
  PeerAuthentication: policySelector,
  ProxyConfig: policySelector,
  RequestAuthentication: policySelector,
  ServiceEntry: workloadSelector,
  Sidecar: workloadSelector,
  Telemetry: policySelector,
} as const satisfies { readonly [K in Kind]?: (resource: ResourceOf<K>) => PlacedSelector };

/** A kind that says by labels which workloads it is for. */
export type SelectingKind = keyof typeof SELECTOR_OF;

/** The kinds that say by labels which workloads they are for. */
export const SELECTING_KINDS = Object.keys(SELECTOR_OF) as readonly SelectingKind[];

/** Istio's NoMatchingWorkloadsFound. */
const NO_WORKLOADS = "IST0127";

/** The kinds of which Istio calls a selector that selects nothing a reference to nothing. */
const REFERRING_KINDS: readonly SelectingKind[] = ["Gateway", "Sidecar", "Telemetry"];

/**
 * A warning when no workload that files know of has the labels that a resource is for. Gateways, and what is in the root
 * namespace, are for workloads of any namespace.
 */
export function checkSelector(
  kind: SelectingKind,
  resource: ConfigResource,
  workloads: WorkloadRegistry,
  rootNamespace: string,
): readonly Finding[] {
  const selectorOf = SELECTOR_OF[kind] as (resource: ConfigResource) => PlacedSelector;
  const { labels = {}, path } = selectorOf(resource);
  if (Object.keys(labels).length === 0) return [];
  const { namespace } = resource.metadata;
  const isForAll = kind === "Gateway" || namespace === rootNamespace;
  const namespaces = namespacesWith(workloads, labels);
  if (isForAll ? namespaces.length > 0 : namespaces.includes(namespace)) return [];
  const text = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const where = isForAll ? "" : ` of namespace ${namespace}`;
  const message = `no workload${where} has the labels ${text.join(",")}`;
  const code = REFERRING_KINDS.includes(kind) ? REFERENCE_CODE : NO_WORKLOADS;
  return [{ path, code, message, severity: "warning" }];
}
