/** Every example in the help of every command is run as it stands there, on a mesh of real Envoys. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noteOutput } from "../outputs/note-output.js";
import { authorityTemplate, makeCertificate } from "../unit/ca/make-certificate.js";
import { type Outcome, run } from "../unit/cli/run.js";
import { admin } from "./harness/admin.js";
import { application, documents, HTTP_GATEWAY } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { INSTALLATION } from "./harness/places.js";
import { shareMesh } from "./harness/test-mesh.js";

const ROOT_COMMAND = "fairlead";
/** Commands that the help of those above them does not list. */
const HIDDEN: readonly (readonly string[])[] = [["experimental"]];

const GROUP = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms, namespace: default }
spec: { template: { serviceAccount: vms, labels: { app: vms } } }
`;

const CANARY = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: payments }
spec: { host: payments, subsets: [{ name: v1, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: payments }
spec: { hosts: [payments], http: [{ route: [{ destination: { host: payments, subset: v1 } }] }] }
`;

const mesh = shareMesh({
  "payments.yaml": documents(application("payments", { versions: ["v1", "v2"] }), CANARY),
  "my-service.yaml": application("my-service"),
  "edge.yaml": HTTP_GATEWAY,
  "group.yaml": GROUP,
});

/** The directory in which examples are run. */
const place = { directory: "", state: "" };

beforeAll(async () => {
  place.directory = await mkdtemp(join(tmpdir(), "fairlead-examples-"));
  await chmod(place.directory, 0o700);
  place.state = join(place.directory, "state");
  const at = (...names: readonly string[]): string => join(place.directory, ...names);
  await mkdir(at("state", "fairlead", "up"), { recursive: true, mode: 0o700 });
  await symlink(mesh().state, at("state", "fairlead", "up", "mesh"));
  await symlink(mesh().directory, at("mesh"));
  await symlink(join(INSTALLATION, "examples"), at("examples"));
  await mkdir(at("certificates"));
  await mkdir(at("cacerts"));
  const authority = await makeCertificate(authorityTemplate());
  const cacerts = {
    "ca-cert.pem": authority.pem,
    "ca-key.pem": authority.keyPem,
    "root-cert.pem": authority.pem,
  };
  for (const [name, content] of Object.entries(cacerts)) {
    await writeFile(at("cacerts", name), content, { mode: 0o600 });
  }
  await mkdir(at("bin"));
  await symlink(join(INSTALLATION, "dist", "main.js"), at("bin", "fairlead"));
  const pod = mesh().pod("my-service-0");
  await writeFile(at("dump.json"), await admin(pod, "/config_dump?include_eds"));
  await writeFile(at("clusters.json"), await admin(pod, "/clusters?format=json"));
  process.chdir(place.directory);
});

afterAll(async () => {
  process.chdir(INSTALLATION);
  await rm(place.directory, { recursive: true, force: true });
});

/** Examples may need an Envoy, which is where it is for the tests. */
const { FAIRLEAD_ENVOY, PATH: SEARCH_PATH = "" } = process.env;

const fairlead = (...args: readonly string[]): Promise<Outcome> =>
  run(args, {
    XDG_STATE_HOME: place.state,
    PATH: SEARCH_PATH,
    ...(FAIRLEAD_ENVOY === undefined ? {} : { FAIRLEAD_ENVOY }),
  });

/** The commands below some words, these included. */
async function commandsBelow(words: readonly string[]): Promise<readonly (readonly string[])[]> {
  const { stdout } = await fairlead(...words, "--help");
  const [, list = ""] = /\nCommands:\n(.*?)(?:\n\n|$)/s.exec(stdout) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = ""]) => name);
  const below = await Promise.all(
    names.filter((name) => name !== "help").map((name) => commandsBelow([...words, name])),
  );
  return [words, ...below.flat()];
}

/** The words of a line as a shell reads it. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare = ""]) => double ?? single ?? bare,
  );

/** Runs a line in a shell; when `until` is given, interrupts it once it has written that. */
async function inShell(line: string, until?: string): Promise<Outcome> {
  const { PATH = "", ...environment } = process.env;
  const shell = spawn("/bin/sh", ["-c", until === undefined ? line : `exec ${line}`], {
    env: {
      ...environment,
      PATH: `${join(place.directory, "bin")}:${PATH}`,
      XDG_STATE_HOME: place.state,
    },
    timeout: 60_000,
  });
  const exited = once(shell, "exit") as Promise<[number | null]>;
  const stderr = text(shell.stderr);
  let stdout = "";
  for await (const chunk of shell.stdout.setEncoding("utf8")) {
    const isAwaited = until !== undefined && !stdout.includes(until);
    stdout += String(chunk);
    // A second interrupt would end it at once.
    if (isAwaited && stdout.includes(until)) shell.kill("SIGINT");
  }
  const [code] = await exited;
  const said = await stderr;
  noteOutput(line, (line.includes("token create") ? "" : stdout) + said);
  return { code: code ?? -1, stdout, stderr: said };
}

