/** Where two values of JSON differ. */

/** One place that is not the same on both sides. */
export interface JsonDifference {
  /** Member names and list indexes, joined by dots, or names of members of a list in brackets; empty for the value itself. */
  readonly path: string;
  /** undefined where there is nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

const SHOWN_LENGTH = 120;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/**
 * The innermost places at which two values differ, in the order of their paths' parts. In lists whose members all have a
 * name, members of one name are compared with each other, wherever they stand.
 */
export function jsonDifferences(
  before: unknown,
  after: unknown,
  path = "",
): readonly JsonDifference[] {
  if (before === after) return [];
  const [named, namedAfter] = [membersByName(before), membersByName(after)];
  if (named !== undefined && namedAfter !== undefined) {
    const names = [...new Set([...named.keys(), ...namedAfter.keys()])].sort();
    return names.flatMap((name) =>
      jsonDifferences(named.get(name), namedAfter.get(name), `${path}[${name}]`),
    );
  }
  if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) =>
      jsonDifferences(before[key], after[key], path === "" ? key : `${path}.${key}`),
    );
  }
  return [{ path, before, after }];
}

/** The members of a list by their names, of several of one name the second as `name#2`; undefined where not all have one. */
function membersByName(list: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const members = new Map<string, unknown>();
  const counts = new Map<string, number>();
  for (const member of list as readonly unknown[]) {
    const name = isObject(member) ? member["name"] : undefined;
    if (typeof name !== "string" || name === "") return undefined;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    members.set(count === 1 ? name : `${name}#${count}`, member);
  }
  return members;
}

/** A value as people read it, cut short; `nothing` where there is none. */
export function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}
