import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  formatJoinToken,
  newJoinToken,
  parseJoinToken,
} from "../../../../src/ca/token/join-token.js";
import {
  consumeToken,
  createToken,
  listTokens,
  openTokenStore,
  revokeToken,
  type TokenRequest,
  type TokenStore,
} from "../../../../src/ca/token/token-store.js";
import { temporaryDirectory } from "../temporary-directory.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const REQUEST: TokenRequest = {
  ...{ namespace: "default", serviceAccount: "payments" },
  ...{ ttlMs: 10 * MINUTE, uses: 1 },
};

let now: number;
let state: string;
let store: TokenStore;

beforeEach(async () => {
  now = Date.UTC(2030, 0, 1);
  state = await temporaryDirectory();
  store = await openTokenStore(state, () => now);
});

async function create(changed: Partial<TokenRequest> = {}): Promise<{ id: string; text: string }> {
  const { token, text } = await createToken(store, { ...REQUEST, ...changed });
  return { id: token.id, text: text.reveal() };
}

describe("a token", () => {
  test("is recognised by its form and has 160 secret bits", async () => {
    const { id, text } = await create();
    expect(text).toMatch(/^fairlead-[a-z2-7]{10}-[a-z2-7]{32}$/);
    expect(text.split("-")[1]).toBe(id);
  });

  test("is for the service account that it was made for", async () => {
    const { id, text } = await create();
    expect(await consumeToken(store, text)).toEqual({
      token: {
        ...{ id, namespace: "default", serviceAccount: "payments", uses: 1 },
        ...{ createdAt: now, expiresAt: now + 10 * MINUTE },
      },
    });
  });

  test("is taken as often as it has uses", async () => {
    const { text } = await create({ uses: 3 });
    const results = [];
    for (let i = 0; i < 5; i++) results.push("token" in (await consumeToken(store, text)));
    expect(results).toEqual([true, true, true, false, false]);
  });

  test("is taken by a server that was restarted, and its uses stay used", async () => {
    const { text } = await create({ uses: 2 });
    await consumeToken(store, text);
    const restarted = await openTokenStore(state, () => now);
    expect(await consumeToken(restarted, text)).toHaveProperty("token");
    expect(await consumeToken(restarted, text)).toEqual({ refused: "used-up" });
  });

  test("that is used up has nothing written, however often it is presented", async () => {
    const { text } = await create();
    await consumeToken(store, text);
    const written = async (): Promise<number> => (await stat(store.directory)).mtimeMs;
    const before = await written();
    expect(await consumeToken(store, text)).toEqual({ refused: "used-up" });
    expect(await written()).toBe(before);
  });

  test("leaves no trace of its secret on the disk", async () => {
    const { text } = await create();
    await consumeToken(store, text);
    const secret = text.split("-")[2]!;
    const directory = join(state, "tokens");
    const contents = await Promise.all(
      (await readdir(directory)).map((name) => readFile(join(directory, name), "utf8")),
    );
    expect(contents.join("")).not.toContain(secret);
    expect((await readdir(directory)).join("")).not.toContain(secret);
  });

  test("is not seen when it is printed", () => {
    const token = newJoinToken();
    const printed = inspect([token, formatJoinToken(token)], { depth: 9 }) + JSON.stringify(token);
    expect(printed).not.toContain(token.secret.reveal());
  });
});

