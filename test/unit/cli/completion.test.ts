import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { run } from "./run.js";

/** The words that the last of these can become. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run(["__complete", ...words], {
    XDG_STATE_HOME: "/nowhere",
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t")[0] ?? "");
}

test("commands are completed, and those below them, also by their short names", async () => {
  expect(await complete("proxy-")).toEqual(["proxy-status", "proxy-config"]);
  expect(await complete("pc", "e")).toEqual(["ecds", "eds", "endpoints"]);
  expect(await complete("token", "")).toEqual(["create", "list", "revoke", "help"]);
  expect(await complete("token", "nonsense", "")).toEqual([]);
});

test("what is hidden is not completed", async () => {
  expect(await complete("experi")).toEqual([]);
  expect(await complete("__")).toEqual([]);
});

test("options are completed, and the values that they can have", async () => {
  expect(await complete("pc", "l", "--ver")).toEqual(["--verbose"]);
  expect(await complete("pc", "routes", "--n")).toEqual(["--namespace", "--name"]);
  expect(await complete("authn", "tls-check", "-o", "")).toEqual([
    "table",
    "short",
    "wide",
    "json",
    "yaml",
  ]);
  expect(await complete("serve", "--log-level", "w")).toEqual(["warn"]);
  expect(await complete("version", "--help")).toEqual(["--help"]);
});

test("files are left to the shell, and so are pods when no control plane answers", async () => {
  expect(await complete("pc", "c", "-f", "")).toEqual([]);
  expect(await complete("up", "")).toEqual([]);
  expect(await complete("pc", "c", "--port", "80", "pay")).toEqual([]);
});

test("each candidate says what it is", async () => {
  const { stdout } = await run(["__complete", "authz", "c"]);
  expect(stdout).toBe("check\tshow which AuthorizationPolicies a proxy enforces\n");
});

test("bash asks with the words up to the cursor, and takes the first column", async () => {
  const { stdout: script } = await run(["completion", "bash"]);
  const program = `${script}
fairlead() { printf '%s|' "$@" >&2; printf 'clusters\\tthe clusters\\nclustered\\t\\n'; }
COMP_WORDS=(fairlead pc clu -o) COMP_CWORD=2
exec 3>&2; _fairlead; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p fairlead`;
  const { stdout } = await promisify(execFile)("bash", ["-c", program]);
  expect(stdout).toBe("clusters\nclustered\ncomplete -o default -F _fairlead fairlead\n");
});

test.each(["bash", "zsh", "fish"])("there is a script for %s", async (shell) => {
  const { code, stdout } = await run(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain(" __complete ");
});
