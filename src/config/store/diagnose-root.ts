import type { Diagnostic } from "../../base/diagnostic.js";
import type { RootStatus } from "../sources/source.js";

/** What a directory has to have, and how to say that it is meant to have nothing. */
const WORDS = {
  config: {
    contents: "no file of .yaml, .yml or .json",
    remedy: "put a file into it that has only a comment, such as empty.yaml",
  },
  secrets: {
    contents: "no folder <namespace>/<name> with a certificate or a key",
    remedy: "start without it",
  },
} as const;

/** What is wrong with a directory of the configuration; `keepsFiles` when what it said before is still in force. */
export function diagnoseRoot(root: RootStatus, keepsFiles: boolean): readonly Diagnostic[] {
  const empty = root.sourceCount > 0 ? [] : [diagnoseEmpty(root, keepsFiles)];
  return [...root.problems, ...empty];
}

function diagnoseEmpty({ path, kind, exists }: RootStatus, keepsFiles: boolean): Diagnostic {
  const { contents, remedy } = WORDS[kind];
  const position = { file: path, line: 1, column: 1 };
  const code = exists ? "empty-directory" : "missing-directory";
  const what = exists ? `the directory has ${contents}` : "there is no such directory";
  if (!keepsFiles) {
    const message = `${what}; it is read as soon as there is`;
    return { severity: "warning", code, message, position };
  }
  const message = `${what}: what it said before stays in force; if nothing is meant, ${remedy}`;
  return { severity: "error", code, message, position };
}
