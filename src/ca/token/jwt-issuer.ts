/** Issuers of JSON Web Tokens that are taken as a proof of identity, and where their keys are. */
import { readFile, stat } from "node:fs/promises";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import type { WorkloadClaims } from "./jwt-claims.js";

/** See the top of this file. */
export interface JwtIssuer {
  /** What the token's `iss` has to be. */
  readonly issuer: string;
  /** Of which the token's `aud` has to name one. */
  readonly audiences: readonly string[];
  readonly keys: JwtKeys;
  /** Of which namespaces it may name workloads; all when absent. */
  readonly namespaces?: readonly string[];
  /** Which claims name the workload; the subject does when absent. */
  readonly workload?: WorkloadClaims;
}

/** Where keys are: a JSON Web Key Set as text, in a file that may change, or behind a URL. RFC 7517, section 5. */
export type JwtKeys =
  | { readonly jwks: string }
  | { readonly jwksFile: string }
  | { readonly jwksUri: string };

/** An issuer's keys cannot be had. */
export class JwtKeysError extends Error {
  readonly code = "jwt-keys";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "JwtKeysError";
  }
}

const MAX_BYTES = 1024 * 1024;
const FETCH_MS = 5000;

/** Finds the key of a token; throws a JwtKeysError when there are none to look among. */
export function keyFinder(keys: JwtKeys): JWTVerifyGetKey {
  if ("jwks" in keys) {
    const set = keySet(keys.jwks, "jwks");
    return (...token) => set(...token);
  }
  if ("jwksUri" in keys) {
    return createRemoteJWKSet(new URL(keys.jwksUri), { timeoutDuration: FETCH_MS });
  }
  return keysOfFile(keys.jwksFile);
}

/** Reads the file again whenever it is another one than before. */
function keysOfFile(path: string): JWTVerifyGetKey {
  let last: { readonly version: string; readonly set: JWTVerifyGetKey } | undefined;
  return async (...token) => {
    const version = await versionOf(path);
    if (last?.version !== version) last = { version, set: keySet(await textOf(path), path) };
    return last.set(...token);
  };
}

async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    if (size > MAX_BYTES) throw new JwtKeysError(`${path} has more than ${MAX_BYTES} bytes`);
    return [ino, size, mtimeMs].join(" ");
  } catch (cause) {
    if (cause instanceof JwtKeysError) throw cause;
    throw new JwtKeysError(`${path} cannot be read`, { cause });
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new JwtKeysError(`${path} cannot be read`, { cause });
  }
}

function keySet(text: string, where: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch (cause) {
    throw new JwtKeysError(`${where} is no JSON Web Key Set`, { cause });
  }
}
