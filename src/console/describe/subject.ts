/** What descriptions are made of. */
import type { ResourceRef } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Workload } from "../../mesh/workload/workload.js";

/** The mesh at one moment, and who asks about it. */
export interface Subject {
  readonly mesh: Mesh;
  readonly snapshot: Pick<ConfigSnapshot, "tables" | "locate" | "diagnostics" | "written">;
  /** Those that are connected, with what their groups say. */
  readonly proxies: readonly Proxy[];
  /** Names of this namespace are shown without it. */
  readonly namespace: string;
  /** Nobody wants to know what is not in the mesh. */
  readonly ignoresUnmeshed: boolean;
}

/** Between the parts of a description. */
export const SEPARATOR = "--------------------";

/** Lines one step further in. */
export const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => `   ${line}`);

/** `NAME`, or `NAME.NAMESPACE` for what is in another namespace than the one that was asked about. */
export function shortName(
  { namespace: own }: Pick<Subject, "namespace">,
  { name, namespace }: Pick<ResourceRef, "name" | "namespace">,
): string {
  return namespace === own ? name : `${name}.${namespace}`;
}

/** ` (file:line)`, where a resource is written; nothing for one that is in no file. */
export function placeOf({ snapshot }: Pick<Subject, "snapshot">, ref: ResourceRef): string {
  const position = snapshot.locate(ref);
  return position === undefined ? "" : ` (${position.file}:${position.line})`;
}

/** The heading and a line for each of some resources that apply to a workload: who they are, what else there is to say of them. */
export function describeApplied(
  subject: Subject,
  heading: string,
  applied: readonly { readonly ref: ResourceRef; readonly says?: string }[],
): readonly string[] {
  if (applied.length === 0) return [];
  const lines = applied.map(({ ref, says = "" }) => {
    const what = says === "" ? "" : `, ${says}`;
    return `${ref.name}.${ref.namespace}${what}${placeOf(subject, ref)}`;
  });
  return [`${heading}:`, ...indented(lines)];
}

/** The workload of that name, or undefined. */
export function findWorkload(
  { mesh }: Pick<Subject, "mesh">,
  { name, namespace }: Pick<ResourceRef, "name" | "namespace">,
): Workload | undefined {
  return [...mesh.workloadsByAddress.values()]
    .flatMap((workloads) => [...workloads.values()])
    .find((workload) => workload.name === name && workload.namespace === namespace);
}
