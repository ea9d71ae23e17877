/** `fairlead admin log`, asked of a control plane that runs. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test, vi } from "vitest";
import { type Outcome, run } from "../../unit/cli/run.js";
import { type Started, start } from "../app/start.js";

vi.setConfig({ testTimeout: 30_000 });

const service = (name: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 80 }] }
`;

const adminLog = ({ state }: Started, ...options: string[]): Promise<Outcome> =>
  run(["admin", "log", "--state", state, ...options]);

/** The level of each scope, by name. */
const levelsIn = (text: string): Readonly<Record<string, string>> => {
  const scopes = JSON.parse(text) as readonly { scope_name: string; log_level: string }[];
  return Object.fromEntries(scopes.map((one) => [one.scope_name, one.log_level]));
};

const ALL = ["ads", "ca", "config", "debug", "default"];
const all = (level: string): Readonly<Record<string, string>> =>
  Object.fromEntries(ALL.map((name) => [name, level]));

test("shows what is logged of what, under istioctl's names", async () => {
  const started = await start(service("payments"));
  const { code, stdout, stderr } = await adminLog(started);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^ACTIVE SCOPE {3}DESCRIPTION {3,}LOG LEVEL\nads {11,}streams of .* debug\n/,
  );
  const json = await adminLog(started, "-o", "json");
  expect(levelsIn(json.stdout)).toEqual(all("debug"));
  const yaml = await run(["istiod", "l", "--state", started.state, "-o", "yaml"]);
  expect(load(yaml.stdout)).toEqual(JSON.parse(json.stdout));
});

test("what a scope is to log is logged from then on, until it is reset", async () => {
  const started = await start(service("payments"));
  const edits = (): number =>
    started.log.filter((line) => line.includes('"the configuration changed"')).length;
  const edit = async (name: string): Promise<number> => {
    await writeFile(join(started.config, `${name}.yaml`), service(name));
    const before = edits();
    await run(["wait", "--state", started.state, "service", name]);
    return edits() - before;
  };
  const quiet = await adminLog(started, "--level", "config:info,debug=warn", "-o", "json");
  expect(levelsIn(quiet.stdout)).toEqual({ ...all("debug"), config: "info", debug: "warn" });
  expect(await edit("orders")).toBe(0);
  const loud = await adminLog(started, "--level", "error,config:trace", "-o", "json");
  expect(levelsIn(loud.stdout)).toEqual({ ...all("error"), config: "trace" });
  expect(await edit("reports")).toBe(1);
  const reset = await adminLog(started, "--reset", "-o", "json");
  expect(levelsIn(reset.stdout)).toEqual(all("debug"));
});

test("each change is in the log, with what it is", async () => {
  const started = await start(service("payments"));
  await adminLog(started, "--level", "none");
  expect(started.log.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({
      ...{ scope: "debug", msg: "levels of the log change", levels: all("none") },
    }),
  );
  const before = started.log.length;
  await adminLog(started);
  expect(started.log).toHaveLength(before);
});

test("a scope or a level that there is not changes nothing", async () => {
  const started = await start(service("payments"));
  const scope = await adminLog(started, "--level", "ca:error,confg:error");
  expect(scope).toEqual({
    code: 1,
    stdout: "",
    stderr:
      'error: there is no scope "confg" of the log (did you mean "config"?)\n' +
      "  `fairlead admin log` shows the scopes that there are\n",
  });
  expect(await adminLog(started, "--level", "loud")).toMatchObject({ code: 2, stdout: "" });
  expect(await adminLog(started, "--level", "info", "--reset")).toMatchObject({ code: 2 });
  expect(levelsIn((await adminLog(started, "-o", "json")).stdout)).toEqual(all("debug"));
});

test("who asks on the plaintext port is shown what is logged, and changes nothing", async () => {
  const started = await start(service("payments"));
  const address = `127.0.0.1:${started.controlPlane.plaintextPort}`;
  const ask = (...options: string[]): Promise<Outcome> =>
    run(["admin", "log", "--xds-address", address, "--plaintext", ...options]);
  expect(levelsIn((await ask("-o", "json")).stdout)).toEqual(all("debug"));
  for (const change of [["--level", "none"], ["--reset"]]) {
    const { code, stderr } = await ask(...change);
    expect(code).toBe(1);
    expect(stderr).toContain("without TLS nothing is changed");
    expect(stderr).toContain("leave --plaintext out");
  }
  expect(levelsIn((await adminLog(started, "-o", "json")).stdout)).toEqual(all("debug"));
});
