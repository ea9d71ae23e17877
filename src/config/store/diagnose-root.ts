import type { Diagnostic } from "../../base/diagnostic.js";
import type { RootStatus } from "../sources/source.js";

/** How to say that nothing is meant. */
const REMEDY =
  "what it said before stays in force; if it is meant to say nothing, put a file into it that has only a comment, such as empty.yaml";

/** What is wrong with a directory of the configuration; `keepsFiles` when what it said before is still in force. */
export function diagnoseRoot(root: RootStatus, keepsFiles: boolean): readonly Diagnostic[] {
  const empty = root.sourceCount > 0 ? [] : [diagnoseEmpty(root, keepsFiles)];
  return [...root.problems, ...empty];
}

function diagnoseEmpty({ path, exists }: RootStatus, keepsFiles: boolean): Diagnostic {
  const position = { file: path, line: 1, column: 1 };
  const code = exists ? "empty-directory" : "missing-directory";
  const what = exists
    ? "the directory has no configuration, no file of .yaml, .yml or .json"
    : "there is no such directory";
  if (keepsFiles) return { severity: "error", code, message: `${what}: ${REMEDY}`, position };
  return {
    severity: "warning",
    code,
    message: `${what}; it is read as soon as there is`,
    position,
  };
}
