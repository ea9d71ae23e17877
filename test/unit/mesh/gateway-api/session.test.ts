import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type SessionState,
  sessionsAnnotation,
  sessionsOf,
} from "../../../../src/mesh/gateway-api/session.js";

const resource = (annotations: Readonly<Record<string, string>>) => ({
  metadata: { name: "a", namespace: "b", labels: {}, annotations },
});

const STATES: readonly (SessionState | undefined)[] = [
  undefined,
  { type: "cookie", name: "a", path: "/" },
  { type: "cookie", name: "b", path: "/b", ttl: "1h" },
  { type: "header", name: "x-c" },
];

test("the sessions of routes are read as they were told of", () => {
  expect(sessionsOf(resource(sessionsAnnotation(STATES)))).toEqual(STATES);
  expect(sessionsAnnotation([undefined, undefined])).toEqual({});
  expect(sessionsOf(resource({}))).toEqual([]);
});

test("whatever a file has in that annotation, it is read", () => {
  const [name = ""] = Object.keys(sessionsAnnotation(STATES));
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(sessionsOf(resource({ [name]: text }))).toHaveLength(text.split("\n").length);
    }),
  );
});
