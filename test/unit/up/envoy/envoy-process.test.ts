import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  describeExit,
  type EnvoyProcess,
  startEnvoy,
} from "../../../../src/up/envoy/envoy-process.js";

const FAKE_ENVOY = join(import.meta.dirname, "fake-envoy.js");
const ADMIN = { address: "127.30.200.1", port: 21_000 };

let directory: string;
let running: EnvoyProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-envoy-"));
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(directory, { recursive: true });
});

function start(
  bootstrap: object,
  binary = FAKE_ENVOY,
  options: { readonly concurrency?: number; readonly arguments?: readonly string[] } = {},
): EnvoyProcess {
  running = startEnvoy({
    ...options,
    binary,
    bootstrap: { admin: ADMIN, ...bootstrap },
    directory: join(directory, "envoy"),
    logFile: join(directory, "logs", "a-0.default.log"),
    admin: ADMIN,
  });
  return running;
}

test("is ready once the admin interface says so", async () => {
  const envoy = start({ readyAfter: 3 });
  await envoy.ready();
  expect(await envoy.admin("/ready")).toBe("LIVE\n");
});

test.each([
  [{}, "1"],
  [{ concurrency: 3 }, "3"],
  [{ concurrency: 0 }, undefined],
])("has as many worker threads as %j says", async (options, threads) => {
  const envoy = start({}, FAKE_ENVOY, options);
  await envoy.ready();
  const started = await envoy.admin("/arguments");
  expect(/--concurrency (\d+)/.exec(started)?.[1]).toBe(threads);
});

test("is given more arguments, in the place of those of the same name", async () => {
  const more = ["--log-level=info", "--drain-strategy", "gradual", "--use-dynamic-base-id"];
  const envoy = start({}, FAKE_ENVOY, { arguments: more });
  await envoy.ready();
  const started = await envoy.admin("/arguments");
  expect(started).toContain(more.join(" "));
  expect(started).not.toMatch(/--log-level (?!=)|immediate/);
  expect(started).toContain("--drain-time-s 45");
});

test("knows the short name of the level of the log", async () => {
  const envoy = start({}, FAKE_ENVOY, { arguments: ["-l", "debug"] });
  await envoy.ready();
  expect(await envoy.admin("/arguments")).not.toContain("--log-level");
});

test("writes the bootstrap through no link", async () => {
  const elsewhere = join(directory, "elsewhere");
  writeFileSync(elsewhere, "mine");
  mkdirSync(join(directory, "envoy"));
  symlinkSync(elsewhere, join(directory, "envoy", "bootstrap.json"));
  await start({}).ready();
  expect(readFileSync(elsewhere, "utf8")).toBe("mine");
});

test("keeps the bootstrap from other users", async () => {
  await start({}).ready();
  expect(statSync(join(directory, "envoy", "bootstrap.json")).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, "envoy")).mode & 0o777).toBe(0o700);
});

test("is not ready when it ends before, and its log says why", async () => {
  const envoy = start({ endWith: 3 });
  await expect(envoy.ready()).rejects.toMatchObject({
    code: "ended",
    message: "Envoy ended with code 3",
  });
  expect(readFileSync(join(directory, "logs", "a-0.default.log"), "utf8")).toBe(
    "bad configuration\n",
  );
});

test("says that there is no such program", async () => {
  const envoy = start({}, join(directory, "nowhere"));
  await expect(envoy.ready()).rejects.toThrow(/could not be started: .*ENOENT/);
  expect(envoy.pid).toBeUndefined();
});

test("stops waiting when it is told to", async () => {
  const envoy = start({ readyAfter: 0 });
  await expect(envoy.ready(AbortSignal.timeout(300))).rejects.toThrow(/timeout/);
});

test("reports an admin interface that refuses", async () => {
  const envoy = start({ readyAfter: 0 });
  await expect(envoy.ready(AbortSignal.timeout(300))).rejects.toThrow();
  await expect(envoy.admin("/ready")).rejects.toMatchObject({
    code: "admin",
    message: "Envoy's admin interface at 127.30.200.1:21000: 503 PRE_INITIALIZING",
  });
});

test("ends when it is stopped, and leaves no process", async () => {
  const envoy = start({});
  await envoy.ready();
  const exit = await envoy.stop();
  expect(describeExit(exit)).toBe("Envoy was ended by SIGTERM");
  expect(existsSync(`/proc/${envoy.pid ?? ""}/stat`)).toBe(false);
});