describe("is refused, and no use is lost:", () => {
  const changedLast = (text: string): string =>
    text.slice(0, -1) + (text.endsWith("a") ? "b" : "a");

  test.each<[string, (text: string) => string]>([
    ["malformed", () => "fairlead"],
    ["malformed", (text) => text.toUpperCase()],
    ["malformed", (text) => `${text}a`],
    ["malformed", (text) => `${text}\n`],
    ["malformed", (text) => text.replace(/-.*-/, "-../../etc-")],
    ["unknown", (text) => text.replace(/-.{10}-/, "-aaaaaaaaaa-")],
    ["wrong-secret", changedLast],
  ])("%s", async (refused, change) => {
    const { text } = await create();
    expect(await consumeToken(store, change(text))).toEqual({ refused });
    expect(await consumeToken(store, text)).toHaveProperty("token");
  });

  test("expired", async () => {
    const { text } = await create();
    now += 10 * MINUTE;
    expect(await consumeToken(store, text)).toEqual({ refused: "expired" });
    now -= 1;
    expect(await consumeToken(store, text)).toHaveProperty("token");
  });

  test("unknown, when it was revoked", async () => {
    const { id, text } = await create({ uses: 5 });
    await consumeToken(store, text);
    expect(await revokeToken(store, id)).toBe(true);
    expect(await consumeToken(store, text)).toEqual({ refused: "unknown" });
    expect(await revokeToken(store, id)).toBe(false);
    expect(await readdir(join(state, "tokens"))).toEqual([]);
  });
});

describe("of several uses at once", () => {
  test("in one process, exactly as many win as there are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 8 }),
        async (uses, attempts) => {
          const { text } = await create({ uses });
          const results = await Promise.all(
            Array.from({ length: attempts }, () => consumeToken(store, text)),
          );
          const won = results.filter((use) => "token" in use).length;
          expect(won).toBe(Math.min(uses, attempts));
        },
      ),
      { numRuns: 15 },
    );
  });

  test("in several processes, exactly one wins", { timeout: 60_000 }, async () => {
    now = Date.now();
    const { text } = await create();
    const program = new URL("consume-token-process.ts", import.meta.url).pathname;
    const children = Array.from({ length: 2 }, () =>
      spawn(process.execPath, ["--import", "tsx", program, state, text, "4"], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    onTestFinished(() => {
      for (const child of children) child.kill();
    });
    const outputs = children.map(async (child) => {
      const chunks: Buffer[] = [];
      for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    });
    await Promise.all(
      children.map((child) => new Promise((resolve) => child.stdout.once("readable", resolve))),
    );
    for (const child of children) child.stdin.end();
    const results = (await Promise.all(outputs)).join("").split("\n");
    expect(results.filter((line) => line === "taken")).toHaveLength(1);
    expect(results.filter((line) => line === "used-up")).toHaveLength(7);
  });

  test("a revocation between the look at a token and its use wins", async () => {
    const { id, text } = await create();
    let looks = 0;
    const revokedMeanwhile: TokenStore = {
      ...store,
      now: () => {
        looks += 1;
        if (looks === 2) rmSync(join(state, "tokens", `${id}.json`));
        return now;
      },
    };
    expect(await consumeToken(revokedMeanwhile, text)).toEqual({ refused: "unknown" });
    expect(await readdir(join(state, "tokens"))).toEqual([]);
  });

  test("a revocation in between leaves none", async () => {
    const { id, text } = await create({ uses: 1000 });
    const consuming = Array.from({ length: 10 }, () => consumeToken(store, text));
    await revokeToken(store, id);
    await Promise.all(consuming);
    expect(await consumeToken(store, text)).toEqual({ refused: "unknown" });
  });
});

describe("the list", () => {
  test("has each token with what is left of it, the oldest first", async () => {
    const first = await create({ uses: 3 });
    now += 1;
    const second = await create({ serviceAccount: "orders" });
    await consumeToken(store, first.text);
    await consumeToken(store, second.text);
    expect(await listTokens(store)).toMatchObject([
      { id: first.id, serviceAccount: "payments", uses: 3, usesLeft: 2 },
      { id: second.id, serviceAccount: "orders", uses: 1, usesLeft: 0 },
    ]);
  });

  test("has no secrets", async () => {
    const { text } = await create();
    const printed = JSON.stringify(await listTokens(store));
    expect(printed).not.toContain(text.split("-")[2]);
    expect(printed).not.toMatch(/[0-9a-f]{64}/);
  });

  test("forgets what expired more than a day ago when a new one is made", async () => {
    await create();
    now += DAY;
    const kept = await create();
    now += 11 * MINUTE;
    const newest = await create();
    const ids = (await listTokens(store)).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set([kept.id, newest.id]));
  });
});

