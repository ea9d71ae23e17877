/** `fairlead analyze` of a control plane that runs. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../unit/cli/run.js";
import { shareDebugged } from "../app/debugged.js";

const debugged = shareDebugged();

/** What the command finds at the control plane. */
function analyze(...args: readonly string[]): ReturnType<typeof run> {
  return run(["analyze", "--state", debugged().state, ...args]);
}

test("finds in what runs what it finds in its files", async () => {
  const files = join(debugged().state, "..", "mesh.yaml");
  const running = await analyze("-o", "json");
  const { code, stdout } = await run(["analyze", files, "-o", "json"]);
  expect(running).toMatchObject({ code, stdout });
  expect(stdout).toContain("mesh.yaml:");
});

test("shows findings with their lines, as those of files", async () => {
  const files = join(debugged().state, "..", "mesh.yaml");
  const { stdout } = await run(["analyze", files]);
  expect((await analyze()).stdout).toBe(stdout);
  expect(stdout).toContain("^");
});

test("says so when there is nothing to tell", async () => {
  const { code, stdout, stderr } = await analyze("-n", "elsewhere");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toBe("\u2714 nothing found in what is in force\n");
});
