/** A level of the tree in which a remembered result is found: one level for each argument. */
export class MemoNode {
  #byIdentity: WeakMap<object, MemoNode> | undefined;
  #byValue: Map<unknown, MemoNode> | undefined;
  result: { readonly value: unknown } | undefined;

  /** The node behind the next argument; made when there is none. */
  next(argument: unknown): MemoNode {
    return isObject(argument)
      ? findOrMake((this.#byIdentity ??= new WeakMap()), argument)
      : findOrMake((this.#byValue ??= new Map()), argument);
  }

  /** The node behind the next argument; undefined when there is none. */
  find(argument: unknown): MemoNode | undefined {
    return isObject(argument) ? this.#byIdentity?.get(argument) : this.#byValue?.get(argument);
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

interface Children<K> {
  get(key: K): MemoNode | undefined;
  set(key: K, node: MemoNode): unknown;
}

function findOrMake<K>(children: Children<K>, key: K): MemoNode {
  const found = children.get(key);
  if (found !== undefined) return found;
  const made = new MemoNode();
  children.set(key, made);
  return made;
}
