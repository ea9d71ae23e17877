/** `fairlead up`, as someone sees it who runs it for the first time: its output is read, its commands are pasted. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { openDevelopmentCertificates } from "../../src/up/made/development-certificates.js";
import { noteFiles, noteOutput } from "../outputs/note-output.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = join(ROOT, "dist", "main.js");
const LAST_LINE = "Ctrl-C ends all of it.";
const CURL_DOES_NOT_TRUST = 60;
const SPIFFE = "spiffe://cluster.local/ns";

beforeAll(async () => {
  await access(MAIN).catch(() => {
    throw new Error("dist is missing: run `make build`");
  });
});

interface Running {
  /** The directory of YAML. */
  readonly shop: string;
  readonly state: string;
  /** What it wrote so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches, among those from `from` on. */
  line(pattern: RegExp, from?: number): Promise<string>;
  /** The command below the first title that matches. */
  command(title: RegExp): string;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null }>;
}

/** Runs it on a copy of the shop, until the test is over at the latest. */
async function up(state?: string, ...more: readonly string[]): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-up-"));
  const shop = join(directory, "shop");
  const kept = state ?? join(directory, "state");
  await cp(join(ROOT, "examples", "shop"), shop, { recursive: true });
  const ports = ["--port", "0", "--tls-port", "0", "--http-port", "0"];
  const program = spawn(process.execPath, [MAIN, "up", shop, "--state", kept, ...ports, ...more], {
    // Where it is set, programs that guess write colours also where nobody sees them.
    env: { ...process.env, CI: "true" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(program, "exit").then(([code]: (number | null)[]) => ({
    code: code ?? null,
  }));
  onTestFinished(async () => {
    program.kill("SIGKILL");
    await exited;
    await noteFiles(join(kept, "logs"));
    await rm(directory, { recursive: true, force: true });
  });
  const lines: string[] = [];
  const input = createInterface(program.stdout);
  input.on("line", (line) => {
    lines.push(line);
    noteOutput("fairlead up", line);
  });
  const line = async (pattern: RegExp, from = 0): Promise<string> => {
    for (let i = from; ; i++) {
      while (i >= lines.length) await once(input, "line");
      const text = lines[i] ?? "";
      if (pattern.test(text)) return text;
    }
  };
  return {
    shop,
    state: kept,
    lines,
    line,
    command: (title) => {
      const at = lines.findIndex((text) => text.startsWith("  # ") && title.test(text));
      return (lines[at + 1] ?? "").trim();
    },
    kill: (signal) => program.kill(signal),
    exited,
  };
}

/** What a command prints, pasted into a shell in another directory. */
async function paste(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", command], {
    cwd: tmpdir(),
    timeout: 60_000,
  });
  return stdout;
}

async function answer(command: string): Promise<unknown> {
  return JSON.parse(await paste(command.replace("curl ", "curl --silent --show-error ")));
}

/** The processes that were started with a path in that directory among their arguments. */
async function processesOf(directory: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return commands.filter((command) => command.includes(directory));
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, "utf8")));
}

