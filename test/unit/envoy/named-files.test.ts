import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import { createNamedFiles } from "../../../src/envoy/resource/named-files.js";

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));
const files = createNamedFiles(encoder.registry);

const SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";
const EXTENSION = "envoy.config.core.v3.TypedExtensionConfig";
const url = (type: string): string => `type.googleapis.com/${type}`;

const secret = (certificate: object, key: object): Buffer =>
  encoder.encode(SECRET, {
    name: "s",
    tlsCertificate: { certificateChain: certificate, privateKey: key },
  }).bytes;

const plugin = (code: object): Buffer =>
  encoder.encode(EXTENSION, {
    name: "p",
    typedConfig: {
      "@type": url("envoy.extensions.filters.http.wasm.v3.Wasm"),
      config: { vmConfig: { runtime: "envoy.wasm.runtime.v8", code: { local: code } } },
    },
  }).bytes;

test("the files of a resource are found, in what is packed into it too, each once", () => {
  const file = { filename: "/certs/a.pem" };
  expect(files.of(url(SECRET), secret(file, file))).toEqual(["/certs/a.pem"]);
  expect(files.of(url(EXTENSION), plugin({ filename: "/modules/a.wasm" }))).toEqual([
    "/modules/a.wasm",
  ]);
});

test("a resource that has all in it names no file", () => {
  const inline = { inlineString: "/certs/a.pem" };
  expect(files.of(url(SECRET), secret(inline, inline))).toEqual([]);
  expect(files.of(url(EXTENSION), plugin({ inlineBytes: "AAAA" }))).toEqual([]);
  expect(files.of("type.googleapis.com/no.such.Type", Buffer.from("x"))).toEqual([]);
});

test("another name of a file leads to the same, and nothing else of the resource is different", () => {
  const before = secret({ filename: "/certs/a.pem" }, { filename: "a.key" });
  const after = files.respelled(url(SECRET), before);
  expect(encoder.decode(SECRET, after)).toEqual({
    name: "s",
    tlsCertificate: {
      certificateChain: { filename: "/certs/./a.pem" },
      privateKey: { filename: "./a.key" },
    },
  });
  expect(files.asWritten("Invalid path: /certs/./a.pem")).toBe("Invalid path: /certs/a.pem");
  expect(
    files.of(url(EXTENSION), files.respelled(url(EXTENSION), plugin({ filename: "/a" }))),
  ).toEqual(["/./a"]);
});

test("what names no file has the same bytes under other names of files", () => {
  const bytes = plugin({ inlineBytes: "AAAA" });
  expect(files.respelled(url(EXTENSION), bytes).equals(bytes)).toBe(true);
});
