import { Engine } from "../../base/engine.js";
import { KINDS } from "../../config/kinds.js";
import { type ConfigResource, refOf } from "../../config/resource.js";
import { isDryRun } from "../../envoy/authorization/rbac.js";
import { createAppliedPolicies } from "../../mesh/applied-policies.js";
import { appliedTelemetries } from "../../mesh/applied-telemetry.js";
import { appliedEnvoyFilters } from "../../mesh/envoy-filters.js";
import { isFor, type PolicySubject } from "../../mesh/policy-targets.js";
import { sidecarOf } from "../../mesh/sidecar.js";
import type { Workload } from "../../mesh/workload.js";
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
    ...describeIdle(subject, who),
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

/** Those that are for a workload, and of kinds that have no effect. */
function describeIdle(subject: Subject, who: PolicySubject): readonly string[] {
  const { mesh, snapshot } = subject;
  const namespaces = new Set([mesh.config.rootNamespace, who.namespace]);
  return (["WasmPlugin", "TrafficExtension"] as const).flatMap((kind) => {
    const all = snapshot.tables[kind].sorted().map(([, resource]) => resource);
    const own = all.filter((one) => namespaces.has(one.metadata.namespace) && isFor(one, who));
    return describeApplied(
      subject,
      `${kind}, without effect (${KINDS[kind].withoutEffect})`,
      own.map((one) => ({ ref: refOf(one) })),
    );
  });
}
