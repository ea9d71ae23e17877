/**
 * Reads Envoy's own API out of an Envoy binary and writes it as one FileDescriptorSet.
 *
 * A C++ protobuf binary carries each of its .proto files as a serialized FileDescriptorProto. Such a message begins
 * with field 1 (`name`, a string that ends in ".proto"), so every occurrence of that suffix is tried: step back to the
 * tag, then parse FileDescriptorProto's fields until one is not of that message. What decodes whole is kept.
 *
 * usage: extract-descriptors ENVOY_BINARY OUT
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const NAME_TAG = 0x0a;
const MAX_NAME_LENGTH = 127;
const LENGTH_DELIMITED = 2;
const VARINT = 0;

/** Field number to wire type of google.protobuf.FileDescriptorProto; 10 and 11 may be packed or not. */
const FIELDS = new Map<number, readonly number[]>([
  [1, [LENGTH_DELIMITED]],
  [2, [LENGTH_DELIMITED]],
  [3, [LENGTH_DELIMITED]],
  [4, [LENGTH_DELIMITED]],
  [5, [LENGTH_DELIMITED]],
  [6, [LENGTH_DELIMITED]],
  [7, [LENGTH_DELIMITED]],
  [8, [LENGTH_DELIMITED]],
  [9, [LENGTH_DELIMITED]],
  [10, [VARINT, LENGTH_DELIMITED]],
  [11, [VARINT, LENGTH_DELIMITED]],
  [12, [LENGTH_DELIMITED]],
  [14, [VARINT]],
]);

/** Fields that stand at most once: name, package, options, source_code_info, syntax, edition. */
const SINGULAR: ReadonlySet<number> = new Set([1, 2, 8, 9, 12, 14]);

interface Varint {
  readonly value: number;
  readonly next: number;
}

function readVarint(bytes: Buffer, at: number): Varint | undefined {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  return undefined;
}

/** The offset behind the field at `at`, or undefined when no field of a FileDescriptorProto stands there. */
function skipField(bytes: Buffer, at: number, previous: number): Varint | undefined {
  const tag = readVarint(bytes, at);
  if (tag === undefined) return undefined;
  const field = tag.value >>> 3;
  const wire = tag.value & 7;
  if (FIELDS.get(field)?.includes(wire) !== true || field < previous) return undefined;
  if (field === previous && SINGULAR.has(field)) return undefined;
  const body = readVarint(bytes, tag.next);
  if (body === undefined) return undefined;
  const next = wire === VARINT ? body.next : body.next + body.value;
  return next <= bytes.length ? { value: field, next } : undefined;
}

/** ".google.protobuf" holds ".proto" too, so what decodes must also look like a file. */
function isFile(file: FileDescriptorProto): boolean {
  return /^[\w./-]+\.proto$/.test(file.name) && ["", "proto2", "proto3"].includes(file.syntax);
}

/** The file that starts at `start`: the longest run of fields which still decodes. */
function readFile(bytes: Buffer, start: number): FileDescriptorProto | undefined {
  const ends: number[] = [];
  let at = start;
  let field = 0;
  for (;;) {
    const step = skipField(bytes, at, field);
    if (step === undefined) break;
    field = step.value;
    at = step.next;
    ends.push(at);
  }
  for (const end of ends.reverse()) {
    try {
      const file = fromBinary(FileDescriptorProtoSchema, bytes.subarray(start, end));
      if (isFile(file)) return file;
    } catch {
      // A run that went too far into the neighbouring data does not decode: try one field less.
    }
  }
  return undefined;
}

function findFiles(bytes: Buffer): Map<string, FileDescriptorProto> {
  const suffix = Buffer.from(".proto");
  const files = new Map<string, FileDescriptorProto>();
  for (let at = bytes.indexOf(suffix); at >= 0; at = bytes.indexOf(suffix, at + 1)) {
    const nameEnd = at + suffix.length;
    for (let length = suffix.length; length <= MAX_NAME_LENGTH; length++) {
      const start = nameEnd - length - 2;
      if (start < 0) break;
      if (bytes[start] !== NAME_TAG || bytes[start + 1] !== length) continue;
      const file = readFile(bytes, start);
      if (file !== undefined && !files.has(file.name)) files.set(file.name, file);
    }
  }
  return files;
}

/** `http_filters` as `httpFilters`: the name of a field in JSON. See the protobuf guide, "ProtoJSON". */
function jsonNameOf(field: string): string {
  return field.replace(/_+(.)/g, (_match, letter: string) => letter.toUpperCase());
}

/** Most descriptors in a binary lack the JSON names, which their readers expect. */
function addJsonNames(message: DescriptorProto): void {
  for (const field of message.field) {
    if (field.jsonName === "") field.jsonName = jsonNameOf(field.name);
  }
  for (const nested of message.nestedType) addJsonNames(nested);
}

/** Dependencies before dependents, the order that readers of a FileDescriptorSet need. */
function inDependencyOrder(files: Map<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered: FileDescriptorProto[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const file = files.get(name);
    if (file === undefined) throw new Error(`${name} is imported but is not in the binary`);
    for (const dependency of file.dependency) visit(dependency);
    for (const message of file.messageType) addJsonNames(message);
    ordered.push(file);
  };
  for (const name of [...files.keys()].sort()) visit(name);
  return ordered;
}

const [binary, out] = process.argv.slice(2);
if (binary === undefined || out === undefined) {
  throw new Error("usage: extract-descriptors ENVOY_BINARY OUT");
}
const files = inDependencyOrder(findFiles(readFileSync(binary)));
if (!files.some((file) => file.name === "envoy/service/discovery/v3/ads.proto")) {
  throw new Error(`${binary} carries no Envoy API: is it an Envoy?`);
}
mkdirSync(dirname(out), { recursive: true });
writeFileSync(
  `${out}.new`,
  toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files })),
);
renameSync(`${out}.new`, out);
process.stdout.write(`gen: ${files.length} files of Envoy's API in ${out}\n`);
