/** Issuers of tokens (JWT), with their keys. */
import { generateKeyPairSync, sign } from "node:crypto";

/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** An issuer with one key. */
export interface TokenIssuer {
  readonly name: string;
  /** Its public key, as a set (RFC 7517). */
  readonly jwks: string;
  /** A token of these claims; it is of this issuer and good for an hour unless they say otherwise. */
  issue(claims?: Claims): string;
}

const HOUR_S = 3600;

/** Makes an issuer with a key of its own (ES256). */
export function createIssuer(name: string, keyId = "key-1"): TokenIssuer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: keyId, alg: "ES256", use: "sig" };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    name,
    jwks: JSON.stringify({ keys: [jwk] }),
    issue: (claims = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const body = { iss: name, sub: "someone", iat: now, exp: now + HOUR_S, ...claims };
      const signed = `${part({ alg: "ES256", typ: "JWT", kid: keyId })}.${part(body)}`;
      const key = { key: privateKey, dsaEncoding: "ieee-p1363" as const };
      return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
    },
  };
}
