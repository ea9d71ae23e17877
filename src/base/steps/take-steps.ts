/** Takes all steps of some work, without a pause; what it results in. */
export function takeSteps<Result>(steps: Iterator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
