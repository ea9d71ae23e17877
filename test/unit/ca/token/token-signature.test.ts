import { type CryptoKey, exportJWK, generateKeyPair, generateSecret, SignJWT } from "jose";
import { expect, test } from "vitest";
import { isSignedBy } from "../../../../src/ca/token/token-signature.js";
import { readToken, type Token } from "../../../../src/simulator/access/token.js";

interface Signer {
  readonly keySet: string;
  sign(keyId?: string): Promise<Token>;
}

/** A signer with a key of its own, `key-1` in its set. */
async function signer(algorithm: string): Promise<Signer> {
  const secret = algorithm.startsWith("HS")
    ? ((await generateSecret(algorithm, { extractable: true })) as CryptoKey)
    : undefined;
  const pair = secret ?? (await generateKeyPair(algorithm, { extractable: true }));
  const [privateKey, publicKey] =
    "privateKey" in pair ? [pair.privateKey, pair.publicKey] : [pair, pair];
  const jwk = { ...(await exportJWK(publicKey)), kid: "key-1" };
  return {
    keySet: JSON.stringify({ keys: [jwk] }),
    sign: async (kid = "key-1") => {
      const header = { alg: algorithm, kid };
      const text = await new SignJWT({ sub: "a" }).setProtectedHeader(header).sign(privateKey);
      return readToken(text)!;
    },
  };
}

test.each(["RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA", "HS256"])(
  "a token signed by %s is known by the key that signed it, and by no other",
  async (algorithm) => {
    const [one, other] = await Promise.all([signer(algorithm), signer(algorithm)]);
    const token = await one.sign();
    expect(isSignedBy(token, one.keySet)).toBe(true);
    expect(isSignedBy(token, other.keySet)).toBe(false);
    expect(isSignedBy({ ...token, signed: `${token.signed}A` }, one.keySet)).toBe(false);
  },
);

test("a key of another id, or of another kind, has not signed it", async () => {
  const [curve, rsa] = await Promise.all([signer("ES256"), signer("RS256")]);
  expect(isSignedBy(await curve.sign("key-2"), curve.keySet)).toBe(false);
  expect(isSignedBy(await curve.sign(), rsa.keySet)).toBe(false);
  expect(isSignedBy({ ...(await curve.sign()), algorithm: "none" }, curve.keySet)).toBe(false);
});

test("what is no token is not read", () => {
  for (const text of ["", "a.b.c", "e30.e30", "e30.e30.e30.e30", `${btoa("[]")}.e30.e30`]) {
    expect(readToken(text), text).toBeUndefined();
  }
});
