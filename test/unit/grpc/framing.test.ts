/** Frames of messages, however their bytes come. */
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createFrameReader, FrameMemory, frameHead } from "../../../src/grpc/framing.js";

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

function framed(message: Buffer): Buffer {
  return Buffer.concat([frameHead(message.length), message]);
}

/** What a reader makes of bytes that come in pieces of these lengths, the last of which takes the rest. */
function readInPieces(wire: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const read = createFrameReader(1000, new FrameMemory());
  const messages: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, wire.length]) {
    read(wire.subarray(at, at + length), (message) => messages.push(Buffer.from(message)));
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

test("messages of any length are whole, also those that share memory with others", () => {
  const memory = new FrameMemory();
  const lengths = [2_000_000, 70_000, 300, 900_000];
  const read = createFrameReader(4_000_000, memory);
  const other = createFrameReader(4_000_000, memory);
  other(Buffer.concat([frameHead(4), Buffer.from("ab")]), () => expect.unreachable());
  const seen = lengths.map((length) => {
    const wire = framed(Buffer.alloc(length, length % 251));
    let equals = false;
    for (let at = 0; at < wire.length; at += 65_536) {
      read(wire.subarray(at, at + 65_536), (message) => {
        equals = message.equals(Buffer.alloc(length, length % 251));
      });
    }
    return equals;
  });
  expect(seen).toEqual([true, true, true, true]);
  let text = "";
  other(Buffer.from("cd"), (message) => {
    text = message.toString();
  });
  expect(text).toBe("abcd");
});

test.each([
  { what: "longer than is read", head: frameHead(1001), code: status.RESOURCE_EXHAUSTED },
  { what: "compressed", head: Buffer.from([1, 0, 0, 0, 1]), code: status.UNIMPLEMENTED },
])("a message that is $what is refused by its head", ({ head, code }) => {
  expect(() => {
    createFrameReader(1000, new FrameMemory())(head, () => undefined);
  }).toThrow(expect.objectContaining({ code }));
});

test("a message of just the length that is read is read", () => {
  const lengths: number[] = [];
  createFrameReader(1000, new FrameMemory())(framed(Buffer.alloc(1000)), ({ length }) =>
    lengths.push(length),
  );
  expect(lengths).toEqual([1000]);
});
