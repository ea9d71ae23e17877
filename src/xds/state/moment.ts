/** What the state machines are told because they do not know it by themselves: so they are pure functions. */

import type { FileNames } from "../file-names.js";
import type { Pacing } from "./order/pacing.js";
import type { KnownTables } from "./request/known-tables.js";
import type { Planner } from "./response/plan.js";
import type { SharedSteps } from "./response/shared-steps.js";
import type { NamePool } from "./subscription/name-pool.js";
import type { Intermediates } from "./transition/intermediate-tables.js";

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

/** What of a moment a verdict of a client depends on. */
export type JudgedAt = Pick<Moment, "now" | "pacing" | "files">;
