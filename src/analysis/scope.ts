import type { Diagnostic } from "../base/diagnostic.js";
import { ANALYZED_KINDS } from "./kinds.js";

/** Whether something is about a resource of a namespace, or about none that is in a namespace. */
export function isInNamespace(
  { resource }: Pick<Diagnostic, "resource">,
  namespace: string,
): boolean {
  if (resource === undefined) return true;
  const [kind = ""] = resource.split(" ", 1);
  return CLUSTER_SCOPED.has(kind) || resource.endsWith(`.${namespace}`);
}

/** Whether something is about a resource of a namespace, or about the namespace itself. */
export function isAboutNamespace(
  { resource = "" }: Pick<Diagnostic, "resource">,
  namespace: string,
): boolean {
  if (resource === `Namespace ${namespace}`) return true;
  const [kind = ""] = resource.split(" ", 1);
  return !CLUSTER_SCOPED.has(kind) && resource.endsWith(`.${namespace}`);
}

const CLUSTER_SCOPED: ReadonlySet<string> = new Set(
  Object.values(ANALYZED_KINDS).flatMap((kind) => ("clusterScoped" in kind ? [kind.kind] : [])),
);
