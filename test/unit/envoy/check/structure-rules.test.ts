import { describe, expect, test } from "vitest";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import { refusals } from "./api.js";
import { REFUSED, TAKEN } from "./cases.js";

describe("a resource that Envoy refuses", () => {
  test.each(REFUSED)("is found: $what", ({ type, json, because }) => {
    expect(refusals(type, json)).toEqual([expect.stringContaining(because)]);
  });
});

describe("a resource that Envoy takes", () => {
  test.each(TAKEN)("has nothing found in it: $what", ({ type, json }) => {
    expect(refusals(type, json)).toEqual([]);
  });
});

test("what is found says what is there and what would be right", () => {
  const match = { safeRegex: { regex: "/é(" } };
  const json = { name: "v", domains: ["*"], routes: [{ match, route: { cluster: "c" } }] };
  expect(refusals(MESSAGE.virtualHost, json)).toEqual([
    'routes[0].match.safe_regex.regex: "/é(" is no RE2 regular expression: missing closing ): `/é(`',
  ]);
});

test("all that is wrong with a resource is found", () => {
  expect(refusals(MESSAGE.cluster, { lbPolicy: "CLUSTER_PROVIDED", dnsJitter: "-1s" })).toEqual([
    "lb_policy: must not be CLUSTER_PROVIDED for this type of cluster",
    'name: "" must not be empty',
    'dns_jitter: "-1s" must not be negative',
  ]);
});
