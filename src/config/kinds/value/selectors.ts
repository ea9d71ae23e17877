import Type from "typebox";
import Value from "typebox/value";
import { defined } from "../../../base/defined.js";
import type { Path } from "../../kind.js";
import {
  list,
  mapOf,
  NonEmptyText,
  optional,
  strict,
  Text,
  type TextMap,
  textUpTo,
  type ValueOf,
} from "./fields.js";
import { doubtful, each, type Findings, given, invalid } from "./findings.js";
import { checkSelectorLabels } from "./labels.js";
import { notApplied } from "./unapplied.js";

/** The workloads of a policy, by all of these labels (istio.type.v1beta1.WorkloadSelector). */
export type PolicySelector = ValueOf<typeof PolicySelector>;
export const PolicySelector = strict({ matchLabels: optional(mapOf(Text, 4096)) });

/** The workloads of a networking resource, by all of these labels (istio.networking.WorkloadSelector). */
export type WorkloadSelector = ValueOf<typeof WorkloadSelector>;
export const WorkloadSelector = strict({ labels: optional(mapOf(Text, 256)) });

/** A resource that a policy is attached to: a Service, ServiceEntry, Gateway or GatewayClass. */
export type PolicyTargetReference = ValueOf<typeof PolicyTargetReference>;
export const PolicyTargetReference = strict({
  group: optional(textUpTo(253)),
  kind: NonEmptyText,
  name: Type.String({ minLength: 1, maxLength: 253 }),
  namespace: optional(Text),
});

/** The resources that a policy is attached to. */
export const PolicyTargetReferences = list(PolicyTargetReference, 16);

/** How a policy says what it is for; one of the three, or none for the whole namespace. */
export interface PolicyTargets {
  readonly selector?: PolicySelector;
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
}

const Targets = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
});

/** What a policy with errors is for, as far as that is in order; else nothing, which stands for its whole namespace. */
export function readableTargets(spec: unknown): PolicyTargets {
  const { selector, targetRef, targetRefs }: Readonly<Record<string, unknown>> =
    typeof spec === "object" && spec !== null ? { ...spec } : {};
  const targets = defined({ selector, targetRef, targetRefs });
  return isInOrder(targets) ? targets : {};
}

function isInOrder(targets: unknown): targets is PolicyTargets {
  if (!Value.Check(Targets, targets)) return false;
  return [...checkPolicyTargets(targets, [])].every(({ severity }) => severity === "warning");
}

/** `group/kind` of what a policy can be attached to; core kinds have no group. */
const TARGETS: readonly string[] = [
  "/Service",
  "networking.istio.io/ServiceEntry",
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
];

/** One way to say what a policy is for, and that one right. */
export function* checkPolicyTargets(targets: PolicyTargets, path: Path): Findings {
  const { selector, targetRef, targetRefs } = targets;
  yield* given(selector, [...path, "selector"], checkPolicySelector);
  yield* given(targetRef, [...path, "targetRef"], checkTargetReference);
  yield* each(targetRefs, [...path, "targetRefs"], checkTargetReference);
  const ways = [selector, targetRef, targetRefs].filter((way) => way !== undefined);
  if (ways.length > 1) {
    const name = targetRef === undefined ? "targetRefs" : "targetRef";
    yield invalid([...path, name], `${name} excludes the other of selector and targetRefs`);
  }
}

/** Labels without wildcards; a selector without labels selects all, which is probably not meant. */
export function checkPolicySelector(selector: PolicySelector, path: Path): Findings {
  return checkLabelsOf(selector.matchLabels, path, "matchLabels");
}

/** As `checkPolicySelector`, for networking resources. */
export function checkWorkloadSelector(selector: WorkloadSelector, path: Path): Findings {
  return checkLabelsOf(selector.labels, path, "labels");
}

function* checkLabelsOf(labels: TextMap = {}, path: Path, field: string): Findings {
  yield* checkSelectorLabels(labels, [...path, field]);
  if (Object.keys(labels).length === 0) {
    yield doubtful(
      path,
      "the selector has no labels: it applies to all workloads of the namespace",
    );
  }
}

function* checkTargetReference(target: PolicyTargetReference, path: Path): Findings {
  const { group = "", kind, namespace = "" } = target;
  const name = `${group === "core" ? "" : group}/${kind}`;
  if (!TARGETS.includes(name)) {
    const targets = TARGETS.map((known) => known.replace(/^\//, "")).join(", ");
    yield invalid(path, `a policy cannot be attached to a ${kind}: one of ${targets}`);
  } else if (kind !== "Gateway") {
    yield notApplied(path, `what is for the waypoint of a ${kind}`);
  }
  if (namespace !== "") {
    yield invalid([...path, "namespace"], "a policy is attached within its own namespace");
  }
}
