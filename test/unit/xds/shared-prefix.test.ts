/** What clients of different tables are told alike: the base of their tables, once made and encoded. */

import { expect, test } from "vitest";
import type { ResourceTable } from "../../../src/xds/resource.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { createSharedPlanner } from "../../../src/xds/state/response/shared-planner.js";
import { type Asked, subscription } from "../../../src/xds/state/subscription/subscription.js";
import { encodeResponse } from "../../../src/xds/wire/encode-response.js";
import { resource, tableOf } from "./conversation.js";

const BASE = tableOf(["A@1", "B@1", "C@1"]);

/** The base, and some more. */
const extended = (...more: readonly string[]): ResourceTable => BASE.extended(tableOf(more));

const NEW: Asked = { typeUrl: TYPE_URL.cluster, style: "delta", wildcard: true };

function payloadFor(
  planner: ReturnType<typeof createSharedPlanner>,
  table: ResourceTable,
  asked = NEW,
) {
  const { payload } = planner.plan(subscription(asked), table);
  if (payload === undefined) throw new Error("nothing to tell");
  return payload;
}

const bytesOf = (payload: ReturnType<typeof payloadFor>): Buffer => {
  const style = "delta";
  const response = {
    typeUrl: TYPE_URL.cluster,
    style,
    nonce: "1",
    payload,
    isShared: false,
  } as const;
  return Buffer.concat(encodeResponse(response).parts);
};

test("new clients of two tables on one base are told the base by one payload, and each its own behind it", () => {
  const planner = createSharedPlanner();
  const first = payloadFor(planner, extended("own@1"));
  const second = payloadFor(planner, extended("other@1", "more@1"));
  expect(first.prefix).toBeDefined();
  expect(second.prefix).toBe(first.prefix);
  expect(first.resources.map(({ name }) => name).sort()).toEqual(["A", "B", "C", "own"]);
  expect(second.changed.map(({ name }) => name).sort()).toEqual(["A", "B", "C", "more", "other"]);
});

test("a response with a shared beginning has the bytes of one that was put together alone", () => {
  const payload = payloadFor(createSharedPlanner(), extended("own@1"));
  const { prefix, ...alone } = payload;
  expect(prefix).toBeDefined();
  expect(bytesOf(payload)).toEqual(bytesOf(alone));
});

test("a table of several layers begins with the lowest", () => {
  const planner = createSharedPlanner();
  const layered = extended("own@1").extended(tableOf(["top@1"]));
  const payload = payloadFor(planner, layered);
  expect(payload.prefix).toBe(payloadFor(planner, extended("other@1")).prefix);
  expect(payload.resources.map(({ name }) => name).sort()).toEqual(["A", "B", "C", "own", "top"]);
});

test("tables with different contents have different versions", () => {
  const planner = createSharedPlanner();
  const versions = [["own@1"], ["own@2"], ["other@1"]].map(
    (more) => payloadFor(planner, extended(...more)).version,
  );
  expect(new Set(versions).size).toBe(3);
});

test("clients of two tables on one base are told by one payload of what changes in the base", () => {
  const planner = createSharedPlanner();
  const changed = BASE.with("B", resource("B@2"));
  const [first, second] = ["own@1", "other@1"].map((text) => {
    const own = tableOf([text]);
    return payloadFor(planner, changed.extended(own), { ...NEW, held: BASE.extended(own) });
  });
  expect(first?.resources.map(({ version }) => version)).toEqual(["2"]);
  expect(second).toBe(first);
  expect(second?.serial).toBeDefined();
});

test("a client whose own part changes with the base is told of both", () => {
  const table = BASE.with("B", resource("B@2")).extended(tableOf(["own@2"]));
  const payload = payloadFor(createSharedPlanner(), table, { ...NEW, held: extended("own@1") });
  expect(payload.changed.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([
    "B@2",
    "own@2",
  ]);
});

test("what a client asks for is found in every layer", () => {
  const own = tableOf(["own@1"]);
  const asked = { ...NEW, held: BASE.extended(own), answersDue: new Set(["own", "A", "none"]) };
  const payload = payloadFor(createSharedPlanner(), BASE.extended(own), asked);
  expect(payload.changed.map(({ name }) => name).sort()).toEqual(["A", "own"]);
  expect(payload.removed).toEqual(["none"]);
});

test("a client that holds the base is told the rest alone", () => {
  const payload = payloadFor(createSharedPlanner(), extended("own@1"), { ...NEW, held: BASE });
  expect(payload.resources.map(({ name }) => name)).toEqual(["own"]);
});

test.each<readonly [what: string, asked: Asked]>([
  ["asks by name", { ...NEW, wildcard: false, names: new Set(["A"]) }],
  ["speaks state of the world", { ...NEW, style: "complete" }],
  ["asked for something by name too", { ...NEW, answersDue: new Set(["A"]) }],
])("a client that %s is told by a payload without a shared beginning", (_what, asked) => {
  const { payload } = createSharedPlanner().plan(subscription(asked), extended("own@1"));
  expect(payload?.prefix).toBeUndefined();
});
