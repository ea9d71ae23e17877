import type { KindDefinition } from "../kind.js";
import { list, NonEmptyText, optional, strict, Text, TextMap, type ValueOf } from "./fields.js";
import { PolicySelector } from "./selectors.js";
import { TrafficPolicy } from "./traffic-policy.js";

/** A named part of a service's endpoints, by all of these labels. */
export const Subset = strict({
  name: NonEmptyText,
  labels: optional(TextMap),
  trafficPolicy: optional(TrafficPolicy),
});
export type Subset = ValueOf<typeof Subset>;

/** What applies to traffic to a service after it was routed there. */
export const DestinationRuleSpec = strict({
  host: Text,
  trafficPolicy: optional(TrafficPolicy),
  subsets: optional(list(Subset)),
  exportTo: optional(list(Text)),
  workloadSelector: optional(PolicySelector),
});
export type DestinationRuleSpec = ValueOf<typeof DestinationRuleSpec>;

/** Istio's DestinationRule. */
export const destinationRule = {
  kind: "DestinationRule",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: DestinationRuleSpec,
} as const satisfies KindDefinition<DestinationRuleSpec>;
