import type { Finding, KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { lenient, list, optional, Text, type ValueOf } from "../value/fields.js";
import { each, type Findings, given } from "../value/findings.js";
import { checkIpOrNone } from "./kubernetes-addresses.js";
import { PodSpec } from "./pod-template.js";

/** Whether something holds for a pod: `Ready` is `True` when it can be sent traffic. */
export type PodCondition = ValueOf<typeof PodCondition>;
const PodCondition = lenient({ type: Text, status: Text });

/** Where a pod is, and whether it is ready. */
export type PodStatus = ValueOf<typeof PodStatus>;
const PodStatus = lenient({
  phase: optional(Text),
  podIP: optional(Text),
  podIPs: optional(list(lenient({ ip: optional(Text) }))),
  hostIP: optional(Text),
  conditions: optional(list(PodCondition)),
});

/** Kubernetes' Pod. */
export const pod = {
  kind: "Pod",
  group: "",
  versions: ["v1"],
  shortNames: ["po"],
  body: "spec",
  schema: PodSpec,
  status: PodStatus,
  check: (resource: ConfigResource<PodSpec>): readonly Finding[] => [...checkPod(resource)],
} as const satisfies KindDefinition<PodSpec>;

function* checkPod({ status }: ConfigResource<PodSpec>): Findings {
  const { podIP, podIPs } = (status as PodStatus | undefined) ?? {};
  yield* given(podIP, ["status", "podIP"], checkIpOrNone);
  yield* each(podIPs, ["status", "podIPs"], ({ ip }, path) =>
    given(ip, [...path, "ip"], checkIpOrNone),
  );
}
