import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import type { Path } from "../kind.js";
import { readEvents } from "./events.js";
import { readPlainScalar } from "./scalars.js";

/** Where a member is written: offsets in UTF-16 code units from the section's start. */
export interface MemberPlace {
  /** Where its name begins; where the item begins for list items, where the document's value begins for the root. */
  readonly key: number;
  /** Where what it says begins; the same as `key` when nothing is written there. */
  readonly value: number;
  /** Whether the value is a map or a list. */
  readonly isCollection: boolean;
}

/** What is needed to find the members of a section. */
export interface SectionIndex {
  readonly source: string;
  readonly events: readonly Event[];
  /** For each event that begins a value: the index of the event behind that value. */
  readonly ends: Int32Array;
  /**
   * Of maps and lists in which a member was looked for: all of theirs, by the index of the event that begins them. Where something is
   * wrong with each item of a long list, each would be counted to from its beginning else.
   */
  readonly members: Map<number, Members>;
}

/** The events of members' names and values by their names; for a list, by their numbers, both are the item. */
type Members = ReadonlyMap<string | number, { readonly key: number; readonly value: number }>;

/** Indexes a section, which has to be one that can be read: the cost is that of parsing it. */
export function indexSection(source: string): SectionIndex {
  const events = readEvents(source);
  const ends = new Int32Array(events.length);
  const open: number[] = [];
  for (const [at, event] of events.entries()) {
    const opens =
      event.type === EVENT_ID.DOCUMENT ||
      event.type === EVENT_ID.MAPPING ||
      event.type === EVENT_ID.SEQUENCE;
    if (opens) open.push(at);
    else ends[event.type === EVENT_ID.POP ? (open.pop() ?? at) : at] = at + 1;
  }
  return { source, events, ends, members: new Map() };
}

/** What may be in front of a document: blank lines and comments, and the mark of its beginning among them. */
const FRONT =
  /^(?:[ \t]*(?:#.*)?\r?\n)*(?:---[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*)?(?=[A-Za-z])/;

/**
 * Where the value of a section's first document begins, where that can be told without parsing it: it begins with a name that
 * is written as it is, as nearly all resources do. Undefined of others.
 */
export function startOfFirst(source: string): number | undefined {
  return FRONT.exec(source)?.[0].length;
}

/**
 * Where the member at `path` of a document is written, or the nearest thing around it that is written: what is missing is
 * placed at the map that lacks it, what came in by a merge (`<<`) at the map that merges. A path that goes on into a block
 * of text (`|`) is looked up in the YAML in that text; a number is an offset in the text.
 */
export function locateMember(index: SectionIndex, document: number, path: Path): MemberPlace {
  const root = rootOf(index, document);
  if (root === undefined) return { key: 0, value: 0, isCollection: false };
  return descend(index, root, path);
}

/** The index of the first event of a document's value. */
function rootOf({ events, ends }: SectionIndex, document: number): number | undefined {
  let at = 0;
  for (let i = 0; i < document; i++) at = ends[at] ?? events.length;
  return at < events.length ? at + 1 : undefined;
}

function descend(index: SectionIndex, root: number, path: Path): MemberPlace {
  let at = root;
  let key = startOf(index.events[root]) ?? 0;
  for (const [depth, step] of path.entries()) {
    at = followAlias(index, at);
    const event = index.events[at];
    if (event?.type === EVENT_ID.SCALAR) {
      const inner = locateInText(index, event, path.slice(depth));
      if (inner !== undefined) return inner;
    }
    const member = membersOf(index, at).get(step);
    if (member === undefined) break;
    at = member.value;
    key = startOf(index.events[member.key]) ?? key;
  }
  const event = index.events[at];
  const isCollection = event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE;
  return { key, value: startOf(event) ?? key, isCollection };
}

function membersOf(index: SectionIndex, container: number): Members {
  const known = index.members.get(container);
  if (known !== undefined) return known;
  const members = listMembers(index, container);
  index.members.set(container, members);
  return members;
}

function listMembers(index: SectionIndex, container: number): Members {
  const { events, ends } = index;
  const members = new Map<string | number, { readonly key: number; readonly value: number }>();
  const type = events[container]?.type;
  if (type !== EVENT_ID.MAPPING && type !== EVENT_ID.SEQUENCE) return members;
  let at = container + 1;
  for (let item = 0; events[at] !== undefined && events[at]?.type !== EVENT_ID.POP; item++) {
    const value = type === EVENT_ID.MAPPING ? (ends[at] ?? at) : at;
    const name = type === EVENT_ID.MAPPING ? keyText(index, at) : item;
    // Of what is there twice the first is meant.
    if (name !== undefined && !members.has(name)) members.set(name, { key: at, value });
    at = ends[value] ?? events.length;
  }
  return members;
}

function keyText({ source, events }: SectionIndex, at: number): string | undefined {
  const event = events[at];
  if (event?.type !== EVENT_ID.SCALAR) return undefined;
  const text = getScalarValue(source, event);
  const isPlain = event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1;
  return isPlain ? String(readPlainScalar(text)) : text;
}

/** The node that an alias stands for; a node that is no alias stands for itself. */
function followAlias({ source, events }: SectionIndex, at: number): number {
  const alias = events[at];
  if (alias?.type !== EVENT_ID.ALIAS) return at;
  const name = source.slice(alias.anchorStart, alias.anchorEnd);
  const anchor = events.findLastIndex(
    (event, other) =>
      other < at &&
      "tagStart" in event &&
      event.anchorStart !== -1 &&
      source.slice(event.anchorStart, event.anchorEnd) === name,
  );
  return anchor === -1 ? at : anchor;
}

function startOf(event: Event | undefined): number | undefined {
  switch (event?.type) {
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.SCALAR:
      return event.valueStart === -1 ? undefined : quoteIncluded(event);
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    default:
      return undefined;
  }
}

function quoteIncluded({ style, valueStart }: ScalarEvent): number {
  const quoted = style === SCALAR_STYLE.DOUBLE_QUOTED || style === SCALAR_STYLE.SINGLE_QUOTED;
  return quoted ? valueStart - 1 : valueStart;
}

/** The place in a literal block (`|`) that holds YAML itself; undefined for other texts and when it holds none. */
function locateInText(
  index: SectionIndex,
  scalar: ScalarEvent,
  path: Path,
): MemberPlace | undefined {
  if (scalar.style !== SCALAR_STYLE.LITERAL_BLOCK || scalar.indent <= 0) return undefined;
  const text = getScalarValue(index.source, scalar);
  const outer = (offset: number): number => offsetInBlock(index.source, scalar, text, offset);
  const [first] = path;
  if (typeof first === "number") {
    return { key: outer(first), value: outer(first), isCollection: false };
  }
  try {
    const inner = locateMember(indexSection(text), 0, path);
    return { ...inner, key: outer(inner.key), value: outer(inner.value) };
  } catch {
    return undefined;
  }
}

/** The offset in the source of an offset in a literal block's text: each line has lost the block's indentation. */
function offsetInBlock(
  source: string,
  { valueStart, indent }: ScalarEvent,
  text: string,
  offset: number,
): number {
  const line = text.slice(0, offset).split("\n").length - 1;
  const column = offset - (text.lastIndexOf("\n", offset - 1) + 1);
  let start = valueStart;
  for (let i = 0; i < line; i++) start = source.indexOf("\n", start) + 1;
  return start + indent + column;
}
