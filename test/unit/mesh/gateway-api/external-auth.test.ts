import fc from "fast-check";
import { expect, test } from "vitest";
import {
  authorizerOfText,
  textOfAuthorizer,
} from "../../../../src/mesh/gateway-api/external-auth.js";

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
