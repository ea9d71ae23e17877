import type { SourceReading } from "../reading/source.js";
import type { ConfigResource, ResourceRef } from "../resource.js";

/** That a file has a resource. */
export interface Claim {
  readonly ref: ResourceRef;
  /** Absent when the resource has errors, or when it is not known what the file says of it now. */
  readonly resource?: ConfigResource;
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
      const { id, ref, resource } = reading.secret;
      return new Map([[id, claim(ref, resource)]]);
    }
    case "none":
      return withoutResources(before);
    case "file": {
      const claims = new Map<string, Claim>(reading.isWhole ? [] : withoutResources(before));
      for (const [id, { item }] of reading.items) claims.set(id, claim(item.ref, item.resource));
      return claims;
    }
  }
}

function claim(ref: ResourceRef, resource: ConfigResource | undefined): Claim {
  return resource === undefined ? { ref } : { ref, resource };
}

/** The same claims, of which it is not known what the file says of them now. */
export function withoutResources(claims: Claims): Claims {
  return new Map([...claims].map(([id, { ref }]) => [id, { ref }]));
}

/** The ids of which two sets of claims say different things. */
export function changedIds(before: Claims, after: Claims): readonly string[] {
  const changed: string[] = [];
  for (const [id, { resource }] of after) {
    const old = before.get(id);
    if (old === undefined || old.resource !== resource) changed.push(id);
  }
  for (const id of before.keys()) if (!after.has(id)) changed.push(id);
  return changed;
}
