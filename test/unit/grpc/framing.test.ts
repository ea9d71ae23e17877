/** Frames of messages, however their bytes come. */
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createFrameReader, frameHead } from "../../../src/grpc/framing.js";

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

function framed(message: Buffer): Buffer {
  return Buffer.concat([frameHead(message.length), message]);
}

/** What a reader makes of bytes that come in pieces of these lengths, the last of which takes the rest. */
function readInPieces(wire: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const read = createFrameReader(1000);
  const messages: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, wire.length]) {
    messages.push(...read(wire.subarray(at, at + length)));
    at = Math.min(wire.length, at + length);
  }
  return messages;
}

test("messages are the same in whatever pieces they come", () => {
  const pieces = fc.array(fc.nat({ max: 12 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(bytes(30), { maxLength: 6 }), pieces, (messages, lengths) => {
      expect(readInPieces(Buffer.concat(messages.map(framed)), lengths)).toEqual(messages);
    }),
  );
});

test("a message has memory of its own", () => {
  const wire = framed(Buffer.from("kept"));
  const [message] = createFrameReader(1000)(wire);
  wire.fill(0);
  expect(message).toEqual(Buffer.from("kept"));
});

test.each([
  { what: "longer than is read", head: frameHead(1001), code: status.RESOURCE_EXHAUSTED },
  { what: "compressed", head: Buffer.from([1, 0, 0, 0, 1]), code: status.UNIMPLEMENTED },
])("a message that is $what is refused by its head", ({ head, code }) => {
  expect(() => createFrameReader(1000)(head)).toThrow(expect.objectContaining({ code }));
});

test("a message of just the length that is read is read", () => {
  expect(createFrameReader(1000)(framed(Buffer.alloc(1000)))).toHaveLength(1);
});
