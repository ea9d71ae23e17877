/** `describe pod`: whether a workload wants mutual TLS, and which PeerAuthentications say so. */
import { type ConfigResource, refOf } from "../../config/resource.js";
import { selects } from "../../mesh/labels.js";
import {
  appliedAuthentication,
  portsWithMode,
  workloadMode,
} from "../../mesh/security/peer-authentication.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { describeApplied, indented, type Subject } from "./subject.js";

/** No port has a mode of its own by this number. */
const ANY_PORT = 0;

/** Which connections a workload takes, and the policies that say so. See istioctl x describe. */
export function describePeerAuthentication(
  subject: Subject,
  workload: Workload,
): readonly string[] {
  const applied = appliedAuthentication(subject.mesh.peerAuthentications, workload);
  const ports = portsWithMode(applied);
  return [
    "Effective PeerAuthentication:",
    ...indented([`Workload mTLS mode: ${workloadMode(applied, ANY_PORT)}`]),
    ...(ports.length === 0 ? [] : indented(["Port Level mTLS mode:"])),
    ...indented(indented(ports.map((port) => `${port}: ${workloadMode(applied, port)}`))),
    ...describeApplied(
      subject,
      "Applied PeerAuthentication",
      appliedPolicies(subject, workload).map((policy) => ({ ref: refOf(policy) })),
    ),
  ];
}

/** The policies of the mesh, of the namespace and of the workload, in this order. */
function appliedPolicies(
  { mesh, snapshot }: Subject,
  { namespace, labels }: Workload,
): readonly ConfigResource[] {
  const { rootNamespace } = mesh.config;
  const policies = snapshot.tables.PeerAuthentication.sorted().map(([, policy]) => policy);
  const selectorOf = (policy: (typeof policies)[number]) => policy.spec.selector?.matchLabels ?? {};
  const isWhole = (policy: (typeof policies)[number]): boolean =>
    Object.keys(selectorOf(policy)).length === 0;
  const own = policies.filter(({ metadata }) => metadata.namespace === namespace);
  return [
    ...(namespace === rootNamespace
      ? []
      : policies.filter((one) => one.metadata.namespace === rootNamespace && isWhole(one))),
    ...own.filter(isWhole),
    ...own.filter((one) => !isWhole(one) && selects(selectorOf(one), labels)),
  ];
}
