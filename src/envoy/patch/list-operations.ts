/** What patches do to the lists of a message. */
import type { CompiledPatch } from "./compiled-patch.js";

/** What is to be done to a list. `matches` tells which of its members the patch names; it is undefined when it names none. */
export interface ListEdit<T> {
  readonly operation: CompiledPatch["operation"];
  readonly value: T;
  readonly matches: ((member: T) => boolean) | undefined;
}

/**
 * A list after an edit. Merging leaves it as it is. Where the patch names no member, INSERT_BEFORE inserts at the start and
 * INSERT_AFTER at the end, and REPLACE and REMOVE do nothing. See Istio, EnvoyFilter.Patch.Operation.
 */
export function editList<T>(list: readonly T[], { operation, value, matches }: ListEdit<T>): T[] {
  switch (operation) {
    case "ADD":
      return [...list, value];
    case "INSERT_FIRST":
      return [value, ...list];
    case "INSERT_BEFORE":
      return insertAt(list, value, matches === undefined ? 0 : list.findIndex(matches));
    case "INSERT_AFTER":
      return insertAt(
        list,
        value,
        matches === undefined ? list.length : behind(list.findIndex(matches)),
      );
    case "REPLACE":
      return replaceFirst(list, value, matches);
    case "REMOVE":
      return matches === undefined ? [...list] : list.filter((member) => !matches(member));
    default:
      return [...list];
  }
}

/** The next index; -1, which stands for no member, stays. */
const behind = (index: number): number => (index < 0 ? index : index + 1);

/** A list with one more member at an index; unchanged where the index is negative. */
export function insertAt<T>(list: readonly T[], value: T, index: number): T[] {
  return index < 0 ? [...list] : [...list.slice(0, index), value, ...list.slice(index)];
}

function replaceFirst<T>(list: readonly T[], value: T, matches: ListEdit<T>["matches"]): T[] {
  const index = matches === undefined ? -1 : list.findIndex(matches);
  return list.map((member, i) => (i === index ? value : member));
}

/** Whether a patch changes members that are there, in place. */
export const merges = ({ operation }: Pick<CompiledPatch, "operation">): boolean =>
  operation === "MERGE" || operation === "MERGE_AND_REPLACE_LIST";
