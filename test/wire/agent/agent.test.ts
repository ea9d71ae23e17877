/** `fairlead agent` without an Envoy, on a control plane that runs. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { prepareNextRoot } from "../../../src/ca/authority/slot-source.js";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { isIssuedBy, readCertificate } from "../../../src/ca/certificate/x509.js";
import { runCommandLine } from "../../../src/cli/command-line.js";
import { noteOutput } from "../../outputs/note-output.js";
import { temporaryDirectory } from "../../unit/ca/temporary-directory.js";
import { type Started, start } from "../app/start.js";

const SOON = { timeout: 20_000, interval: 50 };

interface AgentLine {
  readonly msg: string;
  readonly by?: string;
  readonly reason?: string;
  readonly todo?: string;
}

interface RunningAgent {
  readonly lines: readonly AgentLine[];
  readonly said: () => string;
  /** Waits for a line with this text, or for the end. */
  readonly until: (text: string, times?: number) => Promise<void>;
  /** Ends it; resolves with its exit code. */
  readonly stop: () => Promise<number>;
  readonly ended: Promise<number>;
}

/** A machine: a directory for what the agent keeps, with a token file and the root that it was given. */
interface Machine {
  readonly identity: string;
  readonly tokenFile: string;
  readonly rootFile: string;
}

async function newMachine({ overTls }: Pick<Started, "overTls">, token?: string): Promise<Machine> {
  const directory = await temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  await writeFile(at("root.pem"), overTls.roots);
  if (token !== undefined) await writeFile(at("token"), token);
  return { identity: at("identity"), tokenFile: at("token"), rootFile: at("root.pem") };
}

function runAgent(
  { controlPlane }: Pick<Started, "controlPlane">,
  machine: Machine,
  ...more: readonly string[]
): RunningAgent {
  const stop = new AbortController();
  let said = "";
  const output = { write: (text: string) => (said += text), isTerminal: false };
  const args = [
    ...["agent", "--workload", "payments-0.default", "--service-account", "payments"],
    ...["--control-plane", `127.0.0.1:${controlPlane.tlsPort}`, "--no-envoy"],
    ...["--identity", machine.identity, "--state", join(machine.identity, "nothing")],
    ...more,
  ];
  const ended = runCommandLine(args, {
    environment: {},
    installation: join(import.meta.dirname, "../../.."),
    stdin: process.stdin,
    ...{ stdout: output, stderr: output, stop: stop.signal },
  });
  const lines = (): readonly AgentLine[] =>
    said
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as AgentLine);
  const end = async (): Promise<number> => {
    stop.abort();
    const code = await ended;
    noteOutput("fairlead agent", said);
    return code;
  };
  onTestFinished(async () => {
    await end();
  });
  return {
    get lines() {
      return lines();
    },
    said: () => said,
    until: async (text, times = 1) => {
      await expect.poll(() => said.split(text).length - 1, SOON).toBeGreaterThanOrEqual(times);
    },
    stop: end,
    ended,
  };
}

const byToken = ({ tokenFile, rootFile }: Machine): readonly string[] => [
  ...["--token-file", tokenFile, "--root-cert", rootFile],
];

interface SecretFile {
  readonly resources: readonly [
    {
      readonly tlsCertificate: { readonly certificateChain: { readonly inlineString: string } };
      readonly validationContext: { readonly trustedCa: { readonly inlineString: string } };
    },
  ];
}

const readSecret = async (machine: Machine, name: string): Promise<SecretFile["resources"][0]> =>
  (JSON.parse(await readFile(join(machine.identity, name), "utf8")) as SecretFile).resources[0];

const certificateOf = async (machine: Machine): Promise<Buffer> =>
  certificatesOfPem(
    (await readSecret(machine, "identity.json")).tlsCertificate.certificateChain.inlineString,
  )[0]!;

const rootsOf = async (machine: Machine): Promise<readonly Buffer[]> =>
  certificatesOfPem(
    (await readSecret(machine, "roots.json")).validationContext.trustedCa.inlineString,
  );

test("an agent joins by its token once, renews by its certificate, and comes back by it", async () => {
  const started = await start("", { workloadTtlMs: 4000 });
  const token = await started.token();
  const machine = await newMachine(started, token);
  const agent = runAgent(started, machine, ...byToken(machine));
  await agent.until('"by":"token"');
  await agent.until('"by":"certificate"', 2);
  expect(await agent.stop()).toBe(0);
  const again = runAgent(started, machine);
  await again.until("the certificate that is kept is valid");
  await again.until('"by":"certificate"');
  expect(readCertificate(await certificateOf(machine)).subjectAltNames).toEqual([
    { type: "uri", value: "spiffe://cluster.local/ns/default/sa/payments" },
  ]);
  expect(agent.said() + again.said() + started.log.join("")).not.toContain(token.split("-")[2]);
});

