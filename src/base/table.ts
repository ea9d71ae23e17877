/**
 * An immutable map from strings to values whose versions share what did not change.
 *
 * A Table is a hash trie, 32 ways a level. Its shape depends on its contents alone, never on the order of the edits that
 * led to them, so two equal tables iterate alike. `with` and `without` copy one path; `changes` walks two tables and
 * enters only the branches that differ. So the cost of a change, and of finding it again, is in proportion to the
 * change, whatever the size of the table.
 */

interface Leaf<V> {
  readonly hash: number;
  readonly key: string;
  readonly value: V;
}

/** Entries of one hash, sorted by key. */
interface Collision<V> {
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}

interface Branch<V> {
  readonly bitmap: number;
  readonly children: readonly Node<V>[];
  readonly size: number;
}

type Node<V> = Leaf<V> | Collision<V> | Branch<V>;

const BITS = 5;
const MASK = 31;

/**
 * FNV-1a over UTF-16 code units, then mixed: the trie eats the low bits first, and FNV's low bits are weak. Signed: V8 keeps
 * no number of its own in memory for what fits into 32 bits with a sign.
 */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function popCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

const isBranch = <V>(node: Node<V>): node is Branch<V> => "bitmap" in node;
const isLeaf = <V>(node: Node<V>): node is Leaf<V> => "key" in node;

function sizeOf(node: Node<unknown> | undefined): number {
  if (node === undefined) return 0;
  if (isBranch(node)) return node.size;
  return isLeaf(node) ? 1 : node.leaves.length;
}

function branchOf<V>(bitmap: number, children: readonly Node<V>[]): Branch<V> {
  let size = 0;
  for (const child of children) size += sizeOf(child);
  return { bitmap, children, size };
}

function find<V>(root: Node<V> | undefined, hash: number, key: string): V | undefined {
  let node = root;
  for (let shift = 0; node !== undefined; shift += BITS) {
    if (isLeaf(node)) return node.key === key ? node.value : undefined;
    if (!isBranch(node)) return node.leaves.find((leaf) => leaf.key === key)?.value;
    const bit = 1 << ((hash >>> shift) & MASK);
    if ((node.bitmap & bit) === 0) return undefined;
    node = node.children[popCount(node.bitmap & (bit - 1))];
  }
  return undefined;
}

/** The node that holds two nodes of different hashes. */
function joined<V>(a: Leaf<V> | Collision<V>, b: Leaf<V>, shift: number): Node<V> {
  const slotA = (a.hash >>> shift) & MASK;
  const slotB = (b.hash >>> shift) & MASK;
  if (slotA === slotB) return branchOf(1 << slotA, [joined(a, b, shift + BITS)]);
  return branchOf((1 << slotA) | (1 << slotB), slotA < slotB ? [a, b] : [b, a]);
}

function insertIntoCollision<V>(node: Collision<V>, leaf: Leaf<V>): Collision<V> {
  const others = node.leaves.filter((other) => other.key !== leaf.key);
  const leaves = [...others, leaf].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { hash: node.hash, leaves };
}

function insert<V>(node: Node<V> | undefined, leaf: Leaf<V>, shift: number): Node<V> {
  if (node === undefined) return leaf;
  if (isLeaf(node)) {
    if (node.key === leaf.key) return node.value === leaf.value ? node : leaf;
    if (node.hash !== leaf.hash) return joined(node, leaf, shift);
    return insertIntoCollision({ hash: node.hash, leaves: [node] }, leaf);
  }
  if (!isBranch(node)) {
    if (node.hash !== leaf.hash) return joined(node, leaf, shift);
    const old = node.leaves.find((other) => other.key === leaf.key);
    return old !== undefined && old.value === leaf.value ? node : insertIntoCollision(node, leaf);
  }
  const bit = 1 << ((leaf.hash >>> shift) & MASK);
  const index = popCount(node.bitmap & (bit - 1));
  if ((node.bitmap & bit) === 0) {
    return branchOf(node.bitmap | bit, node.children.toSpliced(index, 0, leaf));
  }
  const child = node.children[index];
  const next = insert(child, leaf, shift + BITS);
  return next === child ? node : branchOf(node.bitmap, node.children.with(index, next));
}

