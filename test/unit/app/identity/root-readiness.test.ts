import { expect, test } from "vitest";
import { type ReadinessFacts, rootReadiness } from "../../../../src/app/identity/root-readiness.js";

const ROOTS = { name: "ROOTCA", version: "new" };
const secret = (name: string, version: string) => ({ name, version, bytes: Buffer.alloc(0) });

/** Streams by name, each `proxy` and the version of the roots that it has accepted. */
function factsOf(
  streams: readonly (readonly [string, string | undefined])[],
  members: readonly string[],
): ReadinessFacts {
  return {
    streams: streams.map(([session], index) => ({ stream: String(index), session })),
    accepted: (stream) => {
      const version = streams[Number(stream)]?.[1];
      const certificate = secret("default", "new");
      return version === undefined ? [certificate] : [certificate, secret("ROOTCA", version)];
    },
    members,
    roots: ROOTS,
  };
}

test("proxies that have accepted all roots trust them, those with older ones are waited for", () => {
  const streams = [
    ["a.default", "new"],
    ["b.default", "old"],
  ] as const;
  expect(rootReadiness(factsOf(streams, ["a.default", "b.default"]))).toEqual({
    trusting: 1,
    waiting: ["b.default"],
    unseen: 0,
  });
});

test("a proxy that left a moment ago is waited for", () => {
  expect(rootReadiness(factsOf([], ["a.default"]))).toMatchObject({ waiting: ["a.default"] });
});

test("a proxy that has its roots from elsewhere cannot be seen", () => {
  const streams = [["a.default", undefined]] as const;
  expect(rootReadiness(factsOf(streams, ["a.default"]))).toEqual({
    trusting: 0,
    waiting: [],
    unseen: 1,
  });
});

test("of the streams of one proxy the one with older roots counts", () => {
  const streams = [
    ["a.default", "new"],
    ["a.default", undefined],
    ["b.default", "new"],
    ["b.default", "old"],
  ] as const;
  expect(rootReadiness(factsOf(streams, ["a.default", "b.default"]))).toEqual({
    trusting: 1,
    waiting: ["b.default"],
    unseen: 0,
  });
});

test("who has proved nothing is not asked", () => {
  expect(rootReadiness(factsOf([["a.default", "old"]], []))).toMatchObject({ waiting: [] });
});
