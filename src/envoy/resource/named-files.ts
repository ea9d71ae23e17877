/** The files on a proxy's machine that resources name: certificates, keys, revocation lists, Wasm modules, scripts. */

import { fromBinary, type Message, type Registry, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { DataSource } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import { typeNameIn } from "../../base/protobuf/type-url.js";

/** Finds and renames them. It reads a whole resource, so it is meant only for those that something is wrong with. */
export interface NamedFiles {
  /** Each once; none in a type that is not known. */
  readonly of: (typeUrl: string, bytes: Uint8Array) => readonly string[];
  /** The resource with other bytes, in which its files have other names that lead to them as well. */
  readonly respelled: (typeUrl: string, bytes: Uint8Array) => Buffer;
  /** What Envoy says of such a resource, with the names that the files had before. */
  readonly asWritten: (words: string) => string;
}

/** What Envoy reads from a file, among other places. */
const DATA_SOURCE: DataSource["$typeName"] = "envoy.config.core.v3.DataSource";

/** Finds the files in messages of a registry. */
export function createNamedFiles(registry: Registry): NamedFiles {
  const schemaOf = (typeUrl: string) => registry.getMessage(typeNameIn(typeUrl));
  return {
    of: (typeUrl, bytes) => {
      const schema = schemaOf(typeUrl);
      if (schema === undefined) return [];
      const files = new Set<string>();
      visit(fromBinary(schema, bytes), registry, (file) => {
        files.add(file);
        return file;
      });
      return [...files];
    },
    respelled: (typeUrl, bytes) => {
      const schema = schemaOf(typeUrl);
      if (schema === undefined) return Buffer.from(bytes);
      const message = fromBinary(schema, bytes);
      visit(message, registry, otherName);
      return Buffer.from(toBinary(schema, message));
    },
    asWritten: (words) => words.replaceAll("/./", "/"),
  };
}

/** Of a file without a folder, one in the folder where Envoy was started. */
const otherName = (file: string): string => {
  const slash = file.lastIndexOf("/");
  return slash < 0 ? `./${file}` : `${file.slice(0, slash)}/./${file.slice(slash + 1)}`;
};

/** Sets the name of each file in a message, and in what is packed into it, to what `rename` makes of it. */
function visit(value: unknown, registry: Registry, rename: (file: string) => string): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  const { $typeName: type } = value as Partial<Message>;
  if (type === DATA_SOURCE) {
    const { specifier } = value as DataSource;
    if (specifier.case === "filename") specifier.value = rename(specifier.value);
  } else if (type === AnySchema.typeName) {
    visitPacked(value as Any, registry, rename);
  } else {
    for (const part of Object.values(value)) visit(part, registry, rename);
  }
}

function visitPacked(any: Any, registry: Registry, rename: (file: string) => string): void {
  const packed = anyUnpack(any, registry);
  if (packed === undefined) return;
  const schema = registry.getMessage(packed.$typeName);
  if (schema === undefined) return;
  let names = 0;
  visit(packed, registry, (file) => {
    names += 1;
    return rename(file);
  });
  // What names no file stays the bytes that it is.
  if (names > 0) Object.assign(any, { value: anyPack(schema, packed).value });
}
