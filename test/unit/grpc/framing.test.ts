/** Frames of messages, however their bytes come. */
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CallRefused } from "../../../src/grpc/call-refused.js";
import { FrameMemory } from "../../../src/grpc/frame-memory.js";
import { createFrameReader, type FrameReader, frameHead } from "../../../src/grpc/framing.js";

const MEBIBYTE = 1024 * 1024;

/** A reader that is never refused. */
function reader(maxBytes: number, memory = new FrameMemory(16 * MEBIBYTE)): FrameReader["read"] {
  return createFrameReader(maxBytes, memory, (reason) => expect.unreachable(reason.message)).read;
}

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

function framed(message: Buffer): Buffer {
  return Buffer.concat([frameHead(message.length), message]);
}

/** What a reader makes of bytes that come in pieces of these lengths, the last of which takes the rest. */
function readInPieces(wire: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const read = reader(1000);
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
  const memory = new FrameMemory(16 * MEBIBYTE);
  const lengths = [2_000_000, 70_000, 300, 900_000];
  const read = reader(4_000_000, memory);
  const other = reader(4_000_000, memory);
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
    reader(1000)(head, () => undefined);
  }).toThrow(expect.objectContaining({ code }));
});

test("a message of just the length that is read is read", () => {
  const lengths: number[] = [];
  reader(1000)(framed(Buffer.alloc(1000)), ({ length }) => lengths.push(length));
  expect(lengths).toEqual([1000]);
});

/** Streams that share so much memory, and say "refused" when they are. */
function streams(maxPartBytes: number): {
  readonly open: (name: string) => FrameReader;
  readonly refused: string[];
} {
  const memory = new FrameMemory(maxPartBytes);
  const refused: string[] = [];
  return {
    refused,
    open: (name) =>
      createFrameReader(16 * MEBIBYTE, memory, ({ code }: CallRefused) => {
        refused.push(`${name} ${status[code]}`);
      }),
  };
}

const nothing = (): void => undefined;

/** The head of a message and the beginning of it. */
const beginning = (bytes: number): Buffer =>
  Buffer.concat([frameHead(16 * MEBIBYTE), Buffer.alloc(bytes)]);

test("when messages that came in part take too much memory, the one that began first is refused", () => {
  const { open, refused } = streams(MEBIBYTE);
  const [first, second, third] = [open("first"), open("second"), open("third")];
  first.read(beginning(450_000), nothing);
  second.read(beginning(450_000), nothing);
  expect(refused).toEqual([]);
  third.read(beginning(450_000), nothing);
  expect(refused).toEqual(["first RESOURCE_EXHAUSTED"]);
  second.read(Buffer.alloc(100_000), nothing);
  expect(refused).toHaveLength(1);
  third.read(Buffer.alloc(100_000), nothing);
  expect(refused).toEqual(["first RESOURCE_EXHAUSTED", "second RESOURCE_EXHAUSTED"]);
});

test("a message that takes too much memory alone is refused itself", () => {
  const { open, refused } = streams(MEBIBYTE);
  open("one").read(beginning(2 * MEBIBYTE), nothing);
  expect(refused).toEqual(["one RESOURCE_EXHAUSTED"]);
});

test("messages that were made whole, or discarded, take no memory", () => {
  const { open, refused } = streams(MEBIBYTE);
  for (let index = 0; index < 20; index += 1) {
    const { read } = open("whole");
    const wire = framed(Buffer.alloc(100_000));
    let messages = 0;
    for (const piece of [wire.subarray(0, 60_000), wire.subarray(60_000)]) {
      read(piece, () => {
        messages += 1;
      });
    }
    expect(messages).toBe(1);
    const discarded = open("discarded");
    discarded.read(beginning(100_000), nothing);
    discarded.discard();
  }
  expect(refused).toEqual([]);
});

test("a message that comes byte by byte takes the memory of its bytes", () => {
  const { read } = streams(16 * MEBIBYTE).open("one");
  read(beginning(0), nothing);
  const piece = Buffer.alloc(1);
  const before = process.memoryUsage();
  for (let index = 0; index < 2 * MEBIBYTE; index += 1) read(piece, nothing);
  const after = process.memoryUsage();
  expect(after.external - before.external).toBeLessThan(4 * MEBIBYTE);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(64 * MEBIBYTE);
});

test("messages of many that come in part at once are put together where those before were", () => {
  const { open } = streams(16 * MEBIBYTE);
  const readers = Array.from({ length: 60 }, () => open("one of many"));
  const wire = framed(Buffer.alloc(100_000));
  const pieces = [wire.subarray(0, 99_000), wire.subarray(99_000)];
  const comeTogether = (): void => {
    for (const piece of pieces) for (const { read } of readers) read(piece, nothing);
  };
  comeTogether();
  const before = process.memoryUsage().arrayBuffers;
  comeTogether();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MEBIBYTE);
});
