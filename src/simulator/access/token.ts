/** JSON Web Tokens as they come with requests (RFC 7515, RFC 7519). */
import { isMap } from "../../base/is-map.js";

/** What a token says, before anyone has checked who says it. */
export interface Token {
  readonly text: string;
  readonly algorithm: string;
  /** Which key of the issuer it is signed with; absent when it does not say. */
  readonly keyId?: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The claims as they stand in the token: base64url of JSON. */
  readonly payload: string;
  readonly signed: string;
  readonly signature: Buffer;
}

/** Reads a token; undefined when it is none. */
export function readToken(text: string): Token | undefined {
  const [head = "", body = "", signature = "", ...others] = text.split(".");
  const [header, claims] = [readObject(head), readObject(body)];
  if (header === undefined || claims === undefined || others.length > 0) return undefined;
  const { alg, kid } = header;
  if (typeof alg !== "string") return undefined;
  return {
    text,
    algorithm: alg,
    ...(typeof kid === "string" ? { keyId: kid } : {}),
    claims,
    payload: body,
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, "base64url"),
  };
}

function readObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What it takes to judge a token beside the configuration. */
export interface TokenJudge {
  /** Now, in seconds since 1970. */
  readonly now: number;
  /** Whether one of the keys of a set (RFC 7517) has signed it. */
  readonly isSignedBy: (token: Token, keySet: string) => boolean;
}
