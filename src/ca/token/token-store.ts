/**
 * Join tokens as files, because those who make them and the server that takes them are different processes.
 *
 * `tokens/<id>.json` says what a token is good for and is never changed. Each use is a file of its own,
 * `tokens/<id>.use-<n>`, made only if it is not there: whoever makes it has the use, so that of two at once exactly one wins,
 * in whatever process, and a use that was taken stays taken whatever happens next.
 */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import { StateFileError, TokenRequestError } from "../ca-error.js";
import {
  createPrivateFile,
  makePrivateDirectory,
  readPrivateFile,
  removePrivateFile,
} from "../private-file.js";
import type { Redacted } from "../redacted.js";
import {
  formatJoinToken,
  hashJoinToken,
  isTokenId,
  newJoinToken,
  parseJoinToken,
  sameHash,
} from "./join-token.js";

/** Where tokens are kept, and the time. */
export interface TokenStore {
  readonly directory: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a token is to be good for. */
export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly ttlMs: number;
  /** From 1 to 1000. */
  readonly uses: number;
  /** The labels that its bearer may claim, and no others; any when absent. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A token as everyone may see it. */
export interface JoinToken {
  readonly id: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly uses: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A token and what is left of it. */
export interface ListedToken extends JoinToken {
  readonly usesLeft: number;
}

/** Why a token was not taken. For the log; the peer is not told which. */
export type TokenRefusal = "malformed" | "unknown" | "wrong-secret" | "expired" | "used-up";

/** What became of a token that was presented. */
export type TokenUse = { readonly token: JoinToken } | { readonly refused: TokenRefusal };

/** The most uses of one token. */
const MAX_TOKEN_USES = 1000;
/** The longest life of a token: 30 days. */
const MAX_TOKEN_TTL_MS = 30 * 24 * 60 * 60 * 1000;
/** How long an expired token is still known as one. */
const REMEMBER_MS = 24 * 60 * 60 * 1000;
/** How many tokens are known that are good for nothing any more, those that were made last. */
const MAX_DEAD = 64;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** See Kubernetes, "Labels and Selectors": syntax and character set. */
const LABEL_KEY =
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;
const TOKEN_FILE = /^([a-z2-7]{10})\.json$/;
const USE_FILE = /^([a-z2-7]{10})\.use-\d+$/;

/** The content of a token's file. */
const STORED_TOKEN = Type.Object(
  {
    version: Type.Literal(1),
    id: Type.String({ pattern: "^[a-z2-7]{10}$" }),
    namespace: Type.String({ pattern: NAME.source }),
    serviceAccount: Type.String({ pattern: NAME.source }),
    createdAt: Type.Number(),
    expiresAt: Type.Number(),
    uses: Type.Integer({ minimum: 1, maximum: MAX_TOKEN_USES }),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Of the whole token; see `hashJoinToken`. */
    hash: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  },
  { additionalProperties: false },
);

type StoredToken = Type.Static<typeof STORED_TOKEN>;

/**
 * Opens the tokens of a state directory; the directory is made when it is missing.
 * @throws StateFileError
 */
export async function openTokenStore(
  stateDirectory: string,
  now: () => number,
): Promise<TokenStore> {
  const directory = join(stateDirectory, "tokens");
  await makePrivateDirectory(directory);
  return { directory, now };
}

/**
 * Makes a token. Its text is in the result and nowhere else. Tokens that expired more than a day ago are forgotten, and of
 * those that have expired or are used up all but a few: so what is kept, and what it takes to make one, depends on those that are good.
 * @throws TokenRequestError, StateFileError
 */
export async function createToken(
  store: TokenStore,
  request: TokenRequest,
): Promise<{ readonly token: JoinToken; readonly text: Redacted<string> }> {
  checkRequest(request);
  const { namespace, serviceAccount, uses, ttlMs, labels } = request;
  await forgetOldTokens(store);
  const text = newJoinToken();
  const createdAt = store.now();
  const stored: StoredToken = {
    version: 1,
    id: text.id,
    namespace,
    serviceAccount,
    createdAt,
    expiresAt: createdAt + ttlMs,
    uses,
    ...(labels === undefined ? {} : { labels }),
    hash: hashJoinToken(text),
  };
  const content = `${JSON.stringify(stored, undefined, 2)}\n`;
  if (!(await createPrivateFile(tokenPath(store, text.id), content))) {
    return createToken(store, request);
  }
  return { token: publicPart(stored), text: formatJoinToken(text) };
}

function checkRequest(request: TokenRequest): void {
  const { namespace, serviceAccount, uses, ttlMs, labels = {} } = request;
  for (const [what, name] of [
    ["namespace", namespace],
    ["service account", serviceAccount],
  ] as const) {
    if (!NAME.test(name)) {
      throw new TokenRequestError(
        `${JSON.stringify(name)} is no name of a ${what}: lower-case letters, digits, dots and dashes are`,
      );
    }
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(value)) {
      throw new TokenRequestError(`${JSON.stringify(`${key}=${value}`)} is no label of Kubernetes`);
    }
  }
  if (!Number.isInteger(uses) || uses < 1 || uses > MAX_TOKEN_USES) {
    throw new TokenRequestError(`a token has 1 to ${MAX_TOKEN_USES} uses, not ${uses}`);
  }
  if (!(ttlMs > 0 && ttlMs <= MAX_TOKEN_TTL_MS)) {
    throw new TokenRequestError("a token is good for at most 30 days");
  }
}

/**
 * The tokens that are known, by time of creation. One whose file cannot be used is left out: it is good for nothing.
 * @throws StateFileError when the directory cannot be read
 */
export async function listTokens(store: TokenStore): Promise<readonly ListedToken[]> {
  return tokensNamed(store, await fileNames(store));
}

async function tokensNamed(
  store: TokenStore,
  names: readonly string[],
): Promise<readonly ListedToken[]> {
  const used = usesIn(names);
  const tokens: ListedToken[] = [];
  for (const name of names) {
    const id = TOKEN_FILE.exec(name)?.[1];
    const stored = id === undefined ? undefined : await readToken(store, id).catch(() => undefined);
    if (stored === undefined) continue;
    const usesLeft = Math.max(0, stored.uses - (used.get(stored.id)?.length ?? 0));
    tokens.push({ ...publicPart(stored), usesLeft });
  }
  return tokens.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** The files of uses, by the id of their token. */
function usesIn(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>();
  for (const name of names) {
    const id = USE_FILE.exec(name)?.[1];
    if (id === undefined) continue;
    const known = uses.get(id);
    if (known === undefined) uses.set(id, [name]);
    else known.push(name);
  }
  return uses;
}

/**
 * Makes a token worthless; false when there is none of that id. Who has joined by it stays.
 * @throws StateFileError
 */
export async function revokeToken(store: TokenStore, id: string): Promise<boolean> {
  if (!isTokenId(id)) return false;
  const removed = await removePrivateFile(tokenPath(store, id));
  await removeUses(store, usesIn(await fileNames(store)).get(id) ?? []);
  return removed;
}

/**
 * Takes one use of a token.
 * @throws StateFileError when its file cannot be trusted
 */
export async function consumeToken(store: TokenStore, text: string): Promise<TokenUse> {
  const presented = parseJoinToken(text);
  if (presented === undefined) return { refused: "malformed" };
  const stored = await readToken(store, presented.id);
  // Compared also when there is nothing to compare with, so that an unknown id takes as long as a known one.
  const same = sameHash(hashJoinToken(presented), stored?.hash ?? "00".repeat(32));
  if (stored === undefined) return { refused: "unknown" };
  if (!same) return { refused: "wrong-secret" };
  if (store.now() >= stored.expiresAt) return { refused: "expired" };
  const use = await takeUse(store, stored);
  if (use === undefined) return { refused: "used-up" };
  if ((await readToken(store, stored.id)) === undefined) {
    // Revoked meanwhile, and its uses were forgotten with it: this one may be one too many.
    await removePrivateFile(use);
    return { refused: "unknown" };
  }
  return { token: publicPart(stored) };
}

/**
 * The file of the use that was taken; undefined when none is left. Who knows a token that is used up may present it as often as
 * it likes, so nothing is written then.
 */
async function takeUse(store: TokenStore, { id, uses }: StoredToken): Promise<string | undefined> {
  const content = `${JSON.stringify({ usedAt: store.now() })}\n`;
  const taken = new Set(await fileNames(store));
  for (let use = 1; use <= uses; use++) {
    const name = `${id}.use-${use}`;
    if (taken.has(name)) continue;
    const path = join(store.directory, name);
    // Somebody else may have taken it since.
    if (await createPrivateFile(path, content)) return path;
  }
  return undefined;
}

async function readToken(store: TokenStore, id: string): Promise<StoredToken | undefined> {
  const path = tokenPath(store, id);
  const content = await readPrivateFile(path);
  if (content === undefined) return undefined;
  const stored = parseStoredToken(content.toString("utf8"));
  if (stored?.id !== id) {
    throw new StateFileError(
      "state-file-content",
      path,
      "is not what was written; remove it and make a new token",
    );
  }
  return stored;
}

function parseStoredToken(text: string): StoredToken | undefined {
  const value = parseJson(text);
  return Value.Check(STORED_TOKEN, value) ? value : undefined;
}

function publicPart({ version: _version, hash: _hash, ...token }: StoredToken): JoinToken {
  return token;
}

async function forgetOldTokens(store: TokenStore): Promise<void> {
  const names = await fileNames(store);
  const uses = usesIn(names);
  const now = store.now();
  const dead = (await tokensNamed(store, names)).filter(
    ({ expiresAt, usesLeft }) => expiresAt <= now || usesLeft === 0,
  );
  const old = dead.filter(
    ({ expiresAt }, i) => expiresAt < now - REMEMBER_MS || i < dead.length - MAX_DEAD,
  );
  for (const { id } of old) {
    await removePrivateFile(tokenPath(store, id));
    await removeUses(store, uses.get(id) ?? []);
  }
  // Of a token that is still there a list has its file, unless it is newer than the list.
  const left = new Set([...names, ...(await fileNames(store))]);
  for (const [id, files] of uses) if (!left.has(`${id}.json`)) await removeUses(store, files);
}

/** Removes uses of a token whose file is gone: as long as that is there, it could be used again without them. */
async function removeUses({ directory }: TokenStore, names: readonly string[]): Promise<void> {
  for (const name of names) await removePrivateFile(join(directory, name));
}

async function fileNames({ directory }: TokenStore): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (cause) {
    throw new StateFileError("state-file-access", directory, "cannot be listed", { cause });
  }
}

function tokenPath({ directory }: TokenStore, id: string): string {
  return join(directory, `${id}.json`);
}
