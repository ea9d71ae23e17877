/** Messages of parts, put together one after the other in the same memory. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createAssembler, messageOf } from "../../../src/xds/message.js";

const part = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

test("each message has the bytes of its parts, whatever came before it", () => {
  const kept = 64;
  fc.assert(
    fc.property(fc.array(fc.array(part, { maxLength: 5 })), (messages) => {
      const assemble = createAssembler(kept);
      for (const parts of messages) {
        const message = messageOf(parts);
        expect(message.length).toBe(Buffer.concat(parts).length);
        expect(assemble(message).equals(Buffer.concat(parts))).toBe(true);
      }
    }),
  );
});

test("messages that are not too long share their memory", () => {
  const assemble = createAssembler(8);
  const [short, other, long] = ["abcd", "efgh", "no more than eight"].map((text) =>
    assemble(messageOf([Buffer.from(text), Buffer.from("!")])),
  );
  expect(other?.buffer).toBe(short?.buffer);
  expect(long?.buffer).not.toBe(short?.buffer);
});

test("a message of one part is that part", () => {
  const only = Buffer.from("only");
  expect(createAssembler()(messageOf([only]))).toBe(only);
});
