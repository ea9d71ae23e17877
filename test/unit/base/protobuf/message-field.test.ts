import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fieldHead, fieldLength, textField } from "../../../../src/base/protobuf/message-field.js";

const field = fc.integer({ min: 1, max: 2 ** 20 });

describe("a field", () => {
  test("with a text is read back by a protobuf library", () => {
    fc.assert(
      fc.property(field, fc.string({ unit: "grapheme", maxLength: 300 }), (number, text) => {
        const bytes = textField(number, text);
        const reader = new BinaryReader(bytes);
        expect(reader.tag()).toEqual([number, WireType.LengthDelimited]);
        expect(reader.string()).toBe(Buffer.from(text).toString());
        expect(reader.pos).toBe(bytes.length);
      }),
    );
  });

  test("has the length that is foretold, up to contents of 4 GiB", () => {
    fc.assert(
      fc.property(field, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number, length) => {
        const head = fieldHead(number, length);
        const reader = new BinaryReader(head);
        expect(reader.tag()).toEqual([number, WireType.LengthDelimited]);
        expect(reader.uint32()).toBe(length);
        expect(head.length + length).toBe(fieldLength(number, length));
      }),
    );
  });
});