describe("what is kept", () => {
  const files = async (): Promise<readonly string[]> => readdir(join(state, "tokens"));

  test("of tokens that are good for nothing any more is of the last few, however many there were", async () => {
    const first = await create();
    const good = await create({ uses: 2 });
    await consumeToken(store, first.text);
    await consumeToken(store, good.text);
    let last = first;
    for (let i = 0; i < 80; i++) {
      now += 1;
      last = await create();
      await consumeToken(store, last.text);
    }
    const unused = await create();
    now += 1;
    expect((await files()).length).toBeLessThanOrEqual(2 * 66 + 1);
    expect(await consumeToken(store, first.text)).toEqual({ refused: "unknown" });
    expect(await consumeToken(store, last.text)).toEqual({ refused: "used-up" });
    expect(await consumeToken(store, good.text)).toMatchObject({ token: { id: good.id } });
    expect(await consumeToken(store, unused.text)).toMatchObject({ token: { id: unused.id } });
  });

  test("has no uses of a token whose removal was interrupted", async () => {
    const { id, text } = await create({ uses: 2 });
    await consumeToken(store, text);
    await rm(join(state, "tokens", `${id}.json`));
    const next = await create();
    expect(await files()).toEqual([`${next.id}.json`]);
  });
});

describe("a token's file is not trusted", () => {
  const file = (id: string): string => join(state, "tokens", `${id}.json`);

  test("when others can write it", async () => {
    const { id, text } = await create();
    await chmod(file(id), 0o666);
    await expect(consumeToken(store, text)).rejects.toMatchObject({ code: "state-file-mode" });
  });

  test("when it is a symbolic link", async () => {
    const { id, text } = await create();
    await writeFile(join(state, "elsewhere"), await readFile(file(id)), { mode: 0o600 });
    await rm(file(id));
    await symlink(join(state, "elsewhere"), file(id));
    await expect(consumeToken(store, text)).rejects.toMatchObject({ code: "state-file-kind" });
  });

  test.each<[string, (content: string, id: string) => string]>([
    ["half written", (content) => content.slice(0, 40)],
    ["empty", () => ""],
    ["of another token", (content, id) => content.replace(id, "aaaaaaaaaa")],
    ["for more uses than there can be", (content) => content.replace('"uses": 1', '"uses": 1e9')],
    ["for a namespace that is none", (content) => content.replace('"default"', '"../../x"')],
    ["of another version", (content) => content.replace('"version": 1', '"version": 2')],
  ])("when it is %s", async (_, change) => {
    const { id, text } = await create();
    await writeFile(file(id), change(await readFile(file(id), "utf8"), id));
    await expect(consumeToken(store, text)).rejects.toMatchObject({
      code: "state-file-content",
      path: file(id),
    });
  });
});

test.each<[string, Partial<TokenRequest>]>([
  ["no uses", { uses: 0 }],
  ["half a use", { uses: 0.5 }],
  ["too many uses", { uses: 1001 }],
  ["no time", { ttlMs: 0 }],
  ["no number as time", { ttlMs: Number.NaN }],
  ["too much time", { ttlMs: 31 * DAY }],
  ["no namespace", { namespace: "" }],
  ["a namespace with a slash", { namespace: "a/b" }],
  ["an upper-case service account", { serviceAccount: "Payments" }],
])("a token for %s is not made", async (_, changed) => {
  await expect(create(changed)).rejects.toMatchObject({ code: "token-request" });
});

test("new tokens are all different and are read back as they were", () => {
  const tokens = Array.from({ length: 1000 }, newJoinToken);
  expect(new Set(tokens.map(({ id }) => id)).size).toBe(1000);
  const readBack = tokens.map((token) => parseJoinToken(formatJoinToken(token).reveal()));
  expect(readBack.map((token) => token?.secret.reveal())).toEqual(
    tokens.map((token) => token.secret.reveal()),
  );
});
