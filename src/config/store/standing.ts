import { isDeepStrictEqual } from "node:util";
import type { Change, Table } from "../../base/table/table.js";
import type { ConfigResource, ResourceRef } from "../resource.js";
import type { Claim } from "./claim.js";

/** How a resource stands among the files that have it. */
export interface Standing {
  readonly ref: ResourceRef;
  /** The file whose resource counts. */
  readonly path: string;
  /** What that file says; what it said last while that is not in order. Absent when it never was. */
  readonly candidate?: ConfigResource;
  /** What is in force: the candidate, unless that is held back. */
  readonly inForce?: ConfigResource;
  /** Whether that is a substitute for a resource that never was in order. */
  readonly isSubstitute?: true;
}

/** The files whose resource counted or counts, where that changed. */
export function pathsOf({ before, after }: Change<Standing>): readonly string[] {
  return [before, after].flatMap((standing) => standing?.path ?? []);
}

/**
 * How a resource stands now that some files claim it. The file whose resource is in force stays the one that counts, for as
 * long as it has the resource at all; else it is the first by path whose resource is in order. What has errors stays as it
 * was when it had none, and if it never had none, a substitute may be in force. undefined when no file claims it.
 *
 * The candidate is `===` to what it was when it is equal to it. It is in force; whoever holds it back changes that.
 */
export function standingOf(
  claims: Table<Claim>,
  before: Standing | undefined,
): Standing | undefined {
  const keeps = before?.inForce !== undefined && claims.has(before.path);
  const path = keeps ? before.path : firstInOrder(claims);
  const claim = path === undefined ? undefined : claims.get(path);
  if (path === undefined || claim === undefined) return undefined;
  const own = claim.resource ?? lastGood(before);
  if (own !== undefined) return standing(claim.ref, path, intern(own, before));
  const substitute = intern(claim.substitute ?? before?.inForce, before);
  const now = standing(claim.ref, path, substitute);
  return substitute === undefined ? now : { ...now, isSubstitute: true };
}

/** As `standingOf`, for those who want to know what files say without what they said before. */
export function freshStandingOf(
  claims: Table<Claim>,
  before: Standing | undefined,
): Standing | undefined {
  const path = firstInOrder(claims);
  const claim = path === undefined ? undefined : claims.get(path);
  if (path === undefined || claim === undefined) return undefined;
  return standing(claim.ref, path, intern(claim.resource ?? claim.substitute, before));
}

function standing(ref: ResourceRef, path: string, candidate: ConfigResource | undefined): Standing {
  return candidate === undefined ? { ref, path } : { ref, path, candidate, inForce: candidate };
}

function lastGood(before: Standing | undefined): ConfigResource | undefined {
  return before?.isSubstitute === true ? undefined : before?.inForce;
}

function firstInOrder(claims: Table<Claim>): string | undefined {
  const paths = [...claims.keys()].sort();
  return paths.find((path) => claims.get(path)?.resource !== undefined) ?? paths[0];
}

function intern(
  resource: ConfigResource | undefined,
  before: Standing | undefined,
): ConfigResource | undefined {
  const known = [before?.inForce, before?.candidate];
  return known.find((old) => isDeepStrictEqual(old, resource)) ?? resource;
}

/** `now`, or what it was when it is no different. */
export function internStanding(now: Standing, before: Standing | undefined): Standing {
  const { path, candidate, inForce, isSubstitute } = now;
  const isSame =
    before?.path === path &&
    before.candidate === candidate &&
    before.inForce === inForce &&
    before.isSubstitute === isSubstitute;
  return isSame ? before : now;
}
