import type { Diagnostic } from "../base/diagnostic.js";
import { ANALYZED_KINDS } from "./kinds.js";

/** Whether something is about a resource of a namespace, or about none that is in a namespace. */
export function isInNamespace(
  { resource }: Pick<Diagnostic, "resource">,
  namespace: string,
): boolean {
  return resource === undefined || isClusterScoped(resource) || resource.endsWith(`.${namespace}`);
}

/** Whether something is about a resource of a namespace, or about the namespace itself. */
export function isAboutNamespace(
  { resource = "" }: Pick<Diagnostic, "resource">,
  namespace: string,
): boolean {
  if (resource === `Namespace ${namespace}`) return true;
  return !isClusterScoped(resource) && resource.endsWith(`.${namespace}`);
}

const isClusterScoped = (resource: string): boolean =>
  CLUSTER_SCOPED.has(resource.split(" ", 1)[0] ?? "");

const CLUSTER_SCOPED: ReadonlySet<string> = new Set(
  Object.values(ANALYZED_KINDS).flatMap((kind) => ("clusterScoped" in kind ? [kind.kind] : [])),
);
