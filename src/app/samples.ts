/** So many values wait at most. */
const MOST = 1000;

/**
 * Values that wait to be counted until somebody wants to know, or there are many. What counts them finds its place by a hash of its
 * labels: done once for many values, one after the other, that costs a fraction of what it does in between other work, for each
 * response.
 */
export class Samples {
  readonly #count: (values: readonly number[]) => void;
  readonly #values: number[] = [];

  constructor(count: (values: readonly number[]) => void) {
    this.#count = count;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length === MOST) this.flush();
  }

  /** Has those counted that wait. */
  flush(): void {
    if (this.#values.length === 0) return;
    this.#count(this.#values);
    this.#values.length = 0;
  }
}

/** Counts each value by itself. */
export const each =
  (count: (value: number) => void) =>
  (values: readonly number[]): void => {
    values.forEach(count);
  };
