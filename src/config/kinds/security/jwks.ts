import { createPublicKey, type JsonWebKey } from "node:crypto";
import { parseJson } from "../../../base/parse-json.js";
import { urlProblem } from "../value/urls.js";

/** Shorter ones protect nothing. */
const MIN_RSA_BITS = 1024;

/** Why a text is no address of a JSON Web Key Set: an `http` or `https` URL. */
export function jwksUriProblem(uri: string): string | undefined {
  if (!/^https?:\/\/./i.test(uri))
    return `"${uri}" is no URL: it has to begin with http:// or https://`;
  return urlProblem(uri);
}

/** Why a text is no JSON Web Key Set, nor a single key (RFC 7517). */
export function jwksProblem(text: string): string | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return 'the key set is no JSON object: {"keys": [...]}';
  }
  const keys: unknown = "keys" in value ? value.keys : [value];
  if (!Array.isArray(keys)) return "keys of the key set has to be a list";
  const wrong = keys.findIndex((key) => !isKey(key));
  if (wrong < 0) return undefined;
  return `key ${wrong} of the key set is no JWK: it needs a kty, and what that type has (RSA: n, e; EC: crv, x, y)`;
}

/** What a key of each type has at least (RFC 7518, section 6; RFC 8037, section 2). */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
  oct: ["k"],
};

function isKey(key: unknown): key is JsonWebKey {
  if (typeof key !== "object" || key === null || !("kty" in key)) return false;
  const type = String(key.kty);
  return Object.hasOwn(MEMBERS, type) && (MEMBERS[type] ?? []).every((name) => isMember(key, name));
}

/** Whether a key has a member that is base64, of either alphabet, if of nothing; the name of a curve is such a text too. */
function isMember(key: object, name: string): boolean {
  const value: unknown = name in key ? (key as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === "string" && /^[-\w+/]*={0,2}$/.test(value);
}

/**
 * A key set as Envoy takes it: the keys of a text that `jwksProblem` lets pass which can check signatures, for one that
 * cannot would have Envoy refuse all. Undefined when there is none.
 */
export function usableKeySet(text: string): string | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return undefined;
  const keys: unknown = "keys" in value ? value.keys : [value];
  const usable = Array.isArray(keys) ? keys.filter(isUsable) : [];
  return usable.length === 0 ? undefined : JSON.stringify({ keys: usable });
}

function isUsable(key: unknown): boolean {
  if (!isKey(key)) return false;
  const { kty, k } = key;
  if (kty === "oct") return typeof k === "string" && /^[-\w]+$/.test(k);
  try {
    const { asymmetricKeyDetails: details } = createPublicKey({ key, format: "jwk" });
    return kty !== "RSA" || (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}
