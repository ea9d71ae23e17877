/** What is sent in the place of what Envoy would refuse. */
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { createLastGood } from "../../../src/envoy/resource/last-good.js";
import type { EnvoyResource } from "../../../src/envoy/resource/resource-set.js";

const row = (version: string, isRefused = false): EnvoyResource => ({
  name: "a",
  version,
  bytes: Buffer.from(version),
  ...(isRefused ? { refusal: { reason: "no", violations: [], sources: [] } } : {}),
});

const tableOf = (one: EnvoyResource): Table<EnvoyResource> => Table.from([[one.name, one]]);

test.each([true, false])("the last row that was not refused stays, with memo %s", (memo) => {
  const sift = createLastGood(new Engine({ memo }));
  const [good, refused] = [row("1"), row("2", true)];
  expect(sift(tableOf(good)).sent.get("a")).toBe(good);
  const sifted = sift(tableOf(refused));
  expect(sifted.sent.get("a")).toBe(good);
  expect(sifted.refused.get("a")).toBe(refused);
  expect(sift(tableOf(row("3", true))).sent.get("a")).toBe(good);
  const mended = row("4");
  expect(sift(tableOf(mended)).sent.get("a")).toBe(mended);
});

test("what never was in order is not sent, and stands for what somebody may have from before", () => {
  const sift = createLastGood(new Engine());
  const refused = row("1", true);
  const { sent, withheld } = sift(tableOf(refused));
  expect(sent.size).toBe(0);
  expect(withheld.get("a")).toBe(refused);
  expect(sift(tableOf(row("2"))).withheld.size).toBe(0);
  expect(sift(tableOf(row("3", true))).withheld.size).toBe(0);
});

test("what is only supposed is no history: it is never sent in the place of what is refused", () => {
  const engine = new Engine();
  const sift = createLastGood(engine);
  const [good, refused, mended] = [row("1"), tableOf(row("2", true)), row("3")];
  sift(tableOf(good));
  sift(refused);
  const branch = engine.branch();
  expect(branch(() => sift(tableOf(mended)).sent.get("a"))).toBe(mended);
  expect(sift(refused).sent.get("a")).toBe(good);
  expect(sift(tableOf(row("4", true))).sent.get("a")).toBe(good);
  expect(branch(() => sift(refused).sent.get("a"))).toBe(mended);
});
