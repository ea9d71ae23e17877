/** What went wrong in a step. */
export class StepFailed extends Error {
  readonly code = "step-failed";
}
