import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { consumeToken, openTokenStore } from "../../../../../src/ca/token/token-store.js";
import { run } from "../../run.js";

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "fairlead-token-"));
});

afterEach(() => {
  rmSync(state, { recursive: true });
});

const create = (...more: string[]) =>
  run(["token", "create", "--service-account", "default/payments", "--state", state, ...more]);

test("prints a token, and nothing else, that lets its service account in", async () => {
  const { code, stdout, stderr } = await create();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\S+\n$/);
  const store = await openTokenStore(state, Date.now);
  expect(await consumeToken(store, stdout.trim())).toMatchObject({
    token: { namespace: "default", serviceAccount: "payments", uses: 1 },
  });
});

test("lists tokens without their secrets", async () => {
  const token = JSON.parse((await create("--uses", "3", "-o", "json")).stdout) as {
    token: string;
    id: string;
    expiresAt: string;
  };
  const { stdout } = await run(["token", "list", "--state", state]);
  expect(stdout).toBe(
    "ID           SERVICE ACCOUNT    LABELS   USES LEFT   EXPIRES\n" +
      `${token.id}   default/payments   any      3           ${token.expiresAt}\n`,
  );
  const json = await run(["token", "list", "--state", state, "-o", "json"]);
  expect(JSON.parse(json.stdout)).toEqual([
    {
      id: token.id,
      namespace: "default",
      serviceAccount: "payments",
      uses: 3,
      usesLeft: 3,
      expiresAt: token.expiresAt,
    },
  ]);
  expect(json.stdout).not.toContain(token.token);
});

test("limits labels, with those that bootstraps add", async () => {
  const { stdout } = await create("--labels", "app=payments,version=v2", "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({
    labels: {
      app: "payments",
      version: "v2",
      "service.istio.io/canonical-name": "payments",
      "service.istio.io/canonical-revision": "v2",
    },
  });
  const refused = await create("--labels", "app=a b");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('"app=a b" is no label');
});

test("revokes a token once, and says when there is none", async () => {
  const { id } = JSON.parse((await create("-o", "json")).stdout) as { id: string };
  const revoke = () => run(["token", "revoke", id, "--state", state]);
  expect(await revoke()).toEqual({ code: 0, stdout: "", stderr: `revoked ${id}\n` });
  expect(await revoke()).toEqual({
    code: 1,
    stdout: "",
    stderr: `error: there is no token ${id} in ${state}\n  \`fairlead token list\` shows those that there are\n`,
  });
});

test("refuses a token that would be good for too long, in one line", async () => {
  const { code, stderr } = await create("--ttl", "10000h");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: .+\n$/);
});
