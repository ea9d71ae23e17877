/** Two control planes of one authority, on hosts of their own, of which one goes while requests are made. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { authorityTemplate, makeCertificate } from "../unit/ca/make-certificate.js";
import { APPLICATION, envoyFile, MAIN } from "./harness/host-programs.js";
import {
  namespacesMissing,
  startNetwork,
  type TestHost,
  type TestNetwork,
  type TestProcess,
} from "./harness/namespaces.js";

/** The name of both control planes. */
const NAME = "mesh.example.com";
const APP_PORT = 8080;
const WORKLOADS = ["called", "caller"] as const;
const REQUESTS = 200;

interface ControlPlane {
  readonly host: TestHost;
  readonly process: TestProcess;
  readonly pid: number;
  readonly state: string;
}

/** The workloads are where the files say, so that both control planes know that. */
const workload = (name: string, { address }: TestHost): string => `---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: ${name}-0}
spec: {address: ${address}, labels: {app: ${name}}, serviceAccount: ${name}}
`;

const MESH = `
apiVersion: v1
kind: Service
metadata: {name: called}
spec:
  selector: {app: called}
  ports: [{name: http, port: 80, targetPort: ${String(APP_PORT)}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
`;

const EDITION = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: called}
spec:
  hosts: [called]
  http:
  - headers: {response: {set: {x-edition: second}}}
    route: [{destination: {host: called}}]
`;

async function makeDirectory(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-two-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const name of ["mesh", "cacerts"]) await mkdir(join(root, name));
  return root;
}

async function giveAuthority(root: string): Promise<void> {
  const { pem, keyPem } = await makeCertificate(authorityTemplate());
  const files = {
    "ca-cert.pem": pem,
    "ca-key.pem": keyPem,
    "root-cert.pem": pem,
    "cert-chain.pem": pem,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(root, "cacerts", name), text, { mode: 0o600 });
  }
}

async function startControlPlane(
  network: TestNetwork,
  root: string,
  name: string,
): Promise<ControlPlane> {
  const host = await network.addHost(name);
  const state = join(root, name);
  const process_ = host.start(process.execPath, [
    ...[MAIN, "serve", "--config", join(root, "mesh"), "--cacerts", join(root, "cacerts")],
    ...["--state", state, "--address", host.address, "--tls-name", NAME],
  ]);
  await process_.wrote(/"msg":"serving"/);
  const [, pid] = /"pid":(\d+)/.exec(process_.output()) ?? [];
  return { host, process: process_, pid: Number(pid), state };
}

/** Starts a proxy that looks the control planes up by their name, with a token of the first; ready when that was taken. */
async function startProxy(
  host: TestHost,
  name: string,
  controlPlanes: readonly ControlPlane[],
  root: string,
): Promise<void> {
  const [{ state } = { state: "" }] = controlPlanes;
  const names = controlPlanes.map((one) => `${one.host.address} ${NAME}`).join("\n");
  await host.exec("sh", ["-c", 'printf "%s\\n" "$0" >> /etc/hosts', names]);
  const token = await host.exec(process.execPath, [
    ...[MAIN, "token", "create", "--state", state, "--service-account", `default/${name}`],
  ]);
  const tokenFile = join(root, `${name}.token`);
  await writeFile(tokenFile, token, { mode: 0o600 });
  const bootstrap = await host.exec(process.execPath, [
    ...[MAIN, "bootstrap", "--workload", `${name}-0.default`, "--config", join(root, "mesh")],
    ...["--address", host.address, "--mode", "NONE", "--token-file", tokenFile],
    ...["--control-plane", `${NAME}:15012`],
    ...["--root-cert", join(root, "cacerts", "root-cert.pem")],
  ]);
  const file = join(root, `${name}.json`);
  await writeFile(file, bootstrap);
  const started = host.start(await envoyFile(), [
    ...["-c", file, "--concurrency", "1", "--disable-hot-restart", "-l", "info"],
  ]);
  await started.wrote(/all dependencies initialized. starting workers/);
}

const CONNECTED = /"proxy":"([^"]+)"[^\n]*"msg":"proxy connected"/g;
const connectedTo = (one: ControlPlane): readonly (string | undefined)[] =>
  [...one.process.output().matchAll(CONNECTED)].map(([, proxy]) => proxy);

const missing = await namespacesMissing();

test.skipIf(missing !== undefined)(
  `proxies go on with another control plane of the same authority when theirs is gone, and no request fails${missing === undefined ? "" : ` (${missing})`}`,
  async () => {
    const root = await makeDirectory();
    await giveAuthority(root);
    const network = await startNetwork();
    const [called, caller] = [await network.addHost("called"), await network.addHost("caller")];
    const hosts = { called, caller };
    const entries = WORKLOADS.map((name) => workload(name, hosts[name]));
    await writeFile(join(root, "mesh", "mesh.yaml"), [MESH, ...entries].join(""));
    const first = await startControlPlane(network, root, "first");
    const second = await startControlPlane(network, root, "second");
    const application = called.start(process.execPath, [
      ...[APPLICATION, "called", String(APP_PORT), "127.0.0.1"],
    ]);
    await application.wrote(/listening/);
    for (const name of WORKLOADS) await startProxy(hosts[name], name, [first, second], root);
    expect(connectedTo(first)).toEqual(["called-0.default", "caller-0.default"]);
    expect(connectedTo(second)).toEqual([]);

    const request =
      "curl -s -m 5 -o /dev/null -w '%{http_code}\\n' -x http://127.0.0.1:15007 http://called/";
    const load = caller.start("sh", [
      ...["-c", `for i in $(seq ${String(REQUESTS)}); do ${request}; done; echo over`],
    ]);
    await load.wrote(/200/);
    process.kill(first.pid, "SIGKILL");
    await second.process.wrote(/caller-0\.default[^\n]*"msg":"proxy connected"/);
    await second.process.wrote(/called-0\.default[^\n]*"msg":"proxy connected"/);
    await load.wrote(/over/);
    expect(load.output().trim().split("\n")).toEqual([
      ...new Array<string>(REQUESTS).fill("200"),
      "over",
    ]);

    await writeFile(join(root, "mesh", "edition.yaml"), EDITION);
    await second.host.exec(process.execPath, [MAIN, "wait", "--state", second.state]);
    const answer = await caller.exec("curl", [
      ...["-si", "-m", "5", "-x", "http://127.0.0.1:15007", "http://called/"],
    ]);
    expect(answer).toMatch(/^x-edition: second\r$/m);
  },
);
