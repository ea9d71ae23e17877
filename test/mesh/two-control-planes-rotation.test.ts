/** The root is replaced of a mesh with two control planes, while requests are made. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fingerprintOfPem } from "../../src/ca/certificate/pem.js";
import { authorityTemplate, makeCertificate } from "../unit/ca/make-certificate.js";
import { run } from "../unit/cli/run.js";
import { APPLICATION } from "./harness/host-programs.js";
import { namespacesMissing, startNetwork, type TestHost } from "./harness/namespaces.js";
import {
  APP_PORT,
  CALLED_MESH,
  type HostedControlPlane,
  makeDirectory,
  nameControlPlanes,
  startHostedControlPlane,
  startHostedProxy,
  workloadEntry,
} from "./harness/two-control-planes.js";

const SOON = { timeout: 30_000, interval: 200 };

/** Each request has a connection of its own, so that certificates are looked at. */
const NEW_CONNECTIONS = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: called}
spec: {host: called, trafficPolicy: {connectionPool: {http: {maxRequestsPerConnection: 1}}}}
`;

interface Status {
  readonly roots: readonly { readonly role: string; readonly fingerprint: string }[];
  readonly proxies?: { readonly trusting: number; readonly waiting: readonly string[] };
}

async function statusOf({ state }: HostedControlPlane): Promise<Status> {
  const { stdout } = await run(["ca", "status", "--state", state, "-o", "json"]);
  return JSON.parse(stdout) as Status;
}

async function signing(one: HostedControlPlane): Promise<readonly string[]> {
  const { roots } = await statusOf(one);
  return roots.filter(({ role }) => role === "signs").map(({ fingerprint }) => fingerprint);
}

type Made = Awaited<ReturnType<typeof makeCertificate>>;

async function give(
  directory: string,
  { pem, keyPem }: Made,
  roots: readonly Made[],
): Promise<void> {
  const files = {
    "root-cert.pem": roots.map((root) => root.pem).join(""),
    "ca-key.pem": keyPem,
    "ca-cert.pem": pem,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 });
  }
}

const missing = await namespacesMissing();

test.skipIf(missing !== undefined)(
  `the root is replaced at one control plane after the other, and no request fails, though the first is given it before the other knows of it${missing === undefined ? "" : ` (${missing})`}`,
  { timeout: 180_000 },
  async () => {
    const root = await makeDirectory();
    const [old, next] = [
      await makeCertificate(authorityTemplate()),
      await makeCertificate(authorityTemplate()),
    ];
    const dirs = { first: join(root, "first-ca"), second: join(root, "second-ca") };
    for (const directory of [join(root, "cacerts"), dirs.first, dirs.second]) {
      await mkdir(directory, { recursive: true });
      await give(directory, old, [old]);
    }
    await writeFile(join(root, "cacerts", "cert-chain.pem"), old.pem);
    const network = await startNetwork();
    const [called, caller] = [await network.addHost("called"), await network.addHost("caller")];
    const hosts = [await network.addHost("first"), await network.addHost("second")] as const;
    const entries = [workloadEntry("called", called), workloadEntry("caller", caller)];
    await writeFile(
      join(root, "mesh", "mesh.yaml"),
      [CALLED_MESH, NEW_CONNECTIONS, ...entries].join(""),
    );
    const startOne = (name: "first" | "second", host: TestHost, other: TestHost) =>
      startHostedControlPlane(host, root, name, [
        ...["--cacerts", dirs[name], "--tls-name", host.address],
        ...["--peer", `${other.address}:15012`],
      ]);
    const first = await startOne("first", hosts[0], hosts[1]);
    const second = await startOne("second", hosts[1], hosts[0]);
    const application = called.start(process.execPath, [
      ...[APPLICATION, "called", String(APP_PORT), "127.0.0.1"],
    ]);
    await application.wrote(/listening/);
    await nameControlPlanes(called, [hosts[0]]);
    await nameControlPlanes(caller, [hosts[1]]);
    await startHostedProxy(called, "called", { root, state: first.state });
    await startHostedProxy(caller, "caller", { root, state: second.state });

    const stop = join(root, "stop");
    const request =
      "curl -s -m 5 -o /dev/null -w '%{http_code}\\n' -x http://127.0.0.1:15007 http://called/";
    const load = caller.start("sh", [
      ...["-c", `until [ -e ${stop} ]; do ${request}; sleep 0.02; done; echo over`],
    ]);
    await load.wrote(/200/);

    await give(dirs.first, next, [next]);
    const waiting = [`the proxies of the control plane ${hosts[1].address}:15012`];
    await expect
      .poll(async () => (await statusOf(first)).proxies, SOON)
      .toMatchObject({ trusting: 1, waiting });
    await writeFile(join(dirs.second, "root-cert.pem"), old.pem + next.pem, { mode: 0o600 });
    await expect.poll(() => signing(first), SOON).toEqual([fingerprintOfPem(next.pem)]);
    await give(dirs.second, next, [next]);
    await expect.poll(() => signing(second), SOON).toEqual([fingerprintOfPem(next.pem)]);
    // A connection is made by what is signed now.
    const before = load.output().length;
    await expect.poll(() => load.output().length - before, SOON).toBeGreaterThan(100);

    await writeFile(stop, "");
    await load.wrote(/over/);
    const codes = load.output().trim().split("\n").slice(0, -1);
    expect(codes.filter((code) => code !== "200")).toEqual([]);
  },
);
