/** What `fairlead explain` says of calls in a mesh that runs. */
import { expect } from "vitest";
import type { Explanation } from "../../../src/console/explain/explanation.js";
import { run } from "../../unit/cli/run.js";
import type { Places } from "./places.js";

/** The explanation of a call: `args` are the words behind `explain`. */
export async function explanationOf(
  { state }: Pick<Places, "state">,
  ...args: readonly string[]
): Promise<Explanation> {
  const { stdout, stderr, code } = await run(["explain", ...args, "-o", "json", "--state", state]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Explanation;
}
