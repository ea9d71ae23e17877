/** A mesh configuration that is a file of its own, as `istioctl analyze --meshConfigFile` takes it. */
import type { Diagnostic } from "../../../base/diagnostic.js";
import { MESH_CONFIG_MAP } from "../../../config/mesh-config/mesh-config.js";
import type { Source } from "../../../config/sources/source.js";

/** Before all other paths, so that it counts rather than a ConfigMap in them. */
const PATH = "\0";

const { namespace, name } = MESH_CONFIG_MAP;

/** What stands before the file's text in the ConfigMap that it becomes. */
const HEAD = [
  "apiVersion: v1",
  "kind: ConfigMap",
  `metadata: { name: ${name}, namespace: ${namespace} }`,
  "data:",
  "  mesh: |2",
];
const INDENTATION = "    ";

/** The file as the ConfigMap in which a mesh has its configuration. */
export function asMeshConfigMap(file: Source): Source {
  if (file.type !== "text") return file;
  const lines = file.text.split("\n").map((line) => `${INDENTATION}${line}`);
  return { type: "text", root: file.root, path: PATH, text: [...HEAD, ...lines].join("\n") };
}

/** What was found with that ConfigMap, as it is about the file; nothing of one that the file stands in for. */
export function aboutMeshConfigFile(
  found: readonly Diagnostic[],
  file: string,
): readonly Diagnostic[] {
  return found.filter((one) => !isReplaced(one)).map((one) => inFile(one, file));
}

function isReplaced({ code, resource }: Diagnostic): boolean {
  return code === "duplicate-resource" && resource === `ConfigMap ${name}.${namespace}`;
}

function inFile(diagnostic: Diagnostic, file: string): Diagnostic {
  const { position, sourceLine, ...rest } = diagnostic;
  if (position?.file !== PATH) return diagnostic;
  const line = position.line - HEAD.length;
  // What is said of the ConfigMap is said of the whole file.
  if (line < 1) return { ...rest, position: { file, line: 1, column: 1 } };
  const column = position.column - INDENTATION.length;
  const shown = sourceLine?.slice(INDENTATION.length) ?? "";
  return { ...rest, position: { file, line, column }, sourceLine: shown };
}
