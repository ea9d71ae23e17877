/**
 * The nodes of a Table: a hash trie, 32 ways a level, whose shape depends on its contents alone. Nothing here changes a node.
 */

/** One entry. */
export interface Leaf<V> {
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

/** A subtree; of a table without entries there is none. */
export type Node<V> = Leaf<V> | Collision<V> | Branch<V>;

const BITS = 5;
const MASK = 31;

/** To set so many entries costs less one by one than together. */
export const FEW = 3;

/**
 * FNV-1a over UTF-16 code units, then mixed: the trie eats the low bits first, and FNV's low bits are weak. Signed: V8 keeps
 * no number of its own in memory for what fits into 32 bits with a sign.
 */
export function hashOf(key: string): number {
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

/** How many entries a node has. */
export function sizeOf(node: Node<unknown> | undefined): number {
  if (node === undefined) return 0;
  if (isBranch(node)) return node.size;
  return isLeaf(node) ? 1 : node.leaves.length;
}

function branchOf<V>(bitmap: number, children: readonly Node<V>[]): Branch<V> {
  let size = 0;
  for (const child of children) size += sizeOf(child);
  return { bitmap, children, size };
}

/** The value at a key of this hash below the root of a trie; undefined when there is none. */
export function find<V>(root: Node<V> | undefined, hash: number, key: string): V | undefined {
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

/** A node with an entry set, `shift` bits of the hash below the root; the same node when it has that very value already. */
export function insert<V>(node: Node<V> | undefined, leaf: Leaf<V>, shift: number): Node<V> {
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
    const children = node.children.toSpliced(index, 0, leaf);
    return { bitmap: node.bitmap | bit, children, size: node.size + 1 };
  }
  const child = node.children[index];
  const next = insert(child, leaf, shift + BITS);
  if (next === child) return node;
  const size = node.size + sizeOf(next) - sizeOf(child);
  return { bitmap: node.bitmap, children: node.children.with(index, next), size };
}

/** The order of leaves in a trie: by the slots of their hashes, that of the root first; those of one hash by key. */
function inOrder(a: Leaf<unknown>, b: Leaf<unknown>): number {
  const different = a.hash ^ b.hash;
  if (different === 0) return a.key === b.key ? 0 : a.key < b.key ? -1 : 1;
  const lowestBit = 31 - Math.clz32(different & -different);
  const shift = lowestBit - (lowestBit % BITS);
  return ((a.hash >>> shift) & MASK) - ((b.hash >>> shift) & MASK);
}

/**
 * The node of some leaves, of the last one of each key: the one that inserting them one by one comes to, made without the
 * steps. They are sorted where they are.
 */
export function nodeOf<V>(leaves: Leaf<V>[]): Node<V> | undefined {
  if (leaves.length <= FEW) {
    let node: Node<V> | undefined;
    for (const leaf of leaves) node = insert(node, leaf, 0);
    return node;
  }
  const sorted = leaves.sort(inOrder).filter(({ key }, i) => leaves[i + 1]?.key !== key);
  return nodeBetween(sorted, 0, sorted.length, 0);
}

/** The node of the leaves from one index to another, which are in order. */
function nodeBetween<V>(
  leaves: readonly Leaf<V>[],
  from: number,
  to: number,
  shift: number,
): Node<V> | undefined {
  const first = leaves[from];
  if (first === undefined || to - from < 2) return first;
  if (leaves[to - 1]?.hash === first.hash) {
    return { hash: first.hash, leaves: leaves.slice(from, to) };
  }
  const children: Node<V>[] = [];
  let bitmap = 0;
  for (let start = from, end = from; start < to; start = end) {
    const slot = slotOf(leaves[start], shift);
    while (end < to && slotOf(leaves[end], shift) === slot) end++;
    const child = nodeBetween(leaves, start, end, shift + BITS);
    if (child !== undefined) children.push(child);
    bitmap |= 1 << slot;
  }
  return { bitmap, children: trimmed(children), size: to - from };
}

function slotOf(leaf: Leaf<unknown> | undefined, shift: number): number {
  return ((leaf?.hash ?? 0) >>> shift) & MASK;
}

/** A list without the room for more that V8 leaves in one that was pushed to: for sixteen, where most have two to four. */
function trimmed<T>(list: readonly T[]): readonly T[] {
  return list.slice();
}

function removeFromCollision<V>(node: Collision<V>, key: string): Node<V> | undefined {
  const leaves = node.leaves.filter((leaf) => leaf.key !== key);
  if (leaves.length === node.leaves.length) return node;
  return leaves.length === 1 ? leaves[0] : { hash: node.hash, leaves };
}

/** A node without the entry at a key; the same node when there is none, undefined when nothing is left. */
export function remove<V>(
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

/** The entries in the order of their hashes. */
export function* leavesOf<V>(root: Node<V> | undefined): Generator<Leaf<V>> {
  const rest = root === undefined ? [] : [root];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (isLeaf(node)) yield node;
    else rest.push(...(isBranch(node) ? node.children : node.leaves).toReversed());
  }
}

/** Calls `each` for every entry, as `leavesOf` gives them, at less cost. */
export function visit<V>(node: Node<V> | undefined, each: (leaf: Leaf<V>) => void): void {
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

/** Adds to `out` in which entries two nodes of one place differ; looks at no node that both have. */
export function compare<V>(
  before: Node<V> | undefined,
  after: Node<V> | undefined,
  shift: number,
  out: Change<V>[],
): void {
  if (before === after) return;
  if (before === undefined || after === undefined) {
    visit(before, ({ key, value }) => out.push({ key, before: value, after: undefined }));
    visit(after, ({ key, value }) => out.push({ key, before: undefined, after: value }));
    return;
  }
  if (isBranch(before) && isBranch(after)) {
    compareBranches(before, after, shift, out);
    return;
  }
  if (isLeaf(before) && isLeaf(after)) {
    compareLeaves(before, after, out);
    return;
  }
  // One side is a leaf or a collision, so one side of this subtree is small.
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

/** In a trie that is laid over another: there is no entry at this key. */
export const ABSENT: unique symbol = Symbol("absent");

/** What may be laid over a trie. */
type Over<V> = Node<V | typeof ABSENT> | undefined;

/** A trie that was laid over another, and what came of it. */
export interface Laid<V> {
  readonly under: Node<V> | undefined;
  readonly over: Over<V>;
  readonly result: Node<V> | undefined;
}

const NEVER_LAID: Laid<never> = { under: undefined, over: undefined, result: undefined };

/**
 * A trie with the entries of another laid over it. It shares the first one's memory where nothing is laid, and else that of an
 * earlier result where nothing changed since; only the rest is looked at.
 */
export function lay<V>(
  under: Node<V> | undefined,
  over: Over<V>,
  shift: number,
  last: Laid<V> = NEVER_LAID,
): Node<V> | undefined {
  if (over === undefined) return under;
  if (over === last.over && under === last.under) return last.result;
  // Leaves alone could be laid anywhere, but an earlier result is found slot by slot.
  const isBelowBranch = last !== NEVER_LAID && under !== undefined && isBranch(under);
  if (isBranch(over) || isBelowBranch) return layBySlot(under, over, shift, last);
  if (isLeaf(over)) return layLeaf(under, over, shift);
  let result = under;
  for (const leaf of over.leaves) result = layLeaf(result, leaf, shift);
  return result;
}

const isPresent = <V>(leaf: Leaf<V | typeof ABSENT>): leaf is Leaf<V> => leaf.value !== ABSENT;

function layLeaf<V>(
  under: Node<V> | undefined,
  leaf: Leaf<V | typeof ABSENT>,
  shift: number,
): Node<V> | undefined {
  return isPresent(leaf) ? insert(under, leaf, shift) : remove(under, leaf.hash, leaf.key, shift);
}

function layBySlot<V>(
  under: Node<V> | undefined,
  over: Node<V | typeof ABSENT>,
  shift: number,
  last: Laid<V>,
): Node<V> | undefined {
  const children: Node<V>[] = [];
  let bitmap = 0;
  let slots = slotsOf(under, shift) | slotsOf(over, shift);
  while (slots !== 0) {
    const bit = slots & -slots;
    slots ^= bit;
    const before = laidAt(last, bit, shift);
    const child = lay(childAt(under, bit, shift), childAt(over, bit, shift), shift + BITS, before);
    if (child === undefined) continue;
    bitmap |= bit;
    children.push(child);
  }
  if (isMadeOf(under, children)) return under;
  return isMadeOf(last.result, children) ? last.result : shrunk(bitmap, trimmed(children));
}

function laidAt<V>(last: Laid<V>, bit: number, shift: number): Laid<V> {
  if (last === NEVER_LAID) return NEVER_LAID;
  return {
    under: childAt(last.under, bit, shift),
    over: childAt(last.over, bit, shift),
    result: childAt(last.result, bit, shift),
  };
}

/** The slots in which a node has something; also of one that is no branch, as if it were one. */
function slotsOf(node: Node<unknown> | undefined, shift: number): number {
  if (node === undefined) return 0;
  return isBranch(node) ? node.bitmap : 1 << ((node.hash >>> shift) & MASK);
}

/** What a node has in a slot; also of one that is no branch. */
function childAt<V>(node: Node<V> | undefined, bit: number, shift: number): Node<V> | undefined {
  if (node === undefined || (slotsOf(node, shift) & bit) === 0) return undefined;
  return isBranch(node) ? node.children[popCount(node.bitmap & (bit - 1))] : node;
}

/** Nodes are in one slot alone, so the children tell the slots. */
function isMadeOf<V>(node: Node<V> | undefined, children: readonly Node<V>[]): boolean {
  return (
    node !== undefined &&
    isBranch(node) &&
    node.children.length === children.length &&
    node.children.every((child, index) => child === children[index])
  );
}
