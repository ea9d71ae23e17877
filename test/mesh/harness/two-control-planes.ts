/** Two control planes of one authority, each on a host of its own, and proxies that know both by one name. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { envoyFile, MAIN } from "./host-programs.js";
import type { TestHost, TestProcess } from "./namespaces.js";

/** The name of both control planes. */
const NAME = "mesh.example.com";

/** Where the applications of workloads listen. */
export const APP_PORT = 8080;

/** A service `called`, of the workloads of this label, and mutual TLS for all. */
export const CALLED_MESH = `
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

/** A control plane that runs. */
export interface HostedControlPlane {
  readonly host: TestHost;
  readonly process: TestProcess;
  readonly state: string;
}

/** A directory with the files of an authority in `cacerts`, and one for the configuration, `mesh`; gone when the test is over. */
export async function makeDirectory(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-two-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const name of ["mesh", "cacerts"]) await mkdir(join(root, name));
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
  return root;
}

/** Starts a control plane on a host, with a state directory of a name. */
export async function startHostedControlPlane(
  host: TestHost,
  root: string,
  name: string,
  options: readonly string[] = [],
): Promise<HostedControlPlane> {
  const state = join(root, name);
  const started = host.start(process.execPath, [
    ...[MAIN, "serve", "--config", join(root, "mesh"), "--cacerts", join(root, "cacerts")],
    ...["--state", state, "--address", host.address, "--tls-name", NAME, ...options],
  ]);
  await started.wrote(/"msg":"serving"/);
  return { host, process: started, state };
}

/** Has a host know the control planes by their name. */
export async function nameControlPlanes(
  host: TestHost,
  controlPlanes: readonly { readonly address: string }[],
): Promise<void> {
  const names = controlPlanes.map(({ address }) => `${address} ${NAME}`).join("\n");
  await host.exec("sh", ["-c", 'printf "%s\\n" "$0" >> /etc/hosts', names]);
}

/** Starts the proxy of a workload, with a token of the control plane of a state directory; ready when that was taken. */
export async function startHostedProxy(
  host: TestHost,
  name: string,
  { root, state }: { readonly root: string; readonly state: string },
): Promise<TestProcess> {
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
  return started;
}

const CONNECTED = /"proxy":"([^"]+)"[^\n]*"msg":"proxy connected"/g;

/** The proxies that ever came to a control plane, in order. */
export const connectedTo = (one: HostedControlPlane): readonly (string | undefined)[] =>
  [...one.process.output().matchAll(CONNECTED)].map(([, proxy]) => proxy);

/** A workload where the files say that it is, so that each control plane knows that. */
export const workloadEntry = (name: string, { address }: Pick<TestHost, "address">): string => `---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: ${name}-0}
spec: {address: ${address}, labels: {app: ${name}}, serviceAccount: ${name}}
`;
