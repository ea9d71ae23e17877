/** Fewer children by value than this are never forgotten. */
const MANY = 64;

/** Children by value that nobody has asked for since they were put aside, at that age of the memory. */
interface PutAside {
  readonly children: Map<unknown, MemoNode>;
  readonly age: number;
}

/**
 * A node of the tree in which remembered results are found, which has one level for each argument.
 *
 * What is remembered for an object is forgotten with the object. For other arguments, such as names and labels that come and go
 * in a mesh, there is no such moment. So when there are many of them, those that nobody has asked for during a whole age are
 * forgotten; their results are computed again if somebody asks after all.
 */
export class MemoNode {
  #byIdentity: WeakMap<object, MemoNode> | undefined;
  #byValue: Map<unknown, MemoNode> | undefined;
  #aside: PutAside | undefined;
  result: { readonly value: unknown } | undefined;

  /** The node behind the next argument; made when there is none. */
  next(argument: unknown, age: number): MemoNode {
    if (isObject(argument)) return findOrMake((this.#byIdentity ??= new WeakMap()), argument);
    const known = this.#byValue?.get(argument);
    if (known !== undefined) return known;
    const node = this.#aside?.children.get(argument) ?? new MemoNode();
    this.#aside?.children.delete(argument);
    this.#roomFor(age).set(argument, node);
    return node;
  }

  /** The node behind the next argument; undefined when there is none. */
  find(argument: unknown): MemoNode | undefined {
    if (isObject(argument)) return this.#byIdentity?.get(argument);
    return this.#byValue?.get(argument) ?? this.#aside?.children.get(argument);
  }

  /** The children by value, to which one more is to come. */
  #roomFor(age: number): Map<unknown, MemoNode> {
    const children = (this.#byValue ??= new Map<unknown, MemoNode>());
    const aside = this.#aside;
    // In proportion to what is forgotten then, and may be computed again.
    if (children.size < Math.max(MANY, (aside?.children.size ?? 0) / 4)) return children;
    if (aside === undefined) this.#aside = { children: new Map(), age };
    if (aside === undefined || aside.age >= age) return children;
    this.#aside = { children, age };
    this.#byValue = new Map<unknown, MemoNode>();
    return this.#byValue;
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

function findOrMake(children: WeakMap<object, MemoNode>, key: object): MemoNode {
  const found = children.get(key);
  if (found !== undefined) return found;
  const made = new MemoNode();
  children.set(key, made);
  return made;
}
