import { Table } from "../../base/table.js";
import { idOf } from "../reading/resource.js";
import { type ConfigResource, refOf } from "../resource.js";
import type { Claim } from "./claim.js";
import { type ConfigState, withStanding } from "./config-state.js";

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
  let state = empty;
  for (const { root, path, resources } of saved) {
    const claims = new Map<string, Claim>();
    for (const resource of resources) {
      const ref = refOf(resource);
      const id = idOf(ref);
      if (state.standings.has(id)) continue;
      claims.set(id, { ref });
      const standing = { ref, path, candidate: resource, inForce: resource };
      state = withStanding(state, id, undefined, standing);
      state = { ...state, claims: state.claims.with(id, Table.from([[path, { ref }]])) };
    }
    const byPath = state.files.byPath.with(path, { root, claims });
    state = { ...state, files: { ...state.files, byPath } };
  }
  return { ...state, tables: { ...state.tables, VirtualService: state.routes } };
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
  const paths = new Set<string>();
  for (const { before: old, after } of state.standings.changesFrom(before.standings)) {
    if (old?.path === after?.path && old?.inForce === after?.inForce) continue;
    for (const standing of [old, after]) if (standing !== undefined) paths.add(standing.path);
  }
  return paths;
}
