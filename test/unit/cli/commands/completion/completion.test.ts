import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { run } from "../../run.js";

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
  expect(await complete("serve", "--log-level=w")).toEqual(["--log-level=warn"]);
  expect(await complete("serve", "--nothing=w")).toEqual([]);
  expect(await complete("version", "--help")).toEqual(["--help"]);
});

test("kinds are completed as they are begun, in small letters or as files write them", async () => {
  expect(await complete("wait", "virt")).toEqual(["virtualservice"]);
  expect(await complete("x", "wait", "--timeout", "1m", "gat")).toEqual([
    "gateway",
    "gatewayclass",
  ]);
  expect(await complete("wait", "Dest")).toEqual(["DestinationRule"]);
  expect(await complete("wait", "v")).toEqual(["virtualservice"]);
  expect(await complete("wait", "vs")).toEqual(["vs"]);
  expect(await complete("wait", "")).toContain("peerauthentication");
});

test("paths of debugging are completed", async () => {
  expect(await complete("x", "internal-debug", "e")).toEqual(["edsz", "endpointz"]);
});

test("files are left to the shell, and so are pods and resources when no control plane answers", async () => {
  expect(await complete("wait", "virtualservice", "")).toEqual([]);
  expect(await complete("pc", "c", "-f", "")).toEqual([]);
  expect(await complete("up", "")).toEqual([]);
  expect(await complete("pc", "c", "--port", "80", "pay")).toEqual([]);
});

test("each candidate says what it is", async () => {
  const { stdout } = await run(["__complete", "authz", "c"]);
  expect(stdout).toBe("check\tshow which AuthorizationPolicies a proxy enforces\n");
  const kinds = await run(["__complete", "wait", "peer"]);
  expect(kinds.stdout).toBe("peerauthentication\tPeerAuthentication, pa\n");
});

/** What bash asks when the cursor is behind the last of its words, and what it takes of the answer. */
async function inBash(
  words: readonly string[],
  answer: string,
): Promise<{ readonly asked: string; readonly taken: readonly string[] }> {
  const { stdout: script } = await run(["completion", "bash"]);
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const program = `${script}
exec 3>&1
fairlead() { printf '<%s>' "$@" >&3; printf '%b' '${answer}'; }
COMP_WORDS=(fairlead ${quoted} -o) COMP_CWORD=${words.length}
_fairlead; printf '\n%s' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", program]);
  const [asked = "", ...taken] = stdout.split("\n");
  return { asked, taken };
}

test("bash asks with the words up to the cursor, and takes the first column", async () => {
  const answer = "clusters\\tthe clusters\\nclustered\\t\\n";
  expect(await inBash(["pc", "clu"], answer)).toEqual({
    asked: "<__complete><pc><clu>",
    taken: ["clusters", "clustered"],
  });
  expect((await inBash(["pc", ""], answer)).asked).toBe("<__complete><pc><>");
});

test("bash asks with whole words where it takes a part for one, and puts what completes them behind that", async () => {
  const state = ["pc", "clusters", "--state", "=", "/run/mesh", "pay"];
  expect(await inBash(state, "payments-0.default\\t\\n")).toEqual({
    asked: "<__complete><pc><clusters><--state=/run/mesh><pay>",
    taken: ["payments-0.default"],
  });
  const wide = { asked: "<__complete><tls-check><--output=w>", taken: ["wide"] };
  expect(await inBash(["tls-check", "--output", "=", "w"], "--output=wide\\t\\n")).toEqual(wide);
  const all = { asked: "<__complete><tls-check><--output=>", taken: ["wide"] };
  expect(await inBash(["tls-check", "--output", "="], "--output=wide\\t\\n")).toEqual(all);
  const address = ["ps", "--xds-address", "localhost", ":", "15010", ""];
  expect((await inBash(address, "")).asked).toBe(
    "<__complete><ps><--xds-address><localhost:15010><>",
  );
});

test("bash is told where to ask", async () => {
  const { stdout } = await run(["completion", "bash"]);
  const words = ["-c", `${stdout} complete -p fairlead`];
  const { stdout: told } = await promisify(execFile)("bash", words);
  expect(told).toBe("complete -o default -F _fairlead fairlead\n");
});

test.each(["bash", "zsh", "fish"])("there is a script for %s", async (shell) => {
  const { code, stdout } = await run(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain(" __complete ");
});
