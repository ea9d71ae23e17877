/** `describe`: the DestinationRule of a service, and which of its subsets some pods belong to. */
import type { TrafficPolicy } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import { type Labels, selects } from "../../mesh/labels.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import { indented, placeOf, type Subject, shortName } from "./subject.js";

/** The subsets of a rule, by whether one of some pods belongs to them. */
export interface SubsetMatch {
  readonly matching: readonly string[];
  readonly others: readonly string[];
}

/** Which subsets pods with these labels belong to. */
export function matchSubsets(
  rule: DestinationRule | undefined,
  pods: readonly Labels[],
): SubsetMatch {
  const subsets = rule?.spec.subsets ?? [];
  const isMatch = (labels: Labels = {}): boolean => pods.some((pod) => selects(labels, pod));
  return {
    matching: subsets.filter(({ labels }) => isMatch(labels)).map(({ name }) => name),
    others: subsets.filter(({ labels }) => !isMatch(labels)).map(({ name }) => name),
  };
}

/** A rule as it concerns some pods. */
export function describeDestinationRule(
  subject: Subject,
  rule: DestinationRule,
  subsets: SubsetMatch,
): readonly string[] {
  const { source, spec } = rule;
  const name = shortName(subject, source);
  return [
    `DestinationRule: ${name} for "${spec.host}"${placeOf(subject, source)}`,
    ...indented([...describeSubsets(subsets), ...describePolicy(spec.trafficPolicy)]),
  ];
}

function describeSubsets({ matching, others }: SubsetMatch): readonly string[] {
  if (matching.length + others.length === 0) return [];
  if (matching.length === 0) {
    return [`WARNING: no pod belongs to a subset (there are ${others.join(", ")})`];
  }
  return [
    `Matching subsets: ${matching.join(",")}`,
    ...(others.length === 0 ? [] : indented([`(Non-matching subsets ${others.join(",")})`])),
  ];
}

function describePolicy(policy: TrafficPolicy | undefined): readonly string[] {
  if (policy === undefined) return ["No Traffic Policy"];
  const ports = policy.portLevelSettings ?? [];
  return [
    ...(policy.tls?.mode === undefined ? [] : [`Traffic Policy TLS Mode: ${policy.tls.mode}`]),
    ...otherPolicies(policy),
    ...(ports.length === 0 ? [] : ["Port Level Settings:"]),
    ...ports.flatMap(({ port, tls, ...policies }) =>
      indented([
        `${port?.number ?? 0}:`,
        ...indented([
          ...(tls?.mode === undefined ? [] : [`TLS Mode: ${tls.mode}`]),
          ...otherPolicies(policies),
        ]),
      ]),
    ),
  ];
}

function otherPolicies({
  loadBalancer,
  connectionPool,
  outlierDetection,
}: Pick<TrafficPolicy, "loadBalancer" | "connectionPool" | "outlierDetection">): readonly string[] {
  const names = [
    ...(loadBalancer === undefined ? [] : ["load balancer"]),
    ...(connectionPool === undefined ? [] : ["connection pool"]),
    ...(outlierDetection === undefined ? [] : ["outlier detection"]),
  ];
  return names.length === 0 ? [] : [`Policies: ${names.join("/")}`];
}
