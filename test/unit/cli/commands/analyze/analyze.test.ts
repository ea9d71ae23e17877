import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../run.js";

const FOLDER = import.meta.dirname;
const MESH = join(FOLDER, "mesh");

/** What a command wrote, with paths as they are from the folder of this test. */
async function analyze(...args: readonly string[]): ReturnType<typeof run> {
  const { code, stdout, stderr } = await run(["analyze", ...args]);
  const short = (text: string): string => text.replaceAll(`${FOLDER}/`, "");
  return { code, stdout: short(stdout), stderr: short(stderr) };
}

async function expected(name: string): Promise<string> {
  return readFile(join(FOLDER, name), "utf8");
}

beforeAll(async () => {
  // Loading what the command needs is not what is timed.
  await import("../../../../../src/cli/commands/analyze/run-analyze.js");
}, 60_000);

describe("fairlead analyze", () => {
  it("shows people the line of each finding, and fails", async () => {
    const { code, stdout, stderr } = await analyze(MESH);
    await expect(stdout).toMatchFileSnapshot(join(FOLDER, "log.txt"));
    expect(stderr).toBe(
      "error: 2 errors in mesh\n  mend what is shown, or leave it out with --suppress CODE=RESOURCE\n",
    );
    expect(code).toBe(79);
  });

  it.each(["json", "yaml"])("gives programs a list of %s", async (format) => {
    const { code, stdout } = await analyze(MESH, "-o", format);
    await expect(stdout).toMatchFileSnapshot(join(FOLDER, `findings.${format}`));
    expect(code).toBe(79);
  });

  it("tells the same of files that are named one by one", async () => {
    const { stdout } = await analyze(join(MESH, "below/routes.yaml"), join(MESH, "services.yaml"));
    const lines = (text: string) => text.split("\n").sort();
    expect(lines(stdout)).toEqual(lines(await expected("log.txt")));
  });

  it("reads the standard input for a file called -", async () => {
    const broken = await run(["analyze", "-"], {}, "a: [");
    expect(broken.stdout).toMatch(/^<stdin>:1:\d+: error\[invalid-yaml\]: /);
    expect(broken.code).toBe(65);
  });

  it.each([
    ["-n of a namespace", ["-n", "other"], ["IST0101"], 79],
    ["all namespaces but some", ["--exclude-namespaces", "none, default"], ["IST0101"], 79],
    [
      "suppressed findings left out",
      ["-S", "IST0101=VirtualService *"],
      ["IST0112", "IST0118"],
      79,
    ],
    ["the output threshold", ["--output-threshold", "Error"], ["IST0112", "IST0101"], 79],
    ["one analyzer", ["--analyzer", "service.PortNameAnalyzer"], ["IST0118"], 0],
    [
      "the analyzer of a kind",
      ["--analyzer", "schema.ValidationAnalyzer.VirtualService", "-n", "other"],
      ["IST0101"],
      79,
    ],
    [
      "a failure threshold below what is there",
      ["-n", "default", "-S", "IST0112=*", "--failure-threshold", "info"],
      ["IST0118"],
      79,
    ],
  ])("takes %s", async (_, args, codes, code) => {
    const outcome = await analyze(MESH, "-o", "json", ...args);
    const found = JSON.parse(outcome.stdout) as readonly { readonly code: string }[];
    expect(found.map((one) => one.code)).toEqual(codes);
    expect(outcome.code).toBe(code);
  });

  it("says so when it finds nothing", async () => {
    const { code, stdout, stderr } = await analyze(
      MESH,
      "-S",
      "IST0101=*",
      "-S",
      "IST0112=*",
      "-S",
      "IST0118=*",
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "",
      stderr: "\u2714 nothing found in mesh\n",
    });
  });

  it("warns of a code that there is not", async () => {
    const { stderr } = await analyze(MESH, "-S", "IST9999=*");
    expect(stderr).toContain("warning: there is no code IST9999, so nothing is suppressed by it\n");
  });

  it("leaves out what is no resource when it is asked to", async () => {
    const mixed = "a: b\n---\napiVersion: example.com/v1\nkind: Unknown\n---\na: [";
    const told = await run(["analyze", "-", "-o", "json"], {}, mixed);
    const codes = (JSON.parse(told.stdout) as readonly { readonly code: string }[]).map(
      ({ code }) => code,
    );
    expect(codes).toEqual(["not-a-resource", "unknown-kind", "invalid-yaml"]);
    const ignored = await run(["analyze", "-", "--ignore-unknown"], {}, mixed);
    expect(ignored).toMatchObject({ code: 0, stdout: "" });
  });

  it("takes the flags that istioctl has for a cluster", async () => {
    const plain = await analyze(MESH);
    expect(await analyze(MESH, "--use-kube=false", "--timeout", "1m", "-R", "-r", "1-30")).toEqual(
      plain,
    );
    expect(await analyze(MESH, "-k")).toEqual(plain);
  });

  it("lists the analyzers", async () => {
    const { code, stdout } = await analyze("--list-analyzers");
    expect(stdout).toContain("* virtualservice.DestinationHostAnalyzer:\n    checks whether");
    expect(stdout).toContain("* schema.ValidationAnalyzer.Gateway:\n    checks ");
    expect(stdout.match(/^\* (?!schema\.)/gm)).toHaveLength(44);
    expect(code).toBe(0);
  });

  it("colours the head of a finding when it is asked to", async () => {
    const { stdout } = await analyze(MESH, "--color", "--output-threshold", "Error", "-n", "other");
    expect(stdout).toContain(": \u001b[31merror[IST0101]\u001b[39m: ");
  });

  it.each([
    ["no files where no control plane runs", ["--state", "/nowhere"], 1, "no control plane runs"],
    ["certificates without files", ["--secrets", "/nowhere"], 1, "--secrets goes with files"],
    [
      "a mesh configuration without files",
      ["--meshConfigFile", "/nowhere"],
      1,
      "--meshConfigFile goes with files",
    ],
    [
      "a mesh configuration that is not there",
      [MESH, "--meshConfigFile", "/nowhere"],
      1,
      "/nowhere does not exist",
    ],
    ["a file that is not there", ["nowhere.yaml"], 1, "nowhere.yaml does not exist"],
    [
      "an analyzer that there is not",
      [MESH, "--analyzer", "service.PortNamesAnalyzer"],
      1,
      'did you mean "service.PortNameAnalyzer"',
    ],
    [
      "a level that there is not",
      [MESH, "--failure-threshold", "bad"],
      2,
      "Info, Warning or Error",
    ],
    ["a suppression without a resource", [MESH, "-S", "IST0101"], 2, "CODE=RESOURCE"],
    ["both a namespace and all", [MESH, "-A", "-n", "a"], 2, "cannot be used with"],
  ])("refuses %s", async (_, args, code, message) => {
    const outcome = await analyze(...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(message);
  });
});

