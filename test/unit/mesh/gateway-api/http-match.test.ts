import { expect, test } from "vitest";
import type { HTTPMatchRequest } from "../../../../src/config/kinds/networking/virtual-service/http-match.js";
import { compareMatches } from "../../../../src/mesh/gateway-api/http-match.js";

const HEADER = { "x-a": { exact: "b" } };

/** In the order in which they have to come. */
const ORDERED: readonly HTTPMatchRequest[] = [
  { uri: { exact: "/longer" } },
  { uri: { exact: "/a" } },
  { uri: { prefix: "/longest" } },
  { uri: { prefix: "/a" }, method: { exact: "GET" } },
  { uri: { prefix: "/a" }, headers: { ...HEADER, "x-c": { exact: "d" } } },
  { uri: { prefix: "/a" }, headers: HEADER, queryParams: { q: { exact: "1" } } },
  { uri: { prefix: "/a" }, headers: HEADER },
  { uri: { prefix: "/a" }, queryParams: { q: { exact: "1" } } },
  { uri: { prefix: "/a" } },
  { uri: { prefix: "/" }, headers: HEADER },
  { uri: { regex: "/.*/longer" } },
  { uri: { regex: "/.*" } },
  // Calls of gRPC of any method.
  { headers: HEADER },
  { uri: { prefix: "/" } },
];

test("matches come in the order of the Gateway API, those of every request last", () => {
  expect([...ORDERED].reverse().sort(compareMatches)).toEqual(ORDERED);
});

test("matches that say as much keep their order", () => {
  const equal: HTTPMatchRequest[] = ["/a", "/b"].map((prefix) => ({ uri: { prefix } }));
  expect([...equal].sort(compareMatches)).toEqual(equal);
  expect([...equal].reverse().sort(compareMatches)).toEqual([...equal].reverse());
});
