/** `fairlead bug-report`, read back as its reader would. */
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../../unit/cli/run.js";
import { joinAs, shareDebugged } from "../app/debugged.js";
import { joinToken } from "../app/join-token.js";

const debugged = shareDebugged();

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "fairlead-bug-report-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The files of a compressed archive by name. */
async function unpack(path: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const archive = extract();
  const read = async (): Promise<void> => {
    for await (const entry of archive) {
      files.set(entry.header.name, await text(entry));
    }
  };
  await Promise.all([pipeline(createReadStream(path), createGunzip(), archive), read()]);
  return files;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("a report tells of the control plane and each proxy, and holds no secret", async () => {
  const { state, controlPlane } = debugged();
  await joinAs(debugged(), "payments-0");
  const token = await joinToken(controlPlane);
  const output = join(await directory(), "report.tar.gz");
  const outcome = await run(["bug-report", "--state", state, "-o", output]);
  expect(outcome).toEqual({ code: 0, stdout: "", stderr: `${output} tells of 1 proxy\n` });
  expect((await stat(output)).mode & 0o777).toBe(0o600);

  const files = await unpack(output);
  expect([...files.keys()]).toEqual([
    "bug-report/version.json",
    "bug-report/proxies.json",
    "bug-report/events.json",
    "bug-report/diagnostics.json",
    "bug-report/proxies/payments-0.default/config_dump.json",
    "bug-report/proxies/payments-0.default/resources.json",
  ]);
  expect(files.get("bug-report/events.json")).toContain('"ACCEPTED"');
  const dump = files.get("bug-report/proxies/payments-0.default/config_dump.json");
  expect(dump).toContain('"inlineString": "[redacted]"');
  expect(dump).toContain("outbound|80||payments.default.svc.cluster.local");

  const all = [...files.values()].join("\n");
  expect(all).not.toContain(token);
  expect(all).not.toContain("PRIVATE KEY");
  expect(all).not.toContain(base64("-----BEGIN PRIV"));
  expect(all).not.toContain(base64("-----BEGIN EC PRIV"));
});

test("a report of a namespace tells of its proxies alone", async () => {
  const { state } = debugged();
  await joinAs(debugged(), "payments-1");
  const output = join(await directory(), "report.tgz");
  await run(["bug-report", "-n", "elsewhere", "--state", state, "-o", output]);
  const files = await unpack(output);
  expect(JSON.parse(files.get("bug-report/proxies.json") ?? "")).toEqual([]);
  expect(JSON.parse(files.get("bug-report/events.json") ?? "")).toEqual([]);
});

test("no name that a proxy gives itself leads out of the folder of the report", async () => {
  const { state } = debugged();
  await joinAs(debugged(), "../../../payments-2");
  const output = join(await directory(), "report.tgz");
  await run(["bug-report", "--state", state, "-o", output]);
  const names = [...(await unpack(output)).keys()];
  expect(names).toContain("bug-report/proxies/..%2F..%2F..%2Fpayments-2.default/config_dump.json");
  expect(names.filter((name) => name.includes("/../"))).toEqual([]);
});

test("lines of the configuration, which may hold a key, are left out", async () => {
  const { state } = debugged();
  const output = join(await directory(), "report.tar");
  await run(["bug-report", "--state", state, "-o", output]);
  const archive = await readFile(output, "utf8");
  expect(archive).toContain('"severity"');
  expect(archive).not.toContain('"sourceLine"');
});

test("a report never replaces a file", async () => {
  const { state } = debugged();
  const output = join(await directory(), "report.tar.gz");
  await writeFile(output, "mine");
  const { code, stderr } = await run(["bug-report", "--state", state, "-o", output]);
  expect(code).toBe(1);
  expect(stderr).toContain("--output is a file that is not there yet");
  expect(await readFile(output, "utf8")).toBe("mine");
});
