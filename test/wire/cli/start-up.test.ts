/** What a command reads before it does anything: most of the time that it takes. */

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { noteOutput } from "../../outputs/note-output.js";
import { joinAs, shareDebugged } from "../app/debugged.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MAIN = join(ROOT, "dist", "main.js");

/** Each command is a process, on a machine that may have others. */
vi.setConfig({ testTimeout: 30_000 });

const debugged = shareDebugged();

/** What a process wrote, and the files of code that it ran, below the checkout. */
interface Started {
  readonly stdout: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Runs the bundle. The files are those of which V8 tells how often their functions were called. */
async function start(...args: readonly string[]): Promise<Started> {
  const coverage = await mkdtemp(join(tmpdir(), "fairlead-start-up-"));
  onTestFinished(() => rm(coverage, { recursive: true }));
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
    env: { ...process.env, NODE_V8_COVERAGE: coverage },
  });
  noteOutput(`fairlead ${args.join(" ")}`, stdout);
  const reports = await Promise.all(
    (await readdir(coverage)).map(async (name) => {
      const text = await readFile(join(coverage, name), "utf8");
      return (JSON.parse(text) as { readonly result: readonly { readonly url: string }[] }).result;
    }),
  );
  const urls = reports.flat().map(({ url }) => url);
  const paths = urls.filter((url) => url.startsWith("file:")).map((url) => fileURLToPath(url));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return {
    stdout,
    files: paths.map((path) => relative(ROOT, path)),
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

test("a command that asks a control plane reads a few files of the bundle, and none of a package", async () => {
  await joinAs(debugged(), "payments-0");
  const { stdout, files, bytes } = await start("proxy-status", "--state", debugged().state);
  expect(stdout).toMatch(/^payments-0\.default /m);
  expect(files).toContain("dist/main.js");
  expect(files.filter((file) => !file.startsWith("dist/"))).toEqual([]);
  expect(files.length).toBeLessThan(30);
  expect(bytes).toBeLessThan(1_300_000);
});

test("an analysis by a control plane does not read what analyzes files", async () => {
  const asked = await start("analyze", "--state", debugged().state);
  expect(asked.bytes).toBeLessThan(1_300_000);
});

test("a plan by a control plane does not read what makes plans of files", async () => {
  const { state } = debugged();
  const asked = await start("plan", join(state, "..", "mesh.yaml"), "--state", state);
  expect(asked.stdout).toBe("Nothing changes.\n");
  expect(asked.bytes).toBeLessThan(1_300_000);
});

test("a command that asks nobody does not read what calls a control plane", async () => {
  const { stdout, bytes } = await start("version", "--remote=false");
  expect(stdout).toMatch(/^client version: /);
  expect(bytes).toBeLessThan(400_000);
});

test("of a control plane's script V8 takes the compiled code that lies beside it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-start-up-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const state = join(directory, "state");
  await writeFile(state, "no directory, so that it ends soon");
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    "--profile-deserialization",
    MAIN,
    ...["serve", "--config", directory, "--state", state],
  ]).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string });
  expect(stderr).toContain(state);
  // V8 tells of all that it takes, which is little else; what it does not take is told of without a size.
  expect(stdout).toMatch(/^\[Deserializing from \d{7} bytes /m);
});

test("all that a command writes goes through a pipe, however much it is", async () => {
  const names = Array.from({ length: 3000 }, (_, i) => `cluster-${i}`);
  const directory = await mkdtemp(join(tmpdir(), "fairlead-start-up-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "dump.json");
  const section = "type.googleapis.com/envoy.admin.v3.ClustersConfigDump";
  const clusters = names.map((name) => ({
    cluster: { "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", name },
  }));
  const dump = { configs: [{ "@type": section, dynamic_active_clusters: clusters }] };
  await writeFile(file, JSON.stringify(dump));
  const { stdout } = await start("proxy-config", "clusters", "-f", file, "-o", "json");
  const written = JSON.parse(stdout) as readonly { readonly name: string }[];
  expect(written.map(({ name }) => name).sort()).toEqual(names.sort());
});
