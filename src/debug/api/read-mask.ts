/** What is told of a message when only some of its fields are wanted. See Google's AIP-157, "Read masks". */
import { memberOf } from "../../base/member-of.js";

/** Fields by name; below each those of its message that are wanted, all of them when there is none. */
type Tree = ReadonlyMap<string, Tree>;

/** The paths that begin with the same field become one branch; a path that ends there wants all of it. */
function treeOf(paths: readonly (readonly string[])[]): Tree {
  const fields = new Set(paths.flatMap(([field]) => field ?? []));
  return new Map(
    [...fields].map((field) => {
      const below = paths.filter(([first]) => first === field).map(([, ...rest]) => rest);
      return [field, below.some(({ length }) => length === 0) ? new Map() : treeOf(below)];
    }),
  );
}

function prune(value: unknown, tree: Tree): unknown {
  if (tree.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => prune(one, tree));
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    [...tree].flatMap(([name, below]) => {
      const field = memberOf(fields, name);
      return field === undefined ? [] : [[name, prune(field, below)]];
    }),
  );
}

/** The JSON of a message with the fields that a mask names, which is a FieldMask in JSON; with all of them when it names none. */
export function masked<Message extends object>(message: Message, readMask: string): Message {
  const paths = readMask.split(",").filter((path) => path !== "");
  return prune(message, treeOf(paths.map((path) => path.split(".")))) as Message;
}
