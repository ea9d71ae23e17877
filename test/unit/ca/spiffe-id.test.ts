import fc from "fast-check";
import { expect, test } from "vitest";
import { assertIdentity, formatSpiffeId, parseSpiffeId } from "../../../src/ca/spiffe-id.js";

const segment = fc
  .stringMatching(/^[A-Za-z0-9._-]{1,40}$/)
  .filter((text) => text !== "." && text !== "..");

test("what is formatted is parsed to the same identity", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9._-]{1,40}$/),
      segment,
      segment,
      (trustDomain, namespace, serviceAccount) => {
        const identity = { trustDomain, namespace, serviceAccount };
        expect(parseSpiffeId(formatSpiffeId(identity))).toEqual(identity);
      },
    ),
  );
});

test.each([
  ["another scheme", "https://cluster.local/ns/a/sa/b"],
  ["an upper-case trust domain", "spiffe://Cluster.local/ns/a/sa/b"],
  ["a port", "spiffe://cluster.local:1/ns/a/sa/b"],
  ["an empty trust domain", "spiffe:///ns/a/sa/b"],
  ["an empty segment", "spiffe://cluster.local/ns//sa/b"],
  ["a dot segment", "spiffe://cluster.local/ns/../sa/b"],
  ["a percent sign", "spiffe://cluster.local/ns/%61/sa/b"],
  ["more segments", "spiffe://cluster.local/ns/a/sa/b/c"],
  ["a trailing slash", "spiffe://cluster.local/ns/a/sa/b/"],
  ["a query", "spiffe://cluster.local/ns/a/sa/b?c"],
  ["a line feed", "spiffe://cluster.local/ns/a/sa/b\n"],
  ["another form", "spiffe://cluster.local/workload/b"],
])("%s is no identity", (_, text) => {
  expect(parseSpiffeId(text)).toBeUndefined();
});

test.each([
  ["trust domain", { trustDomain: "A" }],
  ["namespace", { namespace: "a/b" }],
  ["service account", { serviceAccount: "" }],
])("an identity with a bad %s is refused by name", (part, wrong) => {
  const identity = { trustDomain: "cluster.local", namespace: "a", serviceAccount: "b", ...wrong };
  expect(() => {
    assertIdentity(identity);
  }).toThrow(part);
});