describe("fairlead analyze, of a directory that is made for it", () => {
  let directory = "";

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "fairlead-analyze-"));
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it("ends with 65 when a file cannot be read, and nothing else is wrong", async () => {
    await writeFile(join(directory, "broken.yaml"), "a: [\n");
    expect((await analyze(directory)).code).toBe(65);
    await rm(join(directory, "broken.yaml"));
  });

  it("takes a mesh configuration of a file of its own, rather than that in the files", async () => {
    const names = ["logged.yaml", "mesh-config.yaml"].map((name) => join(directory, name));
    const [logged = "", meshConfig = ""] = names;
    await writeFile(logged, LOGGED);
    expect((await analyze(logged)).stdout).toContain('warning[IST0101]: provider "mine"');
    const providers = "extensionProviders: [{ name: mine, envoyFileAccessLog: { path: /x } }]\n";
    await writeFile(meshConfig, providers);
    const { code, stdout } = await analyze(logged, "--meshConfigFile", meshConfig);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    await writeFile(meshConfig, `${providers}accessLogFile: 3\n`);
    expect((await analyze(logged, "--meshConfigFile", meshConfig)).stdout).toContain(
      `${meshConfig}:2:16: error[wrong-type]: accessLogFile has to be text`,
    );
    await writeFile(meshConfig, "kind: [");
    expect((await analyze(logged, "--meshConfigFile", meshConfig)).stdout).toContain(
      `${meshConfig}:1:1: error[invalid-yaml]`,
    );
  });

  it("finds the certificates of gateways in a secrets directory", async () => {
    const secrets = join(directory, "secrets");
    await mkdir(join(secrets, "istio-system/shop-tls"), { recursive: true });
    await writeFile(join(secrets, "istio-system/shop-tls/ca.crt"), "no certificate");
    const gateway = join(directory, "gateway.json");
    await writeFile(gateway, JSON.stringify(GATEWAY));
    const { stdout } = await analyze(gateway, "--secrets", secrets);
    expect(stdout).toContain(
      `${secrets}/istio-system/shop-tls/ca.crt:1:1: error[invalid-certificate]`,
    );
  });

  it("takes an ingress gateway for there, by each of its labels, behind the Service that files declare", async () => {
    const policy = {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "ingress", namespace: "istio-system" },
      spec: { selector: { matchLabels: { app: "istio-ingressgateway" } } },
    };
    const own = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "istio-ingressgateway", namespace: "istio-system" },
      spec: {
        selector: { app: "istio-ingressgateway", istio: "ingressgateway" },
        ports: [{ name: "https", port: 443, targetPort: 8443 }],
      },
    };
    const found = async (...resources: readonly object[]): Promise<string> => {
      const text = resources.map((one) => JSON.stringify(one)).join("\n---\n");
      const { stdout, stderr } = await run(["analyze", "-"], {}, text);
      return stdout + stderr;
    };
    expect(await found(GATEWAY, policy)).not.toMatch(/IST0162|IST0101.*label/);
    expect(await found(GATEWAY, policy, own)).not.toMatch(/IST0162|IST0101.*label/);
    const atWorkload = JSON.stringify(GATEWAY).replace('"number":443', '"number":8443');
    expect(await found(JSON.parse(atWorkload) as object)).not.toContain("IST0162");
    own.spec.ports = [{ name: "https", port: 8443, targetPort: 8444 }];
    expect(await found(GATEWAY, own)).toContain("has port 443: found 8443, 8444");
  });
});

/** A mesh whose configuration has no such provider. */
const LOGGED = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "accessLogFile: /dev/stdout" }
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logged, namespace: istio-system }
spec: { accessLogging: [{ providers: [{ name: mine }] }] }
`;

const GATEWAY = {
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name: "shop", namespace: "istio-system" },
  spec: {
    selector: { istio: "ingressgateway" },
    servers: [
      {
        port: { number: 443, name: "https", protocol: "HTTPS" },
        hosts: ["shop.example.com"],
        tls: { mode: "SIMPLE", credentialName: "shop-tls" },
      },
    ],
  },
};
