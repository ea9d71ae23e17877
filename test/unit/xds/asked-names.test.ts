import { describe, expect, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { NOTHING_ASKED, withRequest } from "../../../src/xds/stream/asked-names.js";
import type { Incoming } from "../../../src/xds/stream/dialect.js";
import { request } from "./incoming.js";

const TYPES = new Set([TYPE_URL.virtualHost]);

const after = (...requests: Partial<Incoming>[]): typeof NOTHING_ASKED =>
  requests.reduce((asked, fields) => withRequest(asked, request(fields), TYPES), NOTHING_ASKED);

const namesOf = (asked: typeof NOTHING_ASKED): readonly string[] =>
  [...(asked.get(TYPE_URL.virtualHost) ?? [])].sort();

describe("what a client asks for", () => {
  test("is what it subscribed to, on any request, and did not unsubscribe from", () => {
    const asked = after({ names: ["a", "b"] }, { names: ["c"] }, { unsubscribed: ["b", "x"] });
    expect(namesOf(asked)).toEqual(["a", "c"]);
  });

  test("is also what it said that it holds", () => {
    expect(namesOf(after({ names: ["*", "a"], held: () => ["b"] }))).toEqual(["*", "a", "b"]);
  });

  test("is the same object as long as nothing is new", () => {
    const asked = after({ names: ["a"] });
    expect(withRequest(asked, request({ names: ["a"], nonce: "1" }), TYPES)).toBe(asked);
  });

  test("is not kept of other types", () => {
    expect(after({ names: ["a"], typeUrl: TYPE_URL.cluster })).toBe(NOTHING_ASKED);
  });
});
