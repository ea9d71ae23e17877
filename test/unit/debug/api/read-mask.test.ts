import { expect, test } from "vitest";
import { masked } from "../../../../src/debug/api/read-mask.js";

const PROXY = {
  id: "payments-0.default",
  labels: { app: "payments", version: "v1" },
  types: [
    { shortName: "CDS", lastRefusal: { error: "no", names: ["a", "b"] } },
    { shortName: "LDS", status: "SYNCED" },
  ],
};

test.each([
  ["id", { id: "payments-0.default" }],
  ["id,identity", { id: "payments-0.default" }],
  ["types.shortName", { types: [{ shortName: "CDS" }, { shortName: "LDS" }] }],
  ["types.lastRefusal.names", { types: [{ lastRefusal: { names: ["a", "b"] } }, {}] }],
  ["types,types.shortName", { types: PROXY.types }],
  ["labels.app", { labels: { app: "payments" } }],
  ["id.more", { id: "payments-0.default" }],
])("a mask %s leaves what it names", (mask, left) => {
  expect(masked(PROXY, mask)).toEqual(left);
});

test("a mask without paths leaves all", () => {
  expect(masked(PROXY, "")).toEqual(PROXY);
});
