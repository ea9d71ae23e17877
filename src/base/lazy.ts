import type { Cell } from "./memory.js";

/** What makes a value, or the value that it made. */
export type Making<T> = { readonly make: () => T } | { readonly value: T };

/** A value that is made when it is first asked for; what it is made of is let go then. */
export class Lazy<T> {
  readonly #cell: Cell<Making<T>>;

  constructor(cell: Cell<Making<T>>) {
    this.#cell = cell;
  }

  /** Whether it was asked for. */
  get isMade(): boolean {
    return "value" in this.#cell.get();
  }

  get(): T {
    const making = this.#cell.get();
    if ("value" in making) return making.value;
    const value = making.make();
    this.#cell.set({ value });
    return value;
  }
}

/** A value that no engine has to do with: see `Engine.lazy`. */
export function lazy<T>(make: () => T): Lazy<T> {
  let making: Making<T> = { make };
  return new Lazy({
    get: () => making,
    set: (made) => {
      making = made;
    },
  });
}

/** The older one if both have the same value, as far as that can be said without making the older one's; else the newer one. */
export function keptIfSame<T>(
  older: Lazy<T>,
  newer: Lazy<T>,
  same: (a: T, b: T) => boolean,
): Lazy<T> {
  const isSame = older === newer || (older.isMade && same(older.get(), newer.get()));
  return isSame ? older : newer;
}
