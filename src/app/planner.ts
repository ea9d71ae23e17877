/** What a directory would change in a mesh that runs, worked out beside what is served. */
import { join } from "node:path";
import type { Diagnostic, Position } from "../base/diagnostic.js";
import type { Engine } from "../base/engine/engine.js";
import { inSlices } from "../base/steps/in-slices.js";
import { readAhead } from "../config/reading/read-ahead.js";
import type { SectionReadings } from "../config/reading/source.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import type { Replacement, Supposing } from "../config/store/config-store.js";
import type { ReplacingFile } from "../config/store/replacement.js";
import { jsonPieces } from "../console/json-pieces.js";
import { makePlan, type PlanSide } from "../console/plan/make-plan.js";
import type { Plan } from "../console/plan/plan.js";
import type { PlanDraft, PlannedDirectory } from "../debug/api/plan-conversation.js";
import type { ConnectedProxy } from "../envoy/proxy/connected-proxy.js";
import type { Encoder } from "../envoy/resource/encoder.js";
import type { Configuration } from "./configuration.js";
import type { Discovery } from "./discovery.js";

/** What plans are made with. */
export interface PlannerOptions {
  /** That of the discovery and of the configuration. */
  readonly engine: Engine;
  readonly configuration: Pick<Configuration, "snapshot" | "replacement">;
  readonly discovery: Pick<Discovery, "view" | "supposing" | "forgetOthers">;
  readonly encoder: Pick<Encoder, "decode">;
  /** Those that are connected; of one that is twice the last counts. */
  readonly connected: () => readonly ConnectedProxy[];
}

/** The members of a plan, of a group of it, and of the changes of one are told one by one. */
const PIECES_DEPTH = 4;

/**
 * The maker of plans. All that is computed for one is so in a branch of the engine and in slices: what is served is the same
 * before, during and after, and goes on.
 */
export function createPlanner(
  options: PlannerOptions,
): (directory: PlannedDirectory) => Promise<PlanDraft> {
  return async (directory) => {
    const replacement = await options.configuration.replacement(directory.name);
    return {
      textOf: replacement.textOf,
      make: async (files, signal) => {
        const plan = await planOf({ directory, replacement, files }, options, signal);
        return jsonPieces(plan, PIECES_DEPTH);
      },
    };
  };
}

/** A directory, and where it would be. */
interface Planned {
  readonly directory: PlannedDirectory;
  readonly replacement: Replacement;
  readonly files: readonly ReplacingFile[];
}

async function planOf(
  planned: Planned,
  options: PlannerOptions,
  signal: AbortSignal,
): Promise<Plan> {
  const { engine, configuration, discovery, connected } = options;
  // Before anything is waited for: an edit that comes meanwhile is none of the plan's.
  const begun = {
    now: configuration.snapshot(),
    mesh: discovery.view(),
    suppose: planned.replacement.begin(),
  };
  const sections = await inSlices(readAhead(newTexts(planned)), { signal });
  const run = engine.branch();
  try {
    return await inSlices(steps({ ...planned, ...begun, sections }, options), { signal, run });
  } finally {
    // Scopes that only the plan has; those of the proxies stay.
    discovery.forgetOthers(connected().map(({ proxy }) => proxy));
  }
}

function newTexts({ replacement, files }: Planned): readonly string[] {
  return files.flatMap((file) =>
    "text" in file && file.text !== replacement.textOf(file.path) ? [file.text] : [],
  );
}

/** A plan that is made, of what was in force when it was begun. */
interface Begun extends Planned {
  readonly now: ConfigSnapshot;
  readonly mesh: ReturnType<Discovery["view"]>;
  readonly suppose: Supposing;
  readonly sections: SectionReadings;
}

function* steps(
  { now, mesh, suppose, sections, ...planned }: Begun,
  { discovery, encoder, connected }: PlannerOptions,
): Generator<void, Plan> {
  const byId = new Map(connected().map((one) => [one.proxy.id, one]));
  const next = suppose(planned.files, sections);
  yield;
  return yield* makePlan({
    before: { ...sideOf(now), mesh: () => mesh },
    after: { ...shownFor(planned, sideOf(next)), mesh: () => discovery.supposing(next) },
    proxies: [...byId.values()],
    decode: (type, bytes) => encoder.decode(type, bytes),
  });
}

type Shown = Omit<PlanSide, "mesh">;

function sideOf({ tables, diagnostics, locate }: ConfigSnapshot): Shown {
  return { tables, diagnostics, locate };
}

/** With the files of the directory called as the caller calls them. */
function shownFor({ directory, replacement, files }: Planned, side: Shown): Shown {
  const paths = ["", ...files.map(({ path }) => path)].map(
    (path) => [replacement.pathOf(path), join(directory.path, path)] as const,
  );
  const names = new Map(paths);
  const shown = (position: Position): Position => ({
    ...position,
    file: names.get(position.file) ?? position.file,
  });
  return {
    ...side,
    diagnostics: side.diagnostics.map(
      (one): Diagnostic =>
        one.position === undefined ? one : { ...one, position: shown(one.position) },
    ),
    locate: (ref, path) => {
      const position = side.locate(ref, path);
      return position && shown(position);
    },
  };
}