test("shows a mesh that works, follows edits, and leaves nothing behind", async () => {
  const mesh = await up();
  await mesh.line(new RegExp(`^${LAST_LINE}$`));
  expect(mesh.lines.filter((line) => line.endsWith(" yes"))).toHaveLength(9);
  expect(mesh.lines.some((line) => /^reports-0 +mynamespace .* no +-$/.test(line))).toBe(true);

  expect(await answer(mesh.command(/through the gateway, by HTTPS/))).toMatchObject({
    pod: expect.stringMatching(/^my-service-/),
    peer: `${SPIFFE}/istio-system/sa/istio-ingressgateway`,
  });
  expect(await answer(mesh.command(/from my-service-0 to payments/))).toMatchObject({
    pod: expect.stringMatching(/^payments-/),
    peer: `${SPIFFE}/default/sa/my-service`,
  });
  expect(await answer(mesh.command(/outside the mesh/))).toMatchObject({
    standInFor: "ext-svc.example.com",
    serverName: "ext-svc.example.com",
  });
  const versions = mesh.command(/which versions of payments answer/);
  expect(await paste(versions)).toContain('"version": "v1');

  const before = mesh.lines.length;
  await edit(join(mesh.shop, "payments.yaml"), (text) =>
    text.replace("weight: 99", "weight: 0").replace("weight: 1\n", "weight: 100\n"),
  );
  await mesh.line(/^VirtualService payments\.default changed: acknowledged by 8 proxies/, before);
  expect(await paste(versions)).toMatch(/^ *100 "version": "v2\n$/);

  mesh.kill("SIGINT");
  expect(await mesh.exited).toEqual({ code: 0 });
  expect(await processesOf(mesh.state)).toEqual([]);
});

test("follows replicas, namespaces and mistakes in the files", async () => {
  const mesh = await up();
  await mesh.line(new RegExp(`^${LAST_LINE}$`));
  const payments = join(mesh.shop, "payments.yaml");

  await edit(payments, (text) => text.replace("replicas: 1", "replicas: 2"));
  await mesh.line(/^payments-v2-1\.default runs at 127\.30\..*, ready in/);
  await edit(payments, (text) => text.replace("replicas: 2", "replicas: 1"));
  await mesh.line(/^payments-v2-1\.default ended$/);

  await writeFile(join(mesh.shop, "broken.yaml"), "kind: [");
  await mesh.line(/broken\.yaml:1:\d+: error\[invalid-yaml\]/);
  await rm(join(mesh.shop, "broken.yaml"));
  await mesh.line(/^solved: .*broken\.yaml/);

  await edit(join(mesh.shop, "namespaces.yaml"), (text) =>
    text.replace("istio-injection: disabled", "istio-injection: enabled"),
  );
  await mesh.line(/^reports-0\.mynamespace runs at 127\.30\..*, ready in/);
});

test("has a server stand in for a host that an ExternalName names", async () => {
  const mesh = await up();
  await mesh.line(new RegExp(`^${LAST_LINE}$`));
  const call = mesh.command(/from my-service-0 to payments/).replace(/\S+$/, "http://warehouse/");

  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "warehouse" },
    spec: {
      type: "ExternalName",
      externalName: "warehouse.example.org",
      ports: [{ name: "http", port: 80 }],
    },
  };
  await writeFile(join(mesh.shop, "warehouse.json"), JSON.stringify(service));
  await mesh.line(/made a stand-in for warehouse\.example\.org:80 \(warehouse\.default/);
  await expect
    .poll(() => answer(call).catch(() => undefined))
    .toMatchObject({ standInFor: "warehouse.example.org", authority: "warehouse" });
});

test("has a credential for calls to a stand-in that asks for one by name", async () => {
  const mesh = await up();
  await mesh.line(new RegExp(`^${LAST_LINE}$`));
  const call = mesh.command(/from my-service-0 to payments/);
  const partner = "partner.example.org";
  await writeFile(
    join(mesh.shop, "partner.yaml"),
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: partner }
spec:
  hosts: [${partner}]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 443 }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: partner }
spec:
  host: ${partner}
  workloadSelector: { matchLabels: { app: my-service } }
  trafficPolicy: { tls: { mode: MUTUAL, credentialName: partner, sni: ${partner} } }
`,
  );
  await mesh.line(/made a development credential for calls to partner\.example\.org/);
  await expect
    .poll(() => answer(call.replace(/\S+$/, `http://${partner}/`)).catch(() => undefined))
    .toMatchObject({ standInFor: partner, serverName: partner });
});

test("gives way to a certificate of the user's, and comes back when it is gone", async () => {
  const mesh = await up();
  await mesh.line(new RegExp(`^${LAST_LINE}$`));
  const call = mesh.command(/through the gateway/);
  const file = join(mesh.shop, "app-tls.json");

  const other = await openDevelopmentCertificates(join(mesh.state, "other"));
  const { certificate, key } = await other.certificateFor(["app.example.com"]);
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "app-tls", namespace: "istio-system" },
    stringData: { "tls.crt": certificate, "tls.key": key },
  };
  await writeFile(file, JSON.stringify(secret));
  await mesh.line(/^Secret app-tls\.istio-system changed: acknowledged by 1 proxy/);
  await expect(paste(call)).rejects.toMatchObject({ code: CURL_DOES_NOT_TRUST });
  await paste(call.replace(/--cacert \S+/, `--cacert ${other.rootFile}`));
  expect(mesh.lines.filter((line) => line.includes("duplicate"))).toEqual([]);

  await rm(file);
  await mesh.line(/^solved: .*there is no Secret "istio-system\/app-tls"/);
  await expect
    .poll(() => answer(call).catch(() => undefined))
    .toMatchObject({ authority: "app.example.com" });
});

test("can be killed without leaving a proxy, and started again with the same addresses", async () => {
  const first = await up();
  await first.line(new RegExp(`^${LAST_LINE}$`));
  first.kill("SIGKILL");
  await first.exited;
  await expect.poll(() => processesOf(first.state)).toEqual([]);
  const again = await up(first.state);
  await again.line(new RegExp(`^${LAST_LINE}$`));
  const pods = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => line.startsWith("payments-"));
  expect(pods(again.lines)).toEqual(pods(first.lines));
});

test("starts only once with one state", async () => {
  const first = await up();
  await first.line(/^control plane: /);
  const second = await up(first.state);
  expect(await second.exited).toEqual({ code: 1 });
  expect(second.lines).toEqual([]);
});
