import type { KindDefinition, Path } from "../../../kind.js";
import type { ConfigResource } from "../../../resource.js";
import { checkedByIstio } from "../../istio-resource.js";
import { wildcardDomainProblem } from "../../value/dns-names.js";
import { checkExportTo } from "../../value/export-to.js";
import {
  list,
  NonEmptyText,
  optional,
  strict,
  Text,
  TextMap,
  type ValueOf,
} from "../../value/fields.js";
import { each, type Findings, given, invalid, refuse, unique } from "../../value/findings.js";
import { checkLabels } from "../../value/labels.js";
import { checkPolicySelector, PolicySelector } from "../../value/selectors.js";
import { checkSubsetName } from "../virtual-service/destination.js";
import { checkTrafficPolicy, TrafficPolicy } from "./traffic-policy.js";

/** A named part of a service's endpoints, by all of these labels. */
export type Subset = ValueOf<typeof Subset>;
const Subset = strict({
  name: NonEmptyText,
  labels: optional(TextMap),
  trafficPolicy: optional(TrafficPolicy),
});

/** What applies to traffic to a service after it was routed there. */
export type DestinationRuleSpec = ValueOf<typeof DestinationRuleSpec>;
export const DestinationRuleSpec = strict({
  host: Text,
  trafficPolicy: optional(TrafficPolicy),
  subsets: optional(list(Subset)),
  exportTo: optional(list(Text)),
  workloadSelector: optional(PolicySelector),
});

/** Istio's DestinationRule. */
export const destinationRule = {
  kind: "DestinationRule",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  shortNames: ["dr"],
  body: "spec",
  schema: DestinationRuleSpec,
  check: checkedByIstio(checkDestinationRule),
} as const satisfies KindDefinition<DestinationRuleSpec>;

function* checkDestinationRule(resource: ConfigResource<DestinationRuleSpec>): Findings {
  const { spec, metadata } = resource;
  const { subsets = [] } = spec;
  const checkPolicy = (policy: TrafficPolicy, path: Path): Findings =>
    checkTrafficPolicy(policy, path, metadata.namespace);
  yield* refuse(["spec", "host"], wildcardDomainProblem(spec.host));
  yield* given(spec.trafficPolicy, ["spec", "trafficPolicy"], checkPolicy);
  yield* each(subsets, ["spec", "subsets"], function* (subset, at) {
    yield* checkSubsetName(subset.name, [...at, "name"]);
    yield* given(subset.labels, [...at, "labels"], checkLabels);
    yield* given(subset.trafficPolicy, [...at, "trafficPolicy"], checkPolicy);
  });
  const names = subsets.map(({ name }) => name);
  yield* unique(names, (index) => ["spec", "subsets", index, "name"], "subset");
  yield* checkExportTo(spec.exportTo, ["spec", "exportTo"], metadata);
  yield* given(spec.workloadSelector, ["spec", "workloadSelector"], checkPolicySelector);
  yield* checkSelectedExport(resource);
}

/** A rule for some workloads is for those of its own namespace. */
function* checkSelectedExport({ spec, metadata }: ConfigResource<DestinationRuleSpec>): Findings {
  if (spec.workloadSelector === undefined) return;
  for (const [index, entry] of (spec.exportTo ?? []).entries()) {
    if (entry !== "." && entry !== metadata.namespace) {
      const at = ["spec", "exportTo", index];
      yield invalid(
        at,
        `with a workloadSelector the rule is for its own namespace, not "${entry}"`,
      );
    }
  }
}
