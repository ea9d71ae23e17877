/** Where a field belongs that stands in another place, as after a wrong indentation. */
import { memberOf } from "../../base/member-of.js";
import { formatPath } from "../format-path.js";
import type { Path } from "../kind.js";
import type { FieldsSchema } from "./fields-schema.js";

/** Of lists and of maps within each other no more are looked into. */
const DEPTH = 2;

/**
 * Says of a field that is unknown at a path where it is known: in a field of that place, else around it. `" (...)"` for the end of
 * a message, or nothing. The path is within the value that the schema is of; it is shown behind `root`.
 */
export function fieldHome(name: string, schema: object, path: Path, root: Path): string {
  const [here, ...around] = schemasAlong(schema, path).reverse();
  if (here?.schema === undefined) return "";
  const below = homesBelow(name, here.schema, here.path, DEPTH);
  const above = around.filter(({ schema: one }) => memberOf(one?.properties, name) !== undefined);
  const homes = below.length > 0 ? below : [...above.slice(0, 1), ...labelsOf(here)].slice(0, 1);
  const places = homes.map((home) => shown(home, root));
  return places.length === 0 ? "" : ` (it belongs in ${places.join(" or ")})`;
}

/** Where a selector has labels, whose names are anybody's; those of Services and Gateways have them without that. */
function labelsOf({ path, schema }: Place): readonly Home[] {
  const isSelector = schema?.properties?.[MATCH_LABELS] !== undefined;
  return isSelector ? [{ path: [...path, MATCH_LABELS] }] : [];
}

const MATCH_LABELS = "matchLabels";

interface Place {
  readonly path: Path;
  readonly schema: FieldsSchema | undefined;
}

function schemasAlong(schema: object, path: Path): Place[] {
  const places: Place[] = [{ path: [], schema }];
  for (const [index, step] of path.entries()) {
    const before = places.at(-1)?.schema;
    const next = typeof step === "number" ? before?.items : memberOf(before?.properties, step);
    places.push({ path: path.slice(0, index + 1), schema: next });
  }
  return places;
}

/** A place for a field: a map, or each item of a list. */
interface Home {
  readonly path: Path;
  readonly isItem?: boolean;
}

/** The nearest ones: those that are farther below are looked for when there is none nearer. */
function homesBelow(
  name: string,
  schema: FieldsSchema,
  path: Path,
  depth: number,
): readonly Home[] {
  if (depth === 0) return [];
  const fields = Object.entries(schema.properties ?? {}).map(([field, value]) => {
    const { items } = value as FieldsSchema;
    const inner: FieldsSchema = items ?? value;
    return { path: [...path, field], isItem: items !== undefined, schema: inner };
  });
  const homes = fields.filter((field) => memberOf(field.schema.properties, name) !== undefined);
  if (homes.length > 0) return homes;
  return fields.flatMap((field) =>
    field.isItem ? [] : homesBelow(name, field.schema, field.path, depth - 1),
  );
}

function shown({ path, isItem }: Home, root: Path): string {
  return `${isItem === true ? "an item of " : ""}${formatPath([...root, ...path])}`;
}
