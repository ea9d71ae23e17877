/** What a measurement needs of a server: fairlead itself, or the floor that replays what fairlead sent. */
import type { Step } from "../measure/step.js";

/** A server that is measured. */
export interface Subject {
  readonly pid: number;
  /** Of its discovery service, without TLS. */
  readonly address: string;
  /** Gets ready for a step, which is not measured. */
  readonly prepare: (step: Step) => Promise<void>;
  /** Does what a step is about; the result is when it began, or began with the last edit (see now.ts). */
  readonly perform: (step: Step) => Promise<number>;
  /** Goes back to how things were before a step. */
  readonly undo: (step: Step) => Promise<void>;
}
