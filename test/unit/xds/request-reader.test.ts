/** ACKs of the same bytes are read once, however they come; nothing else is taken for one that was read. */

import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { DELTA, SOTW } from "../../../src/xds/stream/dialect.js";
import { createRequestReader } from "../../../src/xds/stream/request-reader.js";
import { DecodeError } from "../../../src/xds/wire/decode-error.js";

interface Said {
  readonly nonce: string;
  readonly subscribe?: string;
  readonly error?: string;
}

function deltaRequest({ nonce, subscribe, error }: Said): Buffer {
  const writer = new BinaryWriter().uint32(0x12).string(TYPE_URL.endpoint);
  if (subscribe !== undefined) writer.uint32(0x1a).string(subscribe);
  writer.uint32(0x32).string(nonce);
  if (error !== undefined) writer.uint32(0x3a).bytes(Buffer.from(`\x12\x03${error}`));
  return Buffer.from(writer.finish());
}

test("the ACKs of one response are one request, though each comes in memory of its own", () => {
  const read = createRequestReader();
  const first = deltaRequest({ nonce: "shared-1" });
  const incoming = read(DELTA, first, undefined);
  first.fill(0);
  expect(read(DELTA, deltaRequest({ nonce: "shared-1" }), undefined)).toBe(incoming);
  expect(incoming).toMatchObject({ nonce: "shared-1", typeUrl: TYPE_URL.endpoint });
});

test.each<[string, Said]>([
  ["an ACK of another response", { nonce: "shared-2" }],
  ["a NACK", { nonce: "shared-1", error: "bad" }],
  ["an ACK with a name beside it", { nonce: "shared-1", subscribe: "A" }],
])("%s is read for itself", (_what, said) => {
  const read = createRequestReader();
  read(DELTA, deltaRequest({ nonce: "shared-1" }), undefined);
  const incoming = read(DELTA, deltaRequest(said), undefined);
  expect(incoming).toMatchObject({
    nonce: said.nonce,
    error: said.error,
    names: said.subscribe === undefined ? [] : [said.subscribe],
  });
});

test("what is said on another service, or in the other protocol, is not taken for the same", () => {
  const read = createRequestReader();
  const message = deltaRequest({ nonce: "shared-1" });
  const incoming = read(DELTA, message, undefined);
  expect(read(DELTA, message, TYPE_URL.secret)).not.toBe(incoming);
  expect(() => read(SOTW, message, undefined)).toThrow(DecodeError);
});
