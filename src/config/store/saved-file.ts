import { GroupEdits } from "../../base/engine/grouping.js";
import type { Change } from "../../base/table/table.js";
import { idOf } from "../reading/resource.js";
import { type ConfigResource, refOf } from "../resource.js";
import type { Claim } from "./claim.js";
import { type ConfigState, type StandingChange, withStandings } from "./config-state.js";
import type { FileState } from "./file-state.js";
import { pathsOf, type Standing } from "./standing.js";

/** What is in force by one file, to survive a restart. */
export interface SavedFile {
  /** The directory as it was given, and the file's path as it is shown. */
  readonly root: string;
  readonly path: string;
  readonly resources: readonly ConfigResource[];
}

/**
 * The state in which what was saved is in force, by files of which it is not known yet what they say. Of a resource that is
 * saved twice the first counts.
 */
export function restoredState(empty: ConfigState, saved: readonly SavedFile[]): ConfigState {
  const changes = new Map<string, StandingChange>();
  const claimed = new GroupEdits<Claim>();
  const files = saved.map(({ root, path, resources }): readonly [string, FileState] => {
    const claims = new Map<string, Claim>();
    for (const resource of resources) {
      const ref = refOf(resource);
      const id = idOf(ref);
      if (changes.has(id)) continue;
      claims.set(id, { ref });
      claimed.set([id], path, { ref });
      const now = { ref, path, candidate: resource, inForce: resource };
      changes.set(id, { id, old: undefined, now });
    }
    return [path, { root, claims }];
  });
  const state = withStandings(empty, [...changes.values()]);
  return {
    ...state,
    claims: claimed.appliedTo(empty.claims),
    files: { ...empty.files, byPath: empty.files.byPath.edited(files) },
    tables: { ...state.tables, VirtualService: state.routes },
  };
}

/** What is in force by the file at a path. */
export function savedFileOf(state: ConfigState, path: string): SavedFile | undefined {
  const file = state.files.byPath.get(path);
  const standings = [...(file?.claims.keys() ?? [])].map((id) => state.standings.get(id));
  const resources = standings.flatMap((standing) =>
    standing?.path === path && standing.inForce !== undefined ? [standing.inForce] : [],
  );
  if (file === undefined || resources.length === 0) return undefined;
  return { root: file.root, path, resources };
}

/** The paths by which something else is in force than before. */
export function changedPaths(before: ConfigState, state: ConfigState): ReadonlySet<string> {
  const changes = state.standings.changesFrom(before.standings);
  return new Set(changes.filter(isOtherInForce).flatMap(pathsOf));
}

function isOtherInForce({ before, after }: Change<Standing>): boolean {
  return before?.path !== after?.path || before?.inForce !== after?.inForce;
}
