/**
 * Writes a .proto file for each file that proto/ imports from Envoy's API, with the names of its types and nothing in them.
 *
 * buf compiles from sources, and of Envoy's API there are only descriptors. A compiler needs no more of an imported type than
 * its name and whether it is a message or an enum, so this is enough to compile what imports it; the real descriptors take the
 * place of these afterwards.
 *
 * usage: write-import-stubs DESCRIPTOR_SET SOURCES OUT
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** Values of an enum are names of the scope around it, so each has to be another one. */
const enumStub = (name: string): string => `enum ${name} { ${name}_STUB = 0; }`;

function messageStub({ name, nestedType, enumType }: DescriptorProto): string {
  const inner = [...nestedType.map(messageStub), ...enumType.map((one) => enumStub(one.name))];
  return `message ${name} { ${inner.join(" ")} }`;
}

function fileStub(file: FileDescriptorProto): string {
  return [
    'syntax = "proto3";',
    `package ${file.package};`,
    ...file.messageType.map(messageStub),
    ...file.enumType.map(({ name }) => enumStub(name)),
    "",
  ].join("\n");
}

function importsOf(directory: string): ReadonlySet<string> {
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const texts = paths
    .filter((path) => path.endsWith(".proto"))
    .map((path) => readFileSync(join(directory, path), "utf8"));
  const imports = texts.flatMap((text) => [...text.matchAll(/^import "(.+)";$/gm)]);
  return new Set(imports.flatMap(([, path]) => path ?? []));
}

const [descriptors, sources, out] = process.argv.slice(2);
if (descriptors === undefined || sources === undefined || out === undefined) {
  throw new Error("usage: write-import-stubs DESCRIPTOR_SET SOURCES OUT");
}
const { file: files } = fromBinary(FileDescriptorSetSchema, readFileSync(descriptors));
const wanted = importsOf(sources);
for (const file of files) {
  if (!wanted.has(file.name) || file.name.startsWith("google/protobuf/")) continue;
  const path = join(out, file.name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, fileStub(file));
}
