/** An issuer of JSON Web Tokens, for tests. */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

/** See the top of this file. */
export interface MadeIssuer {
  /** Its JSON Web Key Set, as text. */
  readonly jwks: string;
  /** A token with these claims; good for a minute unless they say otherwise. */
  readonly sign: (claims?: JWTPayload) => Promise<string>;
}

export const ISSUER = "https://issuer.example.com";
export const AUDIENCE = "fairlead";
export const PAYMENTS_SUBJECT = "system:serviceaccount:default:payments";
const ALGORITHM = "ES256";

/** An issuer with a key of its own. */
export async function makeIssuer(keyId = "one"): Promise<MadeIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: keyId, alg: ALGORITHM };
  return {
    jwks: JSON.stringify({ keys: [key] }),
    sign: (claims = {}) => {
      const exp = Math.floor(Date.now() / 1000) + 60;
      const standard = { iss: ISSUER, aud: AUDIENCE, sub: PAYMENTS_SUBJECT, exp };
      return new SignJWT({ ...standard, ...claims })
        .setProtectedHeader({ alg: ALGORITHM, kid: keyId })
        .sign(privateKey);
    },
  };
}
