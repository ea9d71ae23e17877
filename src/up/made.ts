import type { ConfigResource } from "../config/resource.js";

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
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, resource]) => resource);
}
