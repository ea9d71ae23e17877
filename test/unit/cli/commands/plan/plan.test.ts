/** What `fairlead plan` says of directories: whole outputs. */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { run } from "../../run.js";

vi.setConfig({ testTimeout: 30_000 });

const FOLDER = import.meta.dirname;

const mesh = (state: string): string => join(FOLDER, state, "mesh");

/** What a command wrote, with paths as they are from the folder of this test. */
async function plan(...args: readonly string[]): ReturnType<typeof run> {
  const { code, stdout, stderr } = await run(["plan", ...args]);
  const short = (text: string): string => text.replaceAll(`${FOLDER}/`, "");
  return { code, stdout: short(stdout), stderr: short(stderr) };
}

describe("the plan of a directory against another", () => {
  test("tells people what becomes of resources, what each proxy is sent, and what is found", async () => {
    const { code, stdout, stderr } = await plan(mesh("next"), "--against", mesh("now"));
    await expect(stdout).toMatchFileSnapshot(join(FOLDER, "plan.txt"));
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  });

  test("tells programs the same", async () => {
    const { code, stdout } = await plan(mesh("next"), "--against", mesh("now"), "-o", "json");
    await expect(stdout).toMatchFileSnapshot(join(FOLDER, "plan.json.txt"));
    expect(code).toBe(2);
  });

  test("is nothing when both say the same, whatever their files are called", async () => {
    const { code, stdout } = await plan(mesh("now"), "--against", mesh("now"));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Nothing changes.\n" });
  });

  test("fails when there are errors that were not there before", async () => {
    const { code, stdout, stderr } = await plan(mesh("broken"), "--against", mesh("now"));
    expect(code).toBe(1);
    expect(stdout).toContain("broken/mesh/route.yaml:8:16: error[");
    expect(stderr).toContain("the change brings errors that the configuration does not have now");
  });

  test("has the Envoy validate that is named", async () => {
    const named = ["--envoy", "/nowhere/envoy"];
    const { code, stderr } = await plan(mesh("next"), "--against", mesh("now"), ...named);
    expect(code).toBe(1);
    expect(stderr).toContain("/nowhere/envoy, which was named, is no Envoy that runs here");
  });

  test("fails when there is no such directory", async () => {
    const { code, stderr } = await plan(mesh("nowhere"), "--against", mesh("now"));
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere/mesh does not exist");
  });
});

function git(directory: string, ...args: readonly string[]): void {
  const author = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  const { status, stderr } = spawnSync("git", ["-C", directory, ...author, ...args]);
  if (status !== 0) throw new Error(stderr.toString());
}

test("the plan of a directory against a commit of it takes what Git has", async ({ skip }) => {
  if (spawnSync("git", ["--version"]).status !== 0) skip("there is no git");
  const root = await mkdtemp(join(tmpdir(), "fairlead-plan-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const directory = join(root, "mesh");
  await cp(mesh("now"), directory, { recursive: true });
  await writeFile(join(directory, ".hidden.yaml"), "a: [");
  git(root, "init", "--quiet");
  git(root, "add", "--all");
  git(root, "commit", "--quiet", "--message", "now");
  await rm(directory, { recursive: true });
  await cp(mesh("next"), directory, { recursive: true });

  const { code, stdout } = await plan(directory, "--ref", "HEAD");
  expect(code).toBe(2);
  const expected = await plan(mesh("next"), "--against", mesh("now"));
  expect(stdout.replaceAll(`${root}/`, "")).toBe(expected.stdout.replaceAll(/(now|next)\//g, ""));

  const missing = await plan(directory, "--ref", "--output=/dev/null");
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("as it is in --output=/dev/null cannot be read");
});
