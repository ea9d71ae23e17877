import { createHash } from "node:crypto";
import { join, relative, resolve } from "node:path";
import Type from "typebox";
import { isMap } from "../../base/is-map.js";
import type { KindDefinition } from "../kind.js";
import { writtenName } from "../kind-lookup.js";
import { list, Struct, strict, Text, type ValueOf } from "../kinds/value/fields.js";
import { KINDS, type Kind } from "../kinds.js";
import { readResource } from "../reading/resource.js";
import type { ConfigResource } from "../resource.js";
import { validateBody } from "../schema/schema.js";
import type { ConfigRoot } from "../sources/root.js";
import type { SavedFile } from "../store/saved-file.js";

/** What is in a file of the state directory. */
const StateFile = strict({
  version: Type.Literal(1),
  /** The root, absolute. */
  root: Text,
  /** The path below the root; empty when the root is a file itself. */
  path: Text,
  /** As they would be written in a file of the configuration. */
  resources: list(Struct),
});
type StateFile = ValueOf<typeof StateFile>;

const DEFINITION = { body: "document", schema: StateFile } as const;

/** The end of the name of a file that is being written. */
export const TEMPORARY = ".tmp";

/** The name in the state directory of what is saved of the file at a path. */
export function stateFileName(path: string): string {
  const hash = createHash("sha256").update(resolve(path)).digest("hex");
  return `${hash.slice(0, 32)}.json`;
}

/** The text that is saved of a file. It may have private keys in it. */
export function encodeStateFile({ root, path, resources }: SavedFile): string {
  const file: StateFile = {
    version: 1,
    root: resolve(root),
    path: relative(root, path),
    resources: resources.map(manifestOf),
  };
  return JSON.stringify(file);
}

/** A resource as it would be written in a file of the configuration. */
export function manifestOf(resource: ConfigResource): Readonly<Record<string, unknown>> {
  const { kind, apiVersion, metadata, spec, status } = resource;
  const definition: KindDefinition<never> = KINDS[kind as Kind];
  const head = {
    apiVersion,
    kind: writtenName(definition),
    metadata,
    ...(status !== undefined && { status }),
  };
  return definition.body === "document" && isMap(spec) ? { ...head, ...spec } : { ...head, spec };
}

/** What a text that was saved says; why it says nothing. */
export type DecodedStateFile =
  | { readonly file: SavedFile }
  /** It is of a directory that is not read now. */
  | { readonly file?: undefined; readonly problem?: string };

/**
 * Reads what was saved of a file of one of these roots. Each resource is checked as if it came from a file, because this
 * may be a newer version than the one that saved it; one that is not in order is left out.
 */
export function decodeStateFile(text: string, roots: readonly ConfigRoot[]): DecodedStateFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "it is no JSON" };
  }
  if (validateBody(DEFINITION, value).length > 0) {
    return { problem: "it does not have the fields of this version" };
  }
  const saved = value as StateFile;
  const root = roots.find(({ path }) => resolve(path) === saved.root);
  if (root === undefined) return {};
  const path = saved.path === "" ? root.path : join(root.path, saved.path);
  const resources = saved.resources.flatMap((manifest) => resourceOf(manifest) ?? []);
  return { file: { root: root.path, path, resources } };
}

/** The resource of a manifest that was saved; undefined when it is not in order by this version. */
export function resourceOf(manifest: unknown): ConfigResource | undefined {
  const reading = readResource(manifest);
  return reading.ref === undefined ? undefined : reading.resource;
}
