/** `describe pod`: the policies and extensions that apply to a workload. */
import { defined } from "../../base/defined.js";
import { Engine } from "../../base/engine/engine.js";
import { type ConfigResource, refOf } from "../../config/resource.js";
import { isDryRun } from "../../envoy/authorization/rbac.js";
import { appliedEnvoyFilters } from "../../mesh/extension/envoy-filters.js";
import { createExtensionFinder } from "../../mesh/extension/extensions.js";
import type { PolicySubject } from "../../mesh/policy-targets.js";
import { createAppliedPolicies } from "../../mesh/security/applied-policies.js";
import { sidecarOf } from "../../mesh/sidecar/sidecar.js";
import { appliedTelemetries } from "../../mesh/telemetry/applied-telemetry.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { extensionState, stateText } from "../extension-state.js";
import { describeApplied, type Subject } from "./subject.js";

/** The policies that apply to a workload, kind by kind, beside its PeerAuthentications: each in the order in which it counts. */
export function describePolicies(
  subject: Subject,
  workload: Workload,
  isGateway: boolean,
): readonly string[] {
  const { mesh } = subject;
  const { rootNamespace } = mesh.config;
  const who = policySubject(subject, workload);
  const { authorization, requestAuthentication } = createAppliedPolicies(new Engine())(
    mesh.security,
    rootNamespace,
    who,
  );
  const sidecar = isGateway ? undefined : sidecarOf(mesh.sidecars, who);
  const applied = (kind: string, resources: readonly ConfigResource[]): readonly string[] =>
    describeApplied(
      subject,
      `Applied ${kind}`,
      resources.map((one) => ({ ref: refOf(one) })),
    );
  return [
    ...applied("RequestAuthentication", requestAuthentication),
    ...describeApplied(
      subject,
      "Applied AuthorizationPolicy",
      authorization.map((policy) => ({
        ref: refOf(policy),
        says: `${policy.spec.action ?? "ALLOW"}${isDryRun(policy) ? ", dry run" : ""}`,
      })),
    ),
    ...applied("Telemetry", appliedTelemetries(mesh.telemetries, { ...who, rootNamespace })),
    ...applied("Sidecar", sidecar === undefined ? [] : [sidecar]),
    ...applied("EnvoyFilter", appliedEnvoyFilters(mesh.envoyFilters, rootNamespace, who)),
    ...describeExtensions(subject, who),
  ];
}

/** As its proxy says that it is, for that is what policies go by. */
function policySubject(
  { proxies }: Pick<Subject, "proxies">,
  { namespace, labels, address }: Workload,
): PolicySubject {
  const own = proxies.find((one) => one.address === address && one.namespace === namespace);
  return { namespace, labels: own?.labels ?? labels };
}

/** The filters that users add, in the order in which traffic passes them, and what has become of their modules. */
function describeExtensions(subject: Subject, who: PolicySubject): readonly string[] {
  const { mesh } = subject;
  const { rootNamespace } = mesh.config;
  const found = createExtensionFinder(new Engine()).of(mesh.extensions, rootNamespace, who);
  return (["WasmPlugin", "TrafficExtension"] as const).flatMap((kind) => {
    const own = found.filter(({ source }) => source.kind === kind);
    return describeApplied(
      subject,
      `Applied ${kind}`,
      own.map((one) => ({
        ref: one.source,
        ...defined({ says: stateText(extensionState(mesh, one)) }),
      })),
    );
  });
}
