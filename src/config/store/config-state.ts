import { GroupEdits } from "../../base/engine/grouping.js";
import { type Change, Table } from "../../base/table/table.js";
import { ABSENT } from "../../base/table/trie.js";
import type { Kind } from "../kinds.js";
import type { SectionReadings } from "../reading/source.js";
import type { References } from "../references/dangling.js";
import type { ReferenceTables } from "../references/references.js";
import { type ConfigResource, keyOf } from "../resource.js";
import { emptyTables, type ResourceTables } from "../snapshot.js";
import type { RootStatus, SourceBatch } from "../sources/source.js";
import { type Claim, changedIds, NO_CLAIMS } from "./claim.js";
import { applyBatch, type FileState, type Files, NO_FILES } from "./file-state.js";
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
  const changes = [...changed].map((id): StandingChange => {
    const old = before.standings.get(id);
    return { id, old, now: standing(claims.get(id) ?? Table.empty(), old) };
  });
  const claimed: ConfigState = { ...before, files, roots: batch.roots, claims, contested };
  const state = withStandings(claimed, changes);
  const references = rules.checkReferences({ ...state.tables, VirtualService: state.routes });
  return holdBack({ ...state, references }, before, { changed, remembers });
}

function followClaims(
  before: ConfigState,
  files: Files,
): Pick<ConfigState, "claims" | "contested"> & { readonly changed: ReadonlySet<string> } {
  const edits = new GroupEdits<Claim>();
  for (const change of files.byPath.changesFrom(before.files.byPath)) editClaims(edits, change);
  const claims = edits.appliedTo(before.claims);
  const changed = new Set(edits.groups());
  const contested = new Set([
    ...[...before.contested].filter((id) => !changed.has(id)),
    ...[...changed].filter((id) => (claims.get(id)?.size ?? 0) > 1),
  ]);
  return { claims, contested, changed };
}

/** Adds what a file claims now and did not before, or claims no more. */
function editClaims(edits: GroupEdits<Claim>, { key, before, after }: Change<FileState>): void {
  const now = after?.claims ?? NO_CLAIMS;
  for (const id of changedIds(before?.claims ?? NO_CLAIMS, now)) {
    const claim = now.get(id);
    if (claim === undefined) edits.remove([id], key);
    else edits.set([id], key, claim);
  }
}

/** How a resource stands and how it stood, by its id; undefined when nobody claims it. */
export interface StandingChange {
  readonly id: string;
  readonly old: Standing | undefined;
  readonly now: Standing | undefined;
}

/** Edits of a table: see `Table.edited`. */
type Edits<V> = (readonly [string, V | typeof ABSENT])[];

/** What changes with standings: the table of these, the VirtualServices of files, and by kind the other tables in force. */
interface StandingEdits {
  readonly standings: Edits<Standing>;
  readonly routes: Edits<ConfigResource>;
  readonly others: Map<string, Edits<ConfigResource>>;
}

/** The state in which some resources stand as they do now. */
export function withStandings(state: ConfigState, changes: readonly StandingChange[]): ConfigState {
  const edits: StandingEdits = { standings: [], routes: [], others: new Map() };
  for (const change of changes) addStanding(edits, change);
  const { standings, routes, others } = edits;
  return {
    ...state,
    standings: state.standings.edited(standings),
    tables: [...others].reduce(withRows, state.tables),
    routes: withRows({ ...state.tables, VirtualService: state.routes }, ["VirtualService", routes])
      .VirtualService,
  };
}

function addStanding({ standings, routes, others }: StandingEdits, change: StandingChange): void {
  const { id, old, now } = change;
  const ref = now?.ref ?? old?.ref;
  if (ref === undefined) return;
  const key = keyOf(ref);
  standings.push([id, now === undefined ? ABSENT : internStanding(now, old)]);
  if (ref.kind === "VirtualService") {
    routes.push([key, now?.candidate ?? ABSENT]);
    return;
  }
  const rows = others.get(ref.kind) ?? [];
  others.set(ref.kind, rows);
  rows.push([key, now?.inForce ?? ABSENT]);
}

function withRows(
  tables: ResourceTables,
  [kind, edits]: readonly [string, Edits<ConfigResource>],
): ResourceTables {
  // Each kind's table has its own type of rows, and a resource goes to the table of its kind.
  const table = tables[kind as Kind] as Table<ConfigResource>;
  const rows = table.edited(edits);
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
  const standings: Edits<Standing> = [];
  const routes: Edits<ConfigResource> = [];
  for (const id of ids) {
    const standing = state.standings.get(id);
    const key = id.slice(ROUTE.length);
    const old = before.standings.get(id);
    const isHeldBack = remembers && references.get(key)?.isHeldBack === true;
    const inForce = isHeldBack ? old?.inForce : standing?.candidate;
    routes.push([key, (standing && inForce) ?? ABSENT]);
    if (standing === undefined) continue;
    standings.push([id, internStanding(withInForce(standing, inForce), old)]);
  }
  return {
    ...state,
    standings: state.standings.edited(standings),
    tables: withRows(state.tables, ["VirtualService", routes]),
  };
}

function routeReferences({ references }: ConfigState): Table<References> {
  return references.VirtualService?.[0] ?? Table.empty();
}

function withInForce(standing: Standing, inForce: ConfigResource | undefined): Standing {
  if (standing.inForce === inForce) return standing;
  const { inForce: _before, ...rest } = standing;
  return inForce === undefined ? rest : { ...rest, inForce };
}
