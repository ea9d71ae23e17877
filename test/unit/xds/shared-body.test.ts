/** Large responses that have most of their resources in common. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EncodedResource, TYPE_URL } from "../../../src/xds/resource.js";
import type { Response } from "../../../src/xds/state/response/response.js";
import { encodeResponse } from "../../../src/xds/wire/encode-response.js";
import { createResponseEncoder } from "../../../src/xds/wire/response-encoder.js";
import { createSharedBody } from "../../../src/xds/wire/shared-body.js";
import { resource } from "./conversation.js";

const MEBIBYTE = 1024 * 1024;

const KNOWN = Array.from({ length: 40 }, (_, index) => resource(`known ${index}@1`));

function responseOf(resources: readonly EncodedResource[], removed: readonly string[]): Response {
  const payload = { version: "v", resources, changed: resources, removed };
  return { typeUrl: TYPE_URL.virtualHost, style: "delta", nonce: "n", payload, isShared: true };
}

/** Some of what is known in its order, with others in between, and then perhaps all the other way round. */
const resources = fc
  .tuple(
    fc.array(fc.constantFrom("known", "gone", "own"), { maxLength: KNOWN.length }),
    fc.boolean(),
  )
  .map(([choices, isReversed]) => {
    const chosen = choices.flatMap((choice, index) => {
      const own = choice === "own" ? resource(`own ${index}@2`) : undefined;
      return choice === "gone" ? [] : (own ?? KNOWN[index] ?? []);
    });
    return isReversed ? chosen.reverse() : chosen;
  });

test("responses that share memory have the bytes that each has alone", () => {
  fc.assert(
    fc.property(fc.array(resources, { maxLength: 6 }), (lists) => {
      const encoder = createResponseEncoder(MEBIBYTE, 0);
      for (const list of [KNOWN, ...lists]) {
        const response = responseOf(list, ["gone"]);
        const { length, parts } = encoder.encode(response);
        const alone = encodeResponse(response);
        expect(Buffer.concat(parts)).toEqual(Buffer.concat(alone.parts));
        expect(length).toBe(alone.length);
      }
    }),
  );
});

test("a body that differs in one resource from another takes the memory of that one", () => {
  const body = createSharedBody(TYPE_URL.virtualHost, "delta");
  expect(body.of(KNOWN).made).toBeGreaterThan(KNOWN.length);
  const own = resource("own@1");
  const { parts, made } = body.of([...KNOWN.slice(0, 10), own, ...KNOWN.slice(11)]);
  expect(parts).toHaveLength(3);
  expect(made).toBe(parts[1]?.length);
  expect(body.of(KNOWN).made).toBe(0);
});

test("a body that has little in common with the one before is one that others share", () => {
  const body = createSharedBody(TYPE_URL.virtualHost, "delta");
  body.of(KNOWN);
  const others = Array.from({ length: 40 }, (_, index) => resource(`other ${index}@1`));
  expect(body.of([...others, ...KNOWN.slice(0, 20)]).parts).toHaveLength(1);
  expect(body.of(others)).toMatchObject({ made: 0 });
});
