/** Istio's `exportTo`: the namespaces whose callers may use a service, a VirtualService or a DestinationRule. */
import { sameElements } from "../base/engine/engine.js";
import { commaSeparated } from "../base/text/comma-separated.js";

/** To whom a resource is visible: Istio's `exportTo`. */
export interface Visibility {
  /** To every namespace. */
  readonly everyone: boolean;
  readonly namespaces: readonly string[];
}

/** The annotation by which a Kubernetes Service says so. */
const ANNOTATION = "networking.istio.io/exportTo";

/** The `exportTo` of a Service that has these annotations; empty when they do not say it. */
export const exportToOf = (annotations: Readonly<Record<string, string>>): readonly string[] =>
  commaSeparated(annotations[ANNOTATION]);

const EVERYONE: Visibility = { everyone: true, namespaces: [] };

/**
 * Reads `exportTo`: `*` is every namespace, `.` the resource's own, `~` none, any other word a namespace. Without one the
 * mesh's default holds, and without that everyone sees it.
 */
export function parseExportTo(
  exportTo: readonly string[] | undefined,
  namespace: string,
  defaults: readonly string[] = ["*"],
): Visibility {
  const words = exportTo === undefined || exportTo.length === 0 ? defaults : exportTo;
  if (words.includes("*")) return EVERYONE;
  const namespaces = words
    .filter((word) => word !== "~")
    .map((word) => (word === "." ? namespace : word));
  return { everyone: false, namespaces: [...new Set(namespaces)] };
}

/** Whether a namespace may see what has this visibility. */
export function isVisible(visibility: Visibility, namespace: string): boolean {
  return visibility.everyone || visibility.namespaces.includes(namespace);
}

/** Whether two visibilities are the same. */
export function sameVisibility(a: Visibility, b: Visibility): boolean {
  return a.everyone === b.everyone && sameElements(a.namespaces, b.namespaces);
}
