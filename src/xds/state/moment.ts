/** What the state machines are told because they do not know it by themselves: so they are pure functions. */
import type { FileNames } from "../file-names.js";
import type { Intermediates } from "./intermediate-tables.js";
import type { KnownTables } from "./known-tables.js";
import type { NamePool } from "./name-set.js";
import type { Pacing } from "./pacing.js";
import type { Planner } from "./plan.js";
import type { SharedSteps } from "./shared-steps.js";

/** What a step of a stream depends on beside its state: the time, and what all streams of a server share. */
export interface Moment {
  /** Milliseconds of the clock. */
  readonly now: number;
  readonly pacing: Pacing;
  readonly plan: Planner;
  readonly steps: SharedSteps;
  readonly intermediate: Intermediates;
  readonly names: NamePool;
  readonly known: KnownTables;
  readonly files: FileNames;
}
