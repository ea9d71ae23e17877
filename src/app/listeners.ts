/** Those who want to be told of something. */
export interface Listeners<T> {
  /** Adds one; the result takes it away again. */
  readonly add: (listener: (event: T) => void) => () => void;
  /** Tells all of them, in the order in which they came. */
  readonly tell: (event: T) => void;
}

/** Nobody yet. */
export function createListeners<T>(): Listeners<T> {
  const all = new Set<(event: T) => void>();
  return {
    add: (listener) => {
      all.add(listener);
      return () => {
        all.delete(listener);
      };
    },
    tell: (event) => {
      for (const listener of all) listener(event);
    },
  };
}
