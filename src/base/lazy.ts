/** A value that is made when it is first asked for; what it is made of is let go then. */
export class Lazy<T> {
  #make: (() => T) | undefined;
  #value: T | undefined;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** Whether it was asked for. */
  get isMade(): boolean {
    return this.#make === undefined;
  }

  get(): T {
    if (this.#make !== undefined) {
      this.#value = this.#make();
      this.#make = undefined;
    }
    return this.#value as T;
  }
}

/** Whether two values are the same, as far as that can be said without making the older one. */
export function sameMade<T>(
  older: Lazy<T>,
  newer: Lazy<T>,
  same: (a: T, b: T) => boolean,
): boolean {
  return older === newer || (older.isMade && same(older.get(), newer.get()));
}
