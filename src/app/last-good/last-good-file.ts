/** What was good before it was refused, as it is saved. */
import Type from "typebox";
import { parseJson } from "../../base/parse-json.js";
import {
  list,
  optional,
  Struct,
  strict,
  Text,
  type ValueOf,
} from "../../config/kinds/value/fields.js";
import { KINDS } from "../../config/kinds.js";
import { validateBody } from "../../config/schema/schema.js";
import { manifestOf, resourceOf } from "../../config/state/state-file.js";
import type { LastGood } from "./last-good.js";

const Entry = strict({
  ref: strict({ kind: Text, namespace: Text, name: Text }),
  refused: Text,
  /** As it would be written in a file of the configuration. */
  good: optional(Struct),
});

const File = strict({ version: Type.Literal(1), kept: list(Entry) });

const DEFINITION = { body: "document", schema: File } as const;

/** So much is saved at most, in characters. */
const MAX_LENGTH = 4 * 2 ** 20;

/** The text that is saved, of as many as there is room for. It may have private keys in it. */
export function encodeLastGood(kept: readonly LastGood[]): string {
  const entries: string[] = [];
  let length = 0;
  for (const { ref, good, refused } of kept) {
    const entry = JSON.stringify({ ref, refused, ...(good && { good: manifestOf(good) }) });
    length += entry.length;
    if (length <= MAX_LENGTH) entries.push(entry);
  }
  return `{"version":1,"kept":[${entries.join(",")}]}`;
}

/** What a text says that was saved. Of another version it may say nothing, or have resources that are not in order by this one. */
export function decodeLastGood(text: string): readonly LastGood[] {
  const value = parseJson(text);
  if (value === undefined || validateBody(DEFINITION, value).length > 0) return [];
  return (value as ValueOf<typeof File>).kept.flatMap(({ ref, refused, good }) => {
    if (!Object.hasOwn(KINDS, ref.kind)) return [];
    const resource = good === undefined ? undefined : resourceOf(good);
    if (good !== undefined && resource === undefined) return [];
    return [{ ref, refused, ...(resource && { good: resource }) }];
  });
}