/** The node of leaves with different keys: the one that inserting them one by one comes to, made without the steps. */
function nodeOf<V>(leaves: readonly Leaf<V>[], shift: number): Node<V> | undefined {
  const [first] = leaves;
  if (first === undefined || leaves.length === 1) return first;
  if (leaves.every(({ hash }) => hash === first.hash)) {
    return { hash: first.hash, leaves: leaves.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
  }
  const slots: Leaf<V>[][] = [];
  for (const leaf of leaves) (slots[(leaf.hash >>> shift) & MASK] ??= []).push(leaf);
  let bitmap = 0;
  const children: Node<V>[] = [];
  slots.forEach((some, slot) => {
    const child = nodeOf(some, shift + BITS);
    if (child === undefined) return;
    bitmap |= 1 << slot;
    children.push(child);
  });
  return { bitmap, children, size: leaves.length };
}

function removeFromCollision<V>(node: Collision<V>, key: string): Node<V> | undefined {
  const leaves = node.leaves.filter((leaf) => leaf.key !== key);
  if (leaves.length === node.leaves.length) return node;
  return leaves.length === 1 ? leaves[0] : { hash: node.hash, leaves };
}

function remove<V>(
  node: Node<V> | undefined,
  hash: number,
  key: string,
  shift: number,
): Node<V> | undefined {
  if (node === undefined) return undefined;
  if (isLeaf(node)) return node.key === key ? undefined : node;
  if (!isBranch(node)) return removeFromCollision(node, key);
  const bit = 1 << ((hash >>> shift) & MASK);
  if ((node.bitmap & bit) === 0) return node;
  const index = popCount(node.bitmap & (bit - 1));
  const child = node.children[index];
  const next = remove(child, hash, key, shift + BITS);
  if (next === child) return node;
  return next === undefined
    ? shrunk(node.bitmap & ~bit, node.children.toSpliced(index, 1))
    : shrunk(node.bitmap, node.children.with(index, next));
}

/** The branch of what is left in one: the shape must not remember what was removed. */
function shrunk<V>(bitmap: number, children: readonly Node<V>[]): Node<V> | undefined {
  const [first] = children;
  if (first === undefined) return undefined;
  const isAlone = children.length === 1 && !isBranch(first);
  return isAlone ? first : branchOf(bitmap, children);
}

function* leavesOf<V>(node: Node<V> | undefined): Generator<Leaf<V>> {
  if (node === undefined) return;
  if (isLeaf(node)) yield node;
  else if (isBranch(node)) for (const child of node.children) yield* leavesOf(child);
  else yield* node.leaves;
}

function visit<V>(node: Node<V> | undefined, each: (leaf: Leaf<V>) => void): void {
  if (node === undefined) return;
  if (isLeaf(node)) each(node);
  else if (isBranch(node)) for (const child of node.children) visit(child, each);
  else for (const leaf of node.leaves) each(leaf);
}

/** One entry in which two tables differ: `before` is absent for an added entry, `after` for a removed one. */
export interface Change<V> {
  readonly key: string;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

function compare<V>(
  before: Node<V> | undefined,
  after: Node<V> | undefined,
  shift: number,
  out: Change<V>[],
): void {
  if (before === after) return;
  if (before !== undefined && after !== undefined && isBranch(before) && isBranch(after)) {
    compareBranches(before, after, shift, out);
    return;
  }
  if (before !== undefined && after !== undefined && isLeaf(before) && isLeaf(after)) {
    compareLeaves(before, after, out);
    return;
  }
  // One side is a leaf or a collision (or nothing), so one side of this subtree is small.
  const rest = new Map<string, Leaf<V>>();
  visit(before, (leaf) => rest.set(leaf.key, leaf));
  visit(after, (leaf) => {
    const old = rest.get(leaf.key);
    rest.delete(leaf.key);
    if (old?.value !== leaf.value) {
      out.push({ key: leaf.key, before: old?.value, after: leaf.value });
    }
  });
  for (const leaf of rest.values()) {
    out.push({ key: leaf.key, before: leaf.value, after: undefined });
  }
}

/** What most changes are: one entry in another's place. */
function compareLeaves<V>(before: Leaf<V>, after: Leaf<V>, out: Change<V>[]): void {
  if (before.key === after.key) {
    if (before.value === after.value) return;
    out.push({ key: after.key, before: before.value, after: after.value });
    return;
  }
  out.push({ key: after.key, before: undefined, after: after.value });
  out.push({ key: before.key, before: before.value, after: undefined });
}

function compareBranches<V>(
  before: Branch<V>,
  after: Branch<V>,
  shift: number,
  out: Change<V>[],
): void {
  let slots = before.bitmap | after.bitmap;
  let indexBefore = 0;
  let indexAfter = 0;
  while (slots !== 0) {
    const bit = slots & -slots;
    slots ^= bit;
    const left = (before.bitmap & bit) !== 0 ? before.children[indexBefore++] : undefined;
    const right = (after.bitmap & bit) !== 0 ? after.children[indexAfter++] : undefined;
    if (left !== right) compare(left, right, shift + BITS, out);
  }
}

/** See the top of this file. Values are compared with `===`; `undefined` is no value. */
export class Table<V> {
  readonly #root: Node<V> | undefined;
  /** Of a table that was made by `extended`: the one of which it has all entries. undefined of others. */
  readonly base: Table<V> | undefined;

  private constructor(root: Node<V> | undefined, base?: Table<V>) {
    this.#root = root;
    this.base = base;
  }

  static readonly #empty = new Table<never>(undefined);

  /** The table without entries; there is one. */
  static empty<V>(): Table<V> {
    return Table.#empty;
  }

  /** The table of these entries; a later entry of the same key wins. */
  static from<V>(entries: Iterable<readonly [string, V]>): Table<V> {
    const leaves = new Map<string, Leaf<V>>();
    for (const [key, value] of entries) leaves.set(key, { hash: hashOf(key), key, value });
    return leaves.size === 0 ? Table.empty() : new Table(nodeOf([...leaves.values()], 0));
  }

  /** This table with entries under keys that it does not have; it remembers this one as its base. */
  extended(entries: Iterable<readonly [string, V]>): Table<V> {
    let root = this.#root;
    for (const [key, value] of entries) root = insert(root, { hash: hashOf(key), key, value }, 0);
    return root === this.#root ? this : new Table(root, this);
  }

  /** The number of entries. */
  get size(): number {
    return sizeOf(this.#root);
  }

  /** The value at a key, or undefined. */
  get(key: string): V | undefined {
    return find(this.#root, hashOf(key), key);
  }

  /** Whether a key has a value. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** This table with one entry set; the same object when it holds that very value already. */
  with(key: string, value: V): Table<V> {
    const root = insert(this.#root, { hash: hashOf(key), key, value }, 0);
    return root === this.#root ? this : new Table(root);
  }

  /** This table without an entry; the same object when there is none. */
  without(key: string): Table<V> {
    if (this.#root === undefined) return this;
    const root = remove(this.#root, hashOf(key), key, 0);
    if (root === this.#root) return this;
    return root === undefined ? Table.empty() : new Table(root);
  }

  /** Calls `each` for every entry, in the order of the keys' hashes. */
  forEach(each: (value: V, key: string) => void): void {
    visit(this.#root, (leaf) => {
      each(leaf.value, leaf.key);
    });
  }

  /** The entries in the order of their keys' hashes: the same for equal contents, but of no meaning. */
  *[Symbol.iterator](): Generator<readonly [string, V]> {
    for (const leaf of leavesOf(this.#root)) yield [leaf.key, leaf.value];
  }

  /** The values, in the table's order. */
  *values(): Generator<V> {
    for (const leaf of leavesOf(this.#root)) yield leaf.value;
  }

  /** The keys, in the table's order. */
  *keys(): Generator<string> {
    for (const leaf of leavesOf(this.#root)) yield leaf.key;
  }

  /** The entries sorted by key (code units), for output that people or hashes read. */
  sorted(): readonly (readonly [string, V])[] {
    return [...this].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What became different from `before` to this table, in no meaningful order; empty when nothing did. */
  changesFrom(before: Table<V>): readonly Change<V>[] {
    const out: Change<V>[] = [];
    compare(before.#root, this.#root, 0, out);
    return out;
  }
}
