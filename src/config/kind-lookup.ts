import { closestWord } from "../base/text/closest-word.js";
import type { KindDefinition } from "./kind.js";
import { KINDS } from "./kinds.js";

/** What the `apiVersion` and `kind` of a document are to us. */
export type KindLookup =
  | { readonly result: "known"; readonly definition: KindDefinition<never> }
  /** The kind is known, but not in this group and version. */
  | { readonly result: "wrong-version"; readonly definition: KindDefinition<never> }
  /** A kind of Kubernetes or around it which a mesh without Kubernetes has no use for. */
  | { readonly result: "meaningless" }
  /** A kind of the Gateway API that fairlead does not have. */
  | { readonly result: "unsupported" }
  | { readonly result: "unknown"; readonly didYouMean?: string };

/** API groups of which no kind means anything here, but those in `KINDS`. */
const MEANINGLESS_GROUPS: ReadonlySet<string> = new Set([
  "acme.cert-manager.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "autoscaling",
  "autoscaling.k8s.io",
  "batch",
  "cert-manager.io",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "install.istio.io",
  "inference.networking.k8s.io",
  "k8s.cni.cncf.io",
  "keda.sh",
  "kustomize.config.k8s.io",
  "monitoring.coreos.com",
  "multicluster.x-k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "sailoperator.io",
  "scheduling.k8s.io",
  "snapshot.storage.k8s.io",
  "storage.k8s.io",
]);

/** API groups of which the kinds that are not in `KINDS` would mean something. */
const UNSUPPORTED_GROUPS: ReadonlySet<string> = new Set([
  "gateway.networking.k8s.io",
  "gateway.networking.x-k8s.io",
]);

/** `group/Kind` of the kinds that mean nothing here in groups of which other kinds do; core kinds have no group. */
const MEANINGLESS_KINDS: ReadonlySet<string> = new Set([
  "/ComponentStatus",
  "/Event",
  "/LimitRange",
  "/Node",
  "/PersistentVolume",
  "/PersistentVolumeClaim",
  "/PodTemplate",
  "/ReplicationController",
  "/ResourceQuota",
  "apps/ControllerRevision",
  "apps/ReplicaSet",
  "extensions/Ingress",
  "extensions/NetworkPolicy",
]);

/** What a document with this `apiVersion` (`v1`, `networking.istio.io/v1`) and `kind` is to us. */
export function lookUpKind(apiVersion: string, kind: string): KindLookup {
  const slash = apiVersion.lastIndexOf("/");
  const group = apiVersion.slice(0, Math.max(0, slash));
  const version = apiVersion.slice(slash + 1);
  const named = BY_NAME.get(kind) ?? [];
  const own = named.find((one) => one.group === group);
  if (own !== undefined) {
    const served = own.versions.includes(version);
    return { result: served ? "known" : "wrong-version", definition: own };
  }
  if (UNSUPPORTED_GROUPS.has(group)) return { result: "unsupported" };
  if (MEANINGLESS_GROUPS.has(group) || MEANINGLESS_KINDS.has(`${group}/${kind}`)) {
    return { result: "meaningless" };
  }
  const [definition] = named;
  if (definition !== undefined) return { result: "wrong-version", definition };
  const closest = closestWord(kind, [...BY_NAME.keys()]);
  return { result: "unknown", ...(closest !== undefined && { didYouMean: closest }) };
}

/** The `apiVersion`s under which a kind is served, newest first. */
export function apiVersionsOf(definition: Pick<KindDefinition, "group" | "versions">): string[] {
  const { group, versions } = definition;
  return versions.map((version) => (group === "" ? version : `${group}/${version}`));
}

/** How files call a kind. */
export function writtenName({
  kind,
  writtenAs,
}: Pick<KindDefinition, "kind" | "writtenAs">): string {
  return writtenAs ?? kind;
}

/** The kinds that files call so: of several groups in one case, Istio's own first. */
const BY_NAME: ReadonlyMap<string, readonly KindDefinition<never>[]> = namedKinds();

function namedKinds(): ReadonlyMap<string, readonly KindDefinition<never>[]> {
  const named = new Map<string, KindDefinition<never>[]>();
  for (const definition of Object.values<KindDefinition<never>>(KINDS)) {
    const name = writtenName(definition);
    named.set(name, [...(named.get(name) ?? []), definition]);
  }
  return named;
}
