/** An Envoy that comes in by a token whose claims name its workload, as those of the job in examples/nomad do. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startControlPlane } from "../../src/app.js";
import { findEnvoy } from "../../src/up/envoy/envoy-binary.js";
import { type EnvoyProcess, startEnvoy } from "../../src/up/envoy/envoy-process.js";
import { notedLogger } from "../outputs/note-output.js";
import { AUDIENCE, ISSUER, makeIssuer, NOMAD_CLAIMS, NOMAD_WORKLOAD } from "../unit/ca/make-jwt.js";
import { run } from "../unit/cli/run.js";
import { ownAddress } from "./harness/own-address.js";
import { INSTALLATION } from "./harness/places.js";

const MESH = join(INSTALLATION, "examples", "nomad", "mesh");
const HERE = "127.0.0.1";
const BLOCKS = { pod: 121, app: 122, egress: 123 };

async function newDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "fairlead-claims-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

interface Started {
  readonly envoy: EnvoyProcess;
  /** What the control plane wrote into its log. */
  readonly log: readonly string[];
}

/** Starts a control plane that knows the issuer, and an Envoy with a token of these claims. */
async function startWith(claims: object): Promise<Started> {
  const directory = await newDirectory();
  const at = (name: string): string => join(directory, name);
  const issuer = await makeIssuer();
  const rule = { issuer: ISSUER, audiences: [AUDIENCE], jwks: issuer.jwks };
  await writeFile(
    at("issuers.json"),
    JSON.stringify([{ ...rule, namespaces: ["default"], workload: NOMAD_WORKLOAD }]),
  );
  await writeFile(at("token"), await issuer.sign({ ...NOMAD_CLAIMS, ...claims }));
  const log: string[] = [];
  const controlPlane = await startControlPlane({
    configDirs: [MESH],
    stateDir: at("state"),
    address: HERE,
    ...{ plaintextPort: 0, tlsPort: 0, httpPort: 0 },
    tlsNames: [HERE],
    jwtIssuersFile: at("issuers.json"),
    logger: notedLogger((line) => log.push(line)),
  });
  onTestFinished(() => controlPlane.close());
  const [pod, app, egress] = [BLOCKS.pod, BLOCKS.app, BLOCKS.egress].map(ownAddress);
  const { stdout } = await run([
    ...["bootstrap", "--workload", "payments-5f1e0c9a", "--group", "payments", "--config", MESH],
    ...["--mode", "NONE", "--address", pod ?? "", "--app-address", app ?? ""],
    ...["--egress-address", egress ?? "", "--state", at("state"), "--token-file", at("token")],
    ...["--control-plane", `${HERE}:${String(controlPlane.tlsPort)}`],
  ]);
  const { FAIRLEAD_ENVOY: named, PATH: path } = process.env;
  const envoy = startEnvoy({
    binary: (await findEnvoy({ named, path, installation: INSTALLATION })).file,
    bootstrap: JSON.parse(stdout) as object,
    directory: at("envoy"),
    logFile: at("envoy.log"),
    admin: { address: pod ?? "", port: 15000 },
  });
  onTestFinished(async () => {
    await envoy.stop();
  });
  return { envoy, log };
}

test("is given the certificate of the workload that the claims name", async () => {
  const { envoy } = await startWith({});
  await envoy.ready();
  expect(await envoy.admin("/certs")).toContain('"spiffe://cluster.local/ns/default/sa/payments"');
});

test("is not let in with the token of another task of its job", async () => {
  const { log } = await startWith({ nomad_task: "web" });
  await expect.poll(() => log.join(""), { timeout: 30_000 }).toContain("jwt-subject");
  expect(log.join("")).not.toContain("proxy connected");
});
