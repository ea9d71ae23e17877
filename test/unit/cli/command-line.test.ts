import { load } from "js-yaml";
import { expect, test, vi } from "vitest";
import { run } from "./run.js";

/** The first that runs a command reads what that stands on. */
vi.setConfig({ testTimeout: 60_000 });

test.each([
  [["--help"]],
  [["help"]],
  [["--version"]],
  [["version", "--remote=false"]],
  [["up", "--help"]],
  [["serve", "--help"]],
  [["bootstrap", "--help"]],
  [["token", "--help"]],
  [["token", "create", "--help"]],
  [["proxy-config", "--help"]],
  [["pc", "c", "--help"]],
  [["admin", "log", "--help"]],
  [["validate", "--help"]],
])("%j succeeds and writes nothing to the error output", async (args) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).not.toBe("");
});

test.each([
  [[]],
  [["nonsense"]],
  [["up"]],
  [["up", "a", "--no-such-option"]],
  [["up", "a", "--port", "99999"]],
  [["serve"]],
  [["serve", "--config", "a", "--workload-ttl", "soon"]],
  [["bootstrap"]],
  [["bootstrap", "--workload", "A_B"]],
  [["token", "create"]],
  [["token", "create", "--service-account", "default"]],
  [["token", "create", "--service-account", "a/b", "--uses", "0"]],
  [["validate"]],
  [["validate", "-f", "a.yaml", "-o", "xml"]],
  [["x", "metrics"]],
  [["x", "metrics", "payments", "-d", "soon"]],
])("%j cannot be understood", async (args) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toBe("");
});

test.each([[["up", "a", "--\u001b[2J"]], [["\u001b[2J"]], [["up", "a", "--port", "\u001b[2J"]]])(
  "what cannot be understood of %j commands no terminal",
  async (args) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain("\\x1b[2J");
    expect(stderr).not.toContain("\u001b");
  },
);

test.each(["up", "serve", "bootstrap", "validate", "admin", "version"])(
  "%s has an example in its help",
  async (name) => {
    const { stdout } = await run([name, "--help"]);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)*? {2}\\$ fairlead ${name}`));
  },
);

test("says what is wrong and what to do when the directory is missing", async () => {
  expect(await run(["up", "/nowhere/mesh"])).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "error: /nowhere/mesh does not exist\n" +
      "  give the directory that holds the mesh's YAML files, such as examples/shop\n",
  });
});

test.each([
  ...["authz", "check-inject", "describe", "envoy-stats", "internal-debug", "metrics"],
  ...["proxy-status", "version", "wait"],
])("%s is there under x too, where istioctl has it", async (name) => {
  const { code, stdout } = await run(["x", name, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: fairlead experimental ${name}`));
});

test("says that the Envoy which was named is none", async () => {
  const { code, stderr } = await run(["up", import.meta.dirname], {
    FAIRLEAD_ENVOY: "/nowhere/envoy",
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: \/nowhere\/envoy, which was named, is no Envoy/);
});

/** Under istioctl's name for them. */
const VERSIONS = {
  clientVersion: {
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    istioApi: "1.29.6",
    envoy: "1.40",
  },
};

/** Whatever runs on this machine. */
const ITS_OWN = ["version", "--remote=false"];

test("prints its versions for programs", async () => {
  const json = await run([...ITS_OWN, "-o", "json"]);
  expect(JSON.parse(json.stdout)).toEqual(VERSIONS);
  const yaml = await run([...ITS_OWN, "-o", "yaml"]);
  expect(load(yaml.stdout)).toEqual(VERSIONS);
});

test("prints its version alone when it is asked to be short", async () => {
  const { stdout } = await run([...ITS_OWN, "--short"]);
  expect(stdout).toMatch(/^client version: \d+\.\d+\.\d+\n$/);
  const long = await run([...ITS_OWN, "--short=false"]);
  expect(long.stdout).toContain("Istio 1.29.6");
});
