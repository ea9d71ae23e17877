import { Table } from "../../base/table.js";
import type { Kind } from "../kinds.js";
import type { SectionReadings } from "../reading/source.js";
import type { References } from "../references/dangling.js";
import type { ReferenceTables } from "../references/references.js";
import { type ConfigResource, keyOf } from "../resource.js";
import { emptyTables, type ResourceTables } from "../snapshot.js";
import type { RootStatus, SourceBatch } from "../sources/source.js";
import { type Claim, changedIds, NO_CLAIMS } from "./claim.js";
import { applyBatch, type Files, NO_FILES } from "./file-state.js";
import { freshStandingOf, internStanding, type Standing, standingOf } from "./standing.js";

/** All that is known of the configuration at one moment. */
export interface ConfigState {
  readonly files: Files;
  readonly roots: readonly RootStatus[];
  /** By id, then by path: the files that have a resource. */
  readonly claims: Table<Table<Claim>>;
  /** The ids that more than one file claims. */
  readonly contested: ReadonlySet<string>;
  /** By id: how each resource stands. */
  readonly standings: Table<Standing>;
  /** The resources in force. */
  readonly tables: ResourceTables;
  /** The VirtualServices as files have them, held back or not. */
  readonly routes: ResourceTables["VirtualService"];
  readonly references: ReferenceTables;
}

/** Nothing is known. */
export const EMPTY_STATE: ConfigState = {
  files: NO_FILES,
  roots: [],
  claims: Table.empty(),
  contested: new Set(),
  standings: Table.empty(),
  tables: emptyTables(),
  routes: Table.empty(),
  references: {},
};

/** How a state follows from the one before. */
export interface Rules {
  readonly checkReferences: (tables: ResourceTables) => ReferenceTables;
  /** Whether what was in force before stays when something is wrong with what files say now. */
  readonly remembers: boolean;
  /** Sections of files that were read already. */
  readonly sections?: SectionReadings;
}

/** What the ids of VirtualServices begin with. */
const ROUTE = "VirtualService/";

/** The state after a batch. The cost is in proportion to the batch. */
export function advance(before: ConfigState, batch: SourceBatch, rules: Rules): ConfigState {
  const { remembers, sections } = rules;
  const files = applyBatch(before.files, batch, {
    ...(remembers && { memory: { standings: before.standings } }),
    ...(sections !== undefined && { sections }),
  });
  const { claims, contested, changed } = followClaims(before, files);
  const standing = remembers ? standingOf : freshStandingOf;
  let state: ConfigState = { ...before, files, roots: batch.roots, claims, contested };
  for (const id of changed) {
    const old = before.standings.get(id);
    const now = standing(claims.get(id) ?? Table.empty(), old);
    state = withStanding(state, id, old, now);
  }
  const references = rules.checkReferences({ ...state.tables, VirtualService: state.routes });
  return holdBack({ ...state, references }, before, { changed, remembers });
}

function followClaims(
  before: ConfigState,
  files: Files,
): Pick<ConfigState, "claims" | "contested"> & { readonly changed: ReadonlySet<string> } {
  let { claims } = before;
  const contested = new Set(before.contested);
  const changed = new Set<string>();
  for (const file of files.byPath.changesFrom(before.files.byPath)) {
    const now = file.after?.claims ?? NO_CLAIMS;
    for (const id of changedIds(file.before?.claims ?? NO_CLAIMS, now)) {
      const claim = now.get(id);
      const others = claims.get(id) ?? Table.empty<Claim>();
      const all = claim === undefined ? others.without(file.key) : others.with(file.key, claim);
      claims = all.size === 0 ? claims.without(id) : claims.with(id, all);
      if (all.size > 1) contested.add(id);
      else contested.delete(id);
      changed.add(id);
    }
  }
  return { claims, contested, changed };
}

/** The state in which a resource stands as it does now. */
export function withStanding(
  state: ConfigState,
  id: string,
  old: Standing | undefined,
  now: Standing | undefined,
): ConfigState {
  const ref = now?.ref ?? old?.ref;
  if (ref === undefined) return state;
  const key = keyOf(ref);
  const standings =
    now === undefined
      ? state.standings.without(id)
      : state.standings.with(id, internStanding(now, old));
  if (ref.kind !== "VirtualService") {
    return { ...state, standings, tables: withRow(state.tables, ref.kind, key, now?.inForce) };
  }
  const { VirtualService: routes } = withRow(
    { ...state.tables, VirtualService: state.routes },
    ref.kind,
    key,
    now?.candidate,
  );
  return { ...state, standings, routes };
}

function withRow(
  tables: ResourceTables,
  kind: string,
  key: string,
  resource: ConfigResource | undefined,
): ResourceTables {
  // Each kind's table has its own type of rows, and a resource goes to the table of its kind.
  const table = tables[kind as Kind] as Table<ConfigResource>;
  const rows = resource === undefined ? table.without(key) : table.with(key, resource);
  return rows === table ? tables : { ...tables, [kind]: rows };
}

/**
 * The state in which a VirtualService whose references lead nowhere is what it was before: absent, or its last version
 * whose references led somewhere, or the same when they led somewhere then.
 */
function holdBack(
  state: ConfigState,
  before: ConfigState,
  { changed, remembers }: { readonly changed: ReadonlySet<string>; readonly remembers: boolean },
): ConfigState {
  const references = routeReferences(state);
  const ids = new Set([...changed].filter((id) => id.startsWith(ROUTE)));
  for (const { key } of references.changesFrom(routeReferences(before))) ids.add(ROUTE + key);
  let { standings, tables } = state;
  for (const id of ids) {
    const standing = standings.get(id);
    const key = id.slice(ROUTE.length);
    const old = before.standings.get(id);
    const isHeldBack = remembers && references.get(key)?.isHeldBack === true;
    const inForce = isHeldBack ? old?.inForce : standing?.candidate;
    tables = withRow(tables, "VirtualService", key, standing && inForce);
    if (standing === undefined) continue;
    standings = standings.with(id, internStanding(withInForce(standing, inForce), old));
  }
  return { ...state, standings, tables };
}

function routeReferences({ references }: ConfigState): Table<References> {
  return references.VirtualService?.[0] ?? Table.empty();
}

function withInForce(standing: Standing, inForce: ConfigResource | undefined): Standing {
  if (standing.inForce === inForce) return standing;
  const { inForce: _before, ...rest } = standing;
  return inForce === undefined ? rest : { ...rest, inForce };
}
