/** Where the operators of an engine keep what they remember. */
import { MemoNode } from "./memo-node.js";

/** A place in which something is kept. */
export interface Cell<T> {
  get(): T;
  set(value: T): void;
}

/** Where a function finds what it returned for some arguments. */
export type MemoTree = (args: readonly unknown[]) => MemoNode;

/** Runs work in a branch; see `Memory.branch`. */
export type Branch = <T>(work: () => T) => T;

/** See the top of this file. */
export class Memory {
  #branch: BranchMemory | undefined;
  #age = 0;

  /** Some time has passed: see MemoNode. */
  age(): void {
    this.#age += 1;
  }

  /**
   * Makes a branch, see Engine.branch. It starts with all that is remembered already. What its work remembers is there for more
   * work in the same branch, and nowhere else. The work is synchronous, and branches cannot be nested.
   *
   * While a branch is on, cells hold its values; else they hold those outside. So entering or leaving costs what was remembered
   * in the branch, and reading a cell costs no more than without branches.
   */
  branch(): Branch {
    const branch = new BranchMemory();
    return (work) => {
      if (this.#branch !== undefined) throw new TypeError("a branch is run within another");
      this.#branch = branch;
      branch.swap();
      try {
        return work();
      } finally {
        branch.swap();
        this.#branch = undefined;
      }
    };
  }

  /** Whether the work of a branch is going on. */
  get isAside(): boolean {
    return this.#branch !== undefined;
  }

  cell<T>(initial: T): Cell<T> {
    return new Place(initial, this);
  }

  /** A cell is about to be written. */
  notice<T>(place: Place<T>): void {
    this.#branch?.notice(place);
  }

  tree(): MemoTree {
    const root = new MemoNode();
    return (args) => {
      let node = root;
      if (this.#branch !== undefined) {
        const known = findNode(root, args);
        if (known?.result !== undefined) return known;
        node = this.#branch.rootFor(root);
      }
      for (const argument of args) node = node.next(argument, this.#age);
      return node;
    };
  }
}

class Place<T> implements Cell<T> {
  #value: T;
  readonly #memory: Memory;

  constructor(value: T, memory: Memory) {
    this.#value = value;
    this.#memory = memory;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#memory.notice(this);
    this.#value = value;
  }

  /** Takes a value as it is; what was there before. */
  exchange(value: T): T {
    const before = this.#value;
    this.#value = value;
    return before;
  }
}

/** Any place, for which no more is asked than what it gave. */
type AnyPlace = Place<unknown>;

class BranchMemory {
  /** The values that cells do not hold now: those of the branch while it is off, those outside while it is on. */
  readonly #others = new Map<AnyPlace, unknown>();
  readonly #roots = new Map<MemoNode, MemoNode>();

  swap(): void {
    for (const [place, other] of this.#others) this.#others.set(place, place.exchange(other));
  }

  /** A cell is about to be written. */
  notice(place: AnyPlace): void {
    if (!this.#others.has(place)) this.#others.set(place, place.get());
  }

  /** Of the tree of the branch that stands beside another. */
  rootFor(root: MemoNode): MemoNode {
    const known = this.#roots.get(root) ?? new MemoNode();
    this.#roots.set(root, known);
    return known;
  }
}

function findNode(root: MemoNode, args: readonly unknown[]): MemoNode | undefined {
  let node: MemoNode | undefined = root;
  for (const argument of args) node = node?.find(argument);
  return node;
}
