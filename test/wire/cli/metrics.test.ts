/** `fairlead x metrics` where the Envoys of a workload cannot be asked. */
import { expect, test, vi } from "vitest";
import { type Outcome, run } from "../../unit/cli/run.js";
import { joinAs, shareDebugged } from "../app/debugged.js";

vi.setConfig({ testTimeout: 30_000 });

const debugged = shareDebugged();

const metrics = (...words: readonly string[]): Promise<Outcome> =>
  run(["x", "metrics", ...words, "--state", debugged().state]);

test("a workload without a proxy is named, and nothing is counted", async () => {
  await joinAs(debugged(), "payments-0");
  const { code, stdout, stderr } = await metrics("payments-0", "gone.istio-system");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^error: no proxy of the workload gone\.istio-system is connected\n.*`fairlead proxy-status`/,
  );
  expect((await metrics("svc/gone")).stderr).toContain("no proxy of the service gone.default is");
});

test("a proxy whose admin interface cannot be asked is named, and nothing is counted", async () => {
  await joinAs(debugged(), "payments-0");
  const { code, stdout, stderr } = await metrics("payments-0");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe(
    "error: the admin interface of payments-0.default cannot be asked: " +
      "it does not say where its admin interface is\n  run the command on its machine\n",
  );
});
