/** Takes the steps of long work one by one, and lets others have their turn between them; the result ends it. */
export function inTurns(steps: Iterable<void>, onError: (error: unknown) => void): () => void {
  const rest = steps[Symbol.iterator]();
  let next: NodeJS.Immediate | undefined;
  const step = (): void => {
    try {
      next = rest.next().done === true ? undefined : setImmediate(step);
    } catch (error) {
      onError(error);
    }
  };
  next = setImmediate(step);
  return () => {
    clearImmediate(next);
  };
}
