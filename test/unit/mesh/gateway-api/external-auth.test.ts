import fc from "fast-check";
import { expect, test } from "vitest";
import {
  authorizerOfText,
  authorizersAnnotation,
  authorizersOf,
  textOfAuthorizer,
} from "../../../../src/mesh/gateway-api/external-auth.js";

const resource = (annotations: Readonly<Record<string, string>>) => ({
  metadata: { name: "a", namespace: "b", labels: {}, annotations },
});

const name = fc.stringMatching(/^[a-z][-a-z0-9]{0,8}$/);
const ANY = fc.record(
  {
    protocol: fc.constantFrom("http" as const, "grpc" as const),
    hostname: name,
    port: fc.integer({ min: 1, max: 65535 }),
    path: fc.string({ minLength: 1 }),
    told: fc.array(name),
    taken: fc.array(name),
    maxBody: fc.integer({ min: 1, max: 65535 }),
  },
  { requiredKeys: ["protocol", "hostname", "port", "told", "taken"] },
);

test("an authorizer is read as it was told of", () => {
  fc.assert(
    fc.property(ANY, (authorizer) => {
      expect(authorizerOfText(textOfAuthorizer(authorizer))).toEqual(authorizer);
    }),
  );
});

test("the authorizers of routes are read as they were told of", () => {
  const all = [
    undefined,
    { protocol: "grpc", hostname: "a", port: 1, told: [], taken: [] },
  ] as const;
  expect(authorizersOf(resource(authorizersAnnotation(all)))).toEqual(all);
  expect(authorizersAnnotation([undefined, undefined])).toEqual({});
  expect(authorizersOf(resource({}))).toEqual([]);
});

test("whatever a file has in that annotation, it is read", () => {
  const [key = ""] = Object.keys(
    authorizersAnnotation([{ protocol: "http", hostname: "a", port: 1, told: [], taken: [] }]),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(authorizersOf(resource({ [key]: text }))).toHaveLength(text.split("\n").length);
    }),
  );
});
