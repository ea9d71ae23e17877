import type { SourceReading } from "../reading/source.js";
import type { ConfigResource, ResourceRef } from "../resource.js";

/** That a file has a resource. */
export interface Claim {
  readonly ref: ResourceRef;
  /** Absent when the resource has errors, or when it is not known what the file says of it now. */
  readonly resource?: ConfigResource;
  /** What is in force in the place of a resource with errors that never was without. */
  readonly substitute?: ConfigResource;
}

/** The resources that a file has, by id. */
export type Claims = ReadonlyMap<string, Claim>;

/** No resources. */
export const NO_CLAIMS: Claims = new Map();

/**
 * The resources that a file has. One that it had before and that nobody can say is gone, because not all of the file could
 * be read, is still claimed.
 */
export function claimsOf(reading: SourceReading, before: Claims): Claims {
  switch (reading.type) {
    case "folder": {
      const { id } = reading.secret;
      return new Map([[id, claimOf(reading.secret)]]);
    }
    case "none":
      return withoutResources(before);
    case "file": {
      const claims = new Map<string, Claim>(reading.isWhole ? [] : withoutResources(before));
      for (const [id, { item }] of reading.items) claims.set(id, claimOf(item));
      return claims;
    }
  }
}

function claimOf({ ref, resource, substitute }: Claim): Claim {
  if (resource !== undefined) return { ref, resource };
  return substitute === undefined ? { ref } : { ref, substitute };
}

/** The same claims, of which it is not known what the file says of them now. */
export function withoutResources(claims: Claims): Claims {
  return new Map([...claims].map(([id, { ref }]) => [id, { ref }]));
}

/** The ids of which two sets of claims say different things. */
export function changedIds(before: Claims, after: Claims): readonly string[] {
  const changed: string[] = [];
  for (const [id, { resource, substitute }] of after) {
    const old = before.get(id);
    const isSame = old?.resource === resource && old?.substitute === substitute;
    if (old === undefined || !isSame) changed.push(id);
  }
  for (const id of before.keys()) if (!after.has(id)) changed.push(id);
  return changed;
}
