/** Clients that come back: what they say that they hold, and how they are recognised by it. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { versionsOf } from "../../../src/xds/state/request/initial-versions.js";
import { createKnownTables } from "../../../src/xds/state/request/known-tables.js";
import { type Held, UNKNOWN_VERSION } from "../../../src/xds/state/subscription/held.js";
import { decodeDeltaRequest } from "../../../src/xds/wire/decode-request.js";
import { resource, tableOf } from "./conversation.js";

const KEEP_MS = 60_000;

/** Known tables, and the time at which they are forgotten. */
function knownTables() {
  const due: { readonly ms: number; readonly call: () => void }[] = [];
  const known = createKnownTables(7, {
    after: (ms, call) => {
      due.push({ ms, call });
      return () => undefined;
    },
  });
  return { known, due };
}

const varint = (value: number): readonly number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];

const field = (number: number, content: Buffer): Buffer =>
  Buffer.from([(number << 3) | 2, ...varint(content.length), ...content]);

const entry = (name: string, version: string): Buffer =>
  Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(version))]);

/** What a client says that comes back with these entries, as it stands on the wire. */
function said(...entries: readonly Buffer[]) {
  const message = Buffer.concat([
    field(2, Buffer.from(TYPE_URL.cluster)),
    ...entries.map((one) => field(5, one)),
  ]);
  return decodeDeltaRequest(message).request.initialVersions;
}

const saidOf = (table: Table<Held>) =>
  said(
    ...[...table].map(([name, held]) => entry(name, typeof held === "symbol" ? "" : held.version)),
  );

const CURRENT = tableOf(["A@1", "B@1"]);

test("a client that holds all of the current table is recognised, whatever the order", () => {
  const { known } = knownTables();
  const held = said(entry("B", "1"), entry("A", "1"));
  expect(held.size).toBe(2);
  expect(known.find(held, CURRENT)).toBe(CURRENT);
});

test("a client that holds an earlier table is recognised while that is kept", () => {
  const { known, due } = knownTables();
  const before = tableOf(["A@1", "B@0"]);
  const held = saidOf(before);
  expect(known.find(held, CURRENT)).toBeUndefined();
  known.keep(before);
  expect(known.find(held, CURRENT)).toBe(before);
  expect(due.map(({ ms }) => ms)).toEqual([KEEP_MS]);
  due[0]?.call();
  expect(known.find(held, CURRENT)).toBeUndefined();
});

test.each([
  ["less", [entry("A", "1")]],
  ["more", [entry("A", "1"), entry("B", "1"), entry("C", "1")]],
  ["another version", [entry("A", "1"), entry("B", "2")]],
  ["something twice", [entry("A", "1"), entry("A", "1")]],
  ["names and versions cut elsewhere", [entry("A", "1"), entry("", "B1")]],
])("a client that holds %s is not taken for one that holds the table", (_what, entries) => {
  expect(knownTables().known.find(said(...entries), CURRENT)).toBeUndefined();
});

test("a table of which not all contents are known is not kept", () => {
  const { known, due } = knownTables();
  known.keep((CURRENT as Table<Held>).with("B", UNKNOWN_VERSION));
  expect(due).toEqual([]);
});

test("entries that are written in no usual way are read, and not recognised", () => {
  const versionFirst = Buffer.concat([field(2, Buffer.from("1")), field(1, Buffer.from("A"))]);
  const held = said(versionFirst, entry("B", "1"));
  expect(held.entries()).toEqual(
    new Map([
      ["B", "1"],
      ["A", "1"],
    ]),
  );
  expect(knownTables().known.find(held, CURRENT)).toBeUndefined();
});

test("an entry that is longer than its message is none", () => {
  const whole = Buffer.concat([field(2, Buffer.from("x")), field(5, entry("A", "1"))]);
  expect(() => decodeDeltaRequest(whole.subarray(0, whole.length - 1))).toThrow(
    "DeltaDiscoveryRequest",
  );
});

test("what is read one by one is what stands there, and a table is recognised if and only if it is that", () => {
  const names = fc.dictionary(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("0", "1", "a", "f") }),
    { maxKeys: 8 },
  );
  fc.assert(
    fc.property(names, names, (held, other) => {
      const table = (versions: Readonly<Record<string, string>>) =>
        Table.from(
          Object.entries(versions).map(
            ([name, version]) => [name, { ...resource("x@"), name, version }] as const,
          ),
        );
      const here = said(...Object.entries(held).map(([name, version]) => entry(name, version)));
      expect(here.entries()).toEqual(new Map(Object.entries(held)));
      const { known } = knownTables();
      const isSame = JSON.stringify(table(held).sorted()) === JSON.stringify(table(other).sorted());
      expect(known.find(here, table(other)) !== undefined).toBe(isSame);
      const extended = table(held).extended(table({ "a name of more": "1" }));
      expect(known.find(saidOf(extended), extended)).toBe(extended);
    }),
  );
});

test("versions that are given as a map have no digest", () => {
  expect(versionsOf(new Map([["A", "1"]])).digest(7)).toBeUndefined();
});
