import type { Cell } from "./engine/memory.js";

/** How a value is made, or the value once it is made. */
export type Making<T> = { readonly make: () => T } | { readonly value: T };

/** A value that is made when it is first asked for. From then on nothing that it was made of is held. */
export class Lazy<T> {
  readonly #cell: Cell<Making<T>>;

  constructor(cell: Cell<Making<T>>) {
    this.#cell = cell;
  }

  /** Whether it has been asked for. */
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

/** A lazy value outside of any engine. Operators use `Engine.lazy`. */
export function lazy<T>(make: () => T): Lazy<T> {
  let making: Making<T> = { make };
  return new Lazy({
    get: () => making,
    set: (made) => {
      making = made;
    },
  });
}

/** The older of two, if its value is made already and the newer has the same; else the newer. */
export function keptIfSame<T>(
  older: Lazy<T>,
  newer: Lazy<T>,
  same: (a: T, b: T) => boolean,
): Lazy<T> {
  const isSame = older === newer || (older.isMade && same(older.get(), newer.get()));
  return isSame ? older : newer;
}