test("an agent whose certificate ended, and whose token is used, says so and waits for a new one", async () => {
  const started = await start("", { workloadTtlMs: 2000 });
  const machine = await newMachine(started, await started.token());
  const first = runAgent(started, machine, ...byToken(machine));
  await first.until('"by":"token"');
  await first.stop();
  const { notAfter } = readCertificate(await certificateOf(machine));
  await expect.poll(() => Date.now(), SOON).toBeGreaterThan(notAfter);
  const second = runAgent(started, machine, ...byToken(machine));
  await second.until("a new join token is needed");
  expect(second.lines).toMatchObject([
    { reason: expect.stringMatching(/^it ended at /) },
    {
      reason: expect.stringContaining("the join token is not taken"),
      todo: `make one with \`fairlead token create --service-account default/payments\`, and write it to ${machine.tokenFile}`,
    },
  ]);
  await writeFile(machine.tokenFile, `${await started.token()}\n`);
  await second.until('"by":"token"');
});

test("an agent takes no certificate but that of whom it is for", async () => {
  const started = await start("");
  const machine = await newMachine(started, await started.token("default/orders"));
  const agent = runAgent(started, machine, ...byToken(machine));
  await agent.until("it is that of default/orders, not of default/payments");
  await expect(certificateOf(machine)).rejects.toThrow("ENOENT");
});

test("an agent sends its token to nobody but the control plane of the root that it was given", async () => {
  const [started, other] = [await start(""), await start("")];
  const machine = await newMachine(other, await started.token());
  const agent = runAgent(started, machine, ...byToken(machine));
  await agent.until("has not certified the key yet");
  expect(agent.lines[0]?.reason).toMatch(/certificate/);
  expect(started.log.join("")).not.toContain("certified a workload's key");
  await agent.stop();
  // Another root that is given goes before the one of before.
  await writeFile(machine.rootFile, started.overTls.roots);
  await runAgent(started, machine, ...byToken(machine)).until('"by":"token"');
});

test.each(["elsewhere.example", "127.0.0.9"])(
  "an agent does not take a control plane for %s",
  async (name) => {
    const started = await start("");
    const machine = await newMachine(started, await started.token());
    const agent = runAgent(started, machine, ...byToken(machine), "--san", name);
    await agent.until("has not certified the key yet");
    expect(agent.lines[0]?.reason).toContain(name);
  },
);

test("a root that takes the place of another reaches an agent before it signs", async () => {
  const started = await start("", { workloadTtlMs: 6000 });
  const machine = await newMachine(started, await started.token());
  const agent = runAgent(started, machine, ...byToken(machine));
  await agent.until('"by":"token"');
  const [first] = await rootsOf(machine);
  await prepareNextRoot(started.state, Date.now);
  // It would sign within a second or two, if nobody had to be waited for: the renewal is later.
  await agent.until('"by":"certificate"');
  const [, second] = await rootsOf(machine);
  expect(isIssuedBy(await certificateOf(machine), first!)).toBe(true);
  const isOfSecond = async (): Promise<boolean> =>
    isIssuedBy(await certificateOf(machine), second!);
  await expect.poll(isOfSecond, SOON).toBe(true);
  expect(agent.said()).not.toContain("not certified");
});

test("an agent that finds something else than an identity starts anew by its token", async () => {
  const started = await start("");
  const machine = await newMachine(started, await started.token());
  await mkdir(machine.identity, { mode: 0o700 });
  await writeFile(join(machine.identity, "identity.json"), "{", { mode: 0o600 });
  const agent = runAgent(started, machine, ...byToken(machine));
  await agent.until('"by":"token"');
  expect(agent.lines[0]).toMatchObject({ msg: "the certificate that is kept is of no use" });
});

test("an agent that cannot begin says what it needs", async () => {
  const started = await start("");
  const machine = await newMachine(started);
  const withoutRoot = runAgent(started, machine, "--token-file", machine.tokenFile);
  expect(await withoutRoot.ended).toBe(1);
  expect(withoutRoot.said()).toContain("fairlead ca root");
  const withoutToken = runAgent(started, machine, "--root-cert", machine.rootFile);
  expect(await withoutToken.ended).toBe(1);
  expect(withoutToken.said()).toContain("fairlead token create --service-account default/payments");
  const early = runAgent(started, machine, ...byToken(machine));
  await early.until("the token file cannot be read");
  const second = runAgent(started, machine, ...byToken(machine));
  expect(await second.ended).toBe(1);
  expect(second.said()).toContain("another fairlead agent");
  await writeFile(machine.tokenFile, await started.token());
  await early.until('"by":"token"');
});
