/** Fields of Kubernetes' kinds that are written almost as one that counts. */

import { memberOf } from "../../base/member-of.js";
import { nearWord } from "../../base/text/closest-word.js";
import { formatPath } from "../format-path.js";
import type { Finding, Path } from "../kind.js";
import type { FieldsSchema } from "./fields-schema.js";

/** Shorter names are like too many others. */
const SHORTEST = 4;

/**
 * Warns of fields of which nothing is known, in maps that may have any, when one that is known differs by one letter and is not
 * there: Kubernetes has more fields than are read here, but none so like them.
 */
export function* misspeltFields(value: unknown, schema: object, path: Path): Iterable<Finding> {
  const { properties, additionalProperties, items }: FieldsSchema = schema;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield* misspeltFields(item, items ?? {}, [...path, index]);
    }
    return;
  }
  if (typeof value !== "object" || value === null || properties === undefined) return;
  for (const [name, member] of Object.entries(value)) {
    const known = memberOf(properties, name);
    if (known !== undefined) yield* misspeltFields(member, known, [...path, name]);
    else if (additionalProperties === true) yield* warning(name, value, { properties, path });
  }
}

function* warning(
  name: string,
  value: object,
  { properties, path }: { readonly properties: object; readonly path: Path },
): Iterable<Finding> {
  const missing = Object.keys(properties).filter(
    (one) => one.length >= SHORTEST && !(one in value),
  );
  const meant = nearWord(name, missing);
  if (meant === undefined) return;
  const message = `unknown field "${name}" in ${formatPath(path)} (did you mean "${meant}"?)`;
  yield { path: [...path, name], code: "unknown-field", message, severity: "warning" };
}
