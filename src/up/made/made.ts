/** Tells the resources that `up` makes, so that a mesh can be called from this machine, from those of the files. */

import type { Diagnostic } from "../../base/diagnostic.js";
import { byKey } from "../../base/text/compare-text.js";
import type { ConfigResource } from "../../config/resource.js";

const MADE_BY = "fairlead.dev/made-by";

/** The annotations of what `up` makes, so that it is told from what the files declare. */
export const MADE_ANNOTATIONS: Readonly<Record<string, string>> = { [MADE_BY]: "up" };

/** Whether `up` made this resource. */
export function isMade(resource: ConfigResource): boolean {
  return resource.metadata.annotations[MADE_BY] !== undefined;
}

/** The rows that the files declare, by namespace and name. */
export function declared<R extends ConfigResource>(table: Iterable<readonly [string, R]>): R[] {
  return [...table]
    .filter(([, resource]) => !isMade(resource))
    .sort(byKey)
    .map(([, resource]) => resource);
}

/** Whether a diagnostic is about what `up` made, in its directory, and so is none of the user's concern. */
export function isAboutMade(diagnostic: Diagnostic, directory: string): boolean {
  return isIn(directory, diagnostic) || diagnostic.message.includes(`${directory}/`);
}

/**
 * The resources, as `Kind name.namespace`, with which something is wrong in the user's own files. A made one of the same
 * name that is in force is such a wrong.
 */
export function disputedResources(
  diagnostics: readonly Diagnostic[],
  directory: string,
): ReadonlySet<string> {
  return new Set(
    diagnostics
      .filter((diagnostic) => !isIn(directory, diagnostic))
      .flatMap(({ resource }) => resource ?? []),
  );
}

function isIn(directory: string, { position }: Diagnostic): boolean {
  const file = position?.file;
  return file === directory || file?.startsWith(`${directory}/`) === true;
}
