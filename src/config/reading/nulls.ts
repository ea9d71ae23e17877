import type { TSchema } from "typebox";
import { isMap } from "../../base/is-map.js";
import { memberOf } from "../../base/member-of.js";

/**
 * A value without the members that are null, in YAML names with nothing behind them, which Kubernetes and protobuf's JSON
 * read as absent. Lists keep theirs. The value itself where there are none.
 */
export function withoutNulls<T>(value: T): T {
  // What is left out of a map of any type leaves one of the same type.
  return hasNullMember(value) ? (prune(value, undefined) as T) : value;
}

/**
 * As `withoutNulls`, of a body with this schema: maps whose names are the user's keep their members, for a condition with
 * nothing behind its name is a mistake and no condition that is not there.
 */
export function withoutNullFields(body: unknown, schema: TSchema): unknown {
  return hasNullMember(body) ? prune(body, schema) : body;
}

/** Nearly no resource has one, and looking costs less than making maps. */
function hasNullMember(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasNullMember);
  return isMap(value) && Object.values(value).some((one) => one === null || hasNullMember(one));
}

/** The parts of a JSON schema that say what is inside of a value. */
interface Inside {
  readonly items?: Inside;
  readonly properties?: Readonly<Record<string, Inside>>;
  readonly patternProperties?: Readonly<Record<string, Inside>>;
}

function prune(value: unknown, schema: Inside | undefined): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => prune(item, schema?.items));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isMap(value)) return value;
  const member = membersOf(schema);
  const entries = Object.entries(value);
  const pruned = entries
    .filter(([, one]) => one !== null || member !== undefined)
    .map(
      ([name, one]) => [name, prune(one, member ?? memberOf(schema?.properties, name))] as const,
    );
  const isSame =
    pruned.length === entries.length && pruned.every(([name, one]) => one === value[name]);
  return isSame ? value : Object.fromEntries(pruned);
}

/** What the members of a map are whose names are the user's; undefined for other maps, and where they can be anything. */
function membersOf(schema: Inside | undefined): Inside | undefined {
  const [member] = Object.values(schema?.patternProperties ?? {});
  return member === undefined || Object.keys(member).length === 0 ? undefined : member;
}
