/** Whether a set of keys has signed a token (RFC 7515, RFC 7518). */
import {
  constants,
  createHmac,
  createPublicKey,
  type JsonWebKey,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { memberOf } from "../../base/member-of.js";

/** A token as far as its signature goes. */
export interface SignedToken {
  /** As RFC 7518 calls it: `ES256`. */
  readonly algorithm: string;
  /** The key that it names; absent when it names none. */
  readonly keyId?: string;
  readonly signed: string;
  readonly signature: Buffer;
}

interface Jwk extends JsonWebKey {
  readonly kid?: string;
  readonly alg?: string;
}

/** Whether one of the keys of a set (RFC 7517) has signed it. A key of another id than the token names is not asked. */
export function isSignedBy(token: SignedToken, keySet: string): boolean {
  const { keys = [] } = JSON.parse(keySet) as { readonly keys?: readonly Jwk[] };
  const { keyId, algorithm } = token;
  const isFor = ({ kid, alg }: Jwk): boolean =>
    (keyId === undefined || kid === undefined || kid === keyId) &&
    (alg === undefined || alg === algorithm);
  return keys.filter(isFor).some((key) => isSigned(token, key));
}

/** A key that does not go with the algorithm has signed nothing. */
function isSigned(token: SignedToken, jwk: Jwk): boolean {
  const [, family = "", bits = ""] =
    /^(RS|PS|ES|HS|EdDSA)(256|384|512)?$/.exec(token.algorithm) ?? [];
  try {
    return memberOf(FAMILIES, family)?.(token, jwk, `sha${bits}`) ?? false;
  } catch {
    return false;
  }
}

type Check = (token: SignedToken, jwk: Jwk, hash: string) => boolean;

/** The algorithms that Envoy knows, by what their names begin with. */
const FAMILIES: Readonly<Record<string, Check>> = {
  RS: byPublicKey({}),
  PS: byPublicKey({
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }),
  ES: byPublicKey({ dsaEncoding: "ieee-p1363" }),
  EdDSA: ({ signed, signature }, jwk) =>
    verify(null, Buffer.from(signed), createPublicKey({ key: jwk, format: "jwk" }), signature),
  HS: ({ signed, signature }, { k = "" }, hash) => {
    const wanted = createHmac(hash, Buffer.from(k, "base64url")).update(signed).digest();
    return wanted.length === signature.length && timingSafeEqual(wanted, signature);
  },
};

function byPublicKey(how: object): Check {
  return ({ signed, signature }, jwk, hash) => {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify(hash, Buffer.from(signed), { key, ...how }, signature);
  };
}