const ANY_PORTS = "--port 0 --tls-port 0 --http-port 0";

/** The examples that are not simply run: what runs until it is interrupted, and what names something that is not there. */
const SPECIAL: readonly {
  readonly pattern: RegExp;
  readonly run: (example: string) => Promise<Outcome>;
}[] = [
  {
    pattern: /^fairlead up /,
    run: (example) => {
      const ports = example.includes("--port") ? "" : ANY_PORTS;
      // Another authority has a state of its own.
      const state = example.includes("--cacerts") ? "up-cacerts-state" : "up-state";
      const here = example.replace("/etc/cacerts", "cacerts");
      return inShell(`${here} ${ports} --state ${state}`, "control plane: ");
    },
  },
  {
    pattern: /^fairlead serve /,
    run: (example) => {
      const here = example
        .replace("/etc/fairlead", "mesh")
        .replace("/etc/certificates", "certificates")
        .replace("/etc/cacerts", "cacerts --state cacerts-state")
        .replace("10.0.0.3:15012", "127.0.0.1:1")
        .replace(/0\.0\.0\.0|10\.0\.0\.2/g, "127.0.0.1");
      return inShell(`${here} ${ANY_PORTS}`, '"msg":"serving"');
    },
  },
  {
    pattern: /^fairlead agent /,
    run: async (example) => {
      const { rootCertificates, tlsPort } = mesh().controlPlane;
      const server = `127.0.0.1:${tlsPort}`;
      const account = /--group (\S+)/.exec(example)?.[1] ?? "my-service";
      await writeFile("root.pem", rootCertificates);
      await inShell(`fairlead token create --service-account default/${account} > token`);
      // Not where the proxies of the mesh are, nor in the place of one.
      const here = `--control-plane ${server} --root-cert root.pem --mode NONE --address ${ownAddress(64)}`;
      const line = example
        .replace("fairlead agent", `fairlead agent ${here} --drain-time 100ms`)
        .replace("mesh.example.com:15012", server);
      const until = line.includes("--no-envoy") ? "a new certificate is kept" : "Envoy is ready";
      return inShell(line, until);
    },
  },
  {
    pattern: /^fairlead token revoke /,
    run: async () => {
      await fairlead("token", "create", "--service-account", "default/payments");
      const { stdout } = await fairlead("token", "list");
      const [, id = ""] = /^([a-z0-9]{10}) /m.exec(stdout) ?? [];
      return fairlead("token", "revoke", id);
    },
  },
  {
    // The checkout may be none of Git's, or have edits.
    pattern: / --ref /,
    run: async (example) => {
      const git = "git -C repository -c user.name=test -c user.email=test@example.com";
      await inShell(
        `cp -r examples/shop/. repository && ${git} init -q && ${git} add -A && ${git} commit -qm test`,
      );
      return inProcess(example.replace("examples/shop", "repository"));
    },
  },
  {
    // The last of two durations is in force: what it counts for is seen elsewhere.
    pattern: / metrics /,
    run: (example) => inProcess(`${example} --duration 100ms`),
  },
  {
    // What stands beside a mesh is not started here: any page that answers will do.
    pattern: / --url http:/,
    run: (example) => {
      const site = `http://${mesh().pod("payments-v1-0").addresses.pod}:15000`;
      return inProcess(example.replace(/http:\S+/, site));
    },
  },
  { pattern: /[|>]/, run: (example) => inShell(example) },
];

const inProcess = (example: string): Promise<Outcome> => fairlead(...wordsOf(example).slice(1));

function runExample(example: string): Promise<Outcome> {
  const special = SPECIAL.find(({ pattern }) => pattern.test(example));
  return special === undefined ? inProcess(example) : special.run(example);
}

test("every example in the help of every command works", { timeout: 180_000 }, async () => {
  const trees = await Promise.all([[], ...HIDDEN].map(commandsBelow));
  const commands = trees.flat();
  expect(commands.length).toBeGreaterThan(45);
  const done = new Set<string>();
  for (const command of commands) {
    const name = [ROOT_COMMAND, ...command].join(" ");
    const { stdout } = await fairlead(...command, "--help");
    const examples = [...stdout.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line = ""]) => line);
    expect(examples, `${name} has no example`).not.toEqual([]);
    for (const example of examples) {
      if (done.has(example)) continue;
      done.add(example);
      const { code, stderr } = await runExample(example);
      expect({ example, code, stderr: code === 0 ? "" : stderr }).toEqual({
        example,
        code: 0,
        stderr: "",
      });
    }
  }
});
