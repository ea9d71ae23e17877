/** The roots that were to be trusted last, as a file: those that sign no more outlive a restart by it. */

import { join } from "node:path";
import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import { StateFileError } from "../ca-error.js";
import { readPrivateFile, writePrivateFile } from "../private-file.js";
import type { TrustedRoot } from "./rotation.js";
import { authorityDirectory } from "./slot-source.js";

const STORED = Type.Object(
  {
    version: Type.Literal(1),
    roots: Type.Array(
      Type.Object(
        { pem: Type.String(), since: Type.Number(), until: Type.Optional(Type.Number()) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

const fileOf = (stateDirectory: string): string =>
  join(authorityDirectory(stateDirectory), "roots.json");

/**
 * The roots that were kept; none when there is no file.
 * @throws StateFileError
 */
export async function loadRoots(stateDirectory: string): Promise<readonly TrustedRoot[]> {
  const path = fileOf(stateDirectory);
  const content = await readPrivateFile(path);
  if (content === undefined) return [];
  const stored = parseJson(content.toString("utf8"));
  if (!Value.Check(STORED, stored)) {
    throw new StateFileError(
      "state-file-content",
      path,
      "is not what was written; remove it if no root was rotated lately",
    );
  }
  return stored.roots;
}

/**
 * Keeps the roots.
 * @throws StateFileError
 */
export function saveRoots(stateDirectory: string, roots: readonly TrustedRoot[]): Promise<void> {
  const stored = { version: 1, roots };
  return writePrivateFile(fileOf(stateDirectory), `${JSON.stringify(stored, undefined, 2)}\n`);
}
