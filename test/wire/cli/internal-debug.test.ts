/** `fairlead x internal-debug`, asked of a control plane that runs. */
import { expect, test, vi } from "vitest";
import { type Outcome, run } from "../../unit/cli/run.js";
import { joinAs, shareDebugged } from "../app/debugged.js";

vi.setConfig({ testTimeout: 30_000 });

const debugged = shareDebugged();

const at = (...words: readonly string[]): Promise<Outcome> =>
  run(["x", "internal-debug", ...words, "--state", debugged().state]);

const jsonAt = async (...words: readonly string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await at(...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
};

test("tells what there is, and what is at it", async () => {
  await joinAs(debugged(), "payments-0");
  expect(await jsonAt("list")).toContain("/debug/syncz");
  const sync = expect.objectContaining({ proxy: "payments-0.default" }) as object;
  expect(await jsonAt("syncz")).toContainEqual(sync);
  expect(await jsonAt("/debug/syncz")).toContainEqual(sync);
  expect((await at("configz")).stdout).toMatch(/^\[\n {2}"DestinationRule payments\.default",\n/);
});

test("tells of one proxy what is about one, and of it alone what is about all", async () => {
  await joinAs(debugged(), "payments-1");
  await joinAs(debugged(), "payments-2");
  const dump = await jsonAt("config_dump", "payments-1", "-n", "default");
  expect(dump).toMatchObject({ configs: expect.any(Array) as object[] });
  expect(await jsonAt("config_dump?proxyID=payments-1.default")).toEqual(dump);
  expect(JSON.stringify(dump)).not.toContain("PRIVATE KEY");
  expect(await jsonAt("syncz", "pod/payments-2.default")).toMatchObject([
    { proxy: "payments-2.default" },
  ]);
  expect(await jsonAt("adsz", "payments-1")).toMatchObject({ totalClients: 1 });
});

test.each([
  [["sync"], 'there is no debug path "sync" (did you mean "syncz"?)', "internal-debug list"],
  [["edsz"], '"edsz" tells of one proxy, and names none', "internal-debug edsz NAME.NAMESPACE"],
  [["edsz?proxyID=gone.default"], "is not connected", "fairlead proxy-status"],
  [["edsz", "gone"], "no proxy gone.default is connected", "fairlead proxy-status"],
])("%j says what is wrong and what to do", async (words, problem, advice) => {
  const { code, stdout, stderr } = await at(...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(problem);
  expect(stderr).toContain(advice);
});
