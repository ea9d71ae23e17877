/** The root is replaced of a mesh that has two control planes. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { certificatesOfPem, fingerprintOfPem } from "../../../src/ca/certificate/pem.js";
import { isIssuedBy } from "../../../src/ca/certificate/x509.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { run } from "../../unit/cli/run.js";
import { certificateOf, openAds } from "./ads-client.js";
import { type Started, start } from "./start.js";

vi.setConfig({ testTimeout: 60_000 });

const SOON = { timeout: 20_000 };

type Made = Awaited<ReturnType<typeof makeCertificate>>;

/** What a control plane is given of its authority. */
const filesOf = (
  { pem, keyPem }: Made,
  roots: readonly Made[],
): Readonly<Record<string, string>> => ({
  "root-cert.pem": roots.map((root) => root.pem).join(""),
  "ca-key.pem": keyPem,
  "ca-cert.pem": pem,
});

async function give(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 });
  }
}

async function giveAuthority(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-rotated-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await give(directory, files);
  return directory;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return address.port;
}

interface Status {
  readonly roots: readonly { readonly role: string; readonly fingerprint: string }[];
  readonly proxies?: { readonly trusting: number; readonly waiting: readonly string[] };
}

async function statusOf({ state }: Started): Promise<Status> {
  const { stdout } = await run(["ca", "status", "--state", state, "-o", "json"]);
  return JSON.parse(stdout) as Status;
}

/** The fingerprint of the root that signs. */
async function signing(started: Started): Promise<string | undefined> {
  return (await statusOf(started)).roots.find(({ role }) => role === "signs")?.fingerprint;
}

/** A proxy that accepts what it is sent; the result has its last certificate. */
async function connect({ overTls, token }: Started, name: string): Promise<() => Buffer> {
  let last = Buffer.alloc(0);
  const client = openAds({
    ...{ ...overTls, name, serviceAccount: "payments", token: await token() },
    judge: ({ typeUrl, names, bodies }) => {
      const body = typeUrl === TYPE_URL.secret ? bodies[names.indexOf("default")] : undefined;
      const [leaf] = body === undefined ? [] : certificatesOfPem(certificateOf(body).chain);
      last = leaf === undefined ? last : Buffer.from(leaf);
      return undefined;
    },
  });
  await client.ask(TYPE_URL.secret, ["default", "ROOTCA"]);
  return () => last;
}

test("a control plane does not sign by the next root before the proxies of the other trust it, and says whom it waits for", async () => {
  const [old, next] = [
    await makeCertificate(authorityTemplate()),
    await makeCertificate(authorityTemplate()),
  ];
  const [oldRoot = Buffer.alloc(0)] = certificatesOfPem(old.pem);
  const dirs = [await giveAuthority(filesOf(old, [old])), await giveAuthority(filesOf(old, [old]))];
  const [firstDir = "", secondDir = ""] = dirs;
  const ports = [await freePort(), await freePort()];
  const [firstPort = 0, secondPort = 0] = ports;
  const peer = (port: number) => ({ peers: [{ host: "127.0.0.1", port }] });
  const [first, second] = await Promise.all([
    start("", { cacertsDir: firstDir, tlsPort: firstPort, ...peer(secondPort) }),
    start("", { cacertsDir: secondDir, tlsPort: secondPort, ...peer(firstPort) }),
  ]);
  const ofFirst = await connect(first, "one-0");
  const ofSecond = await connect(second, "two-0");

  // All at once, and at one of them alone: what must not be done.
  await give(firstDir, filesOf(next, [next]));
  const waiting = [`the proxies of the control plane 127.0.0.1:${String(secondPort)}`];
  await expect
    .poll(async () => (await statusOf(first)).proxies, SOON)
    .toMatchObject({ trusting: 1, waiting });
  expect(await signing(first)).toBe(fingerprintOfPem(old.pem));

  await give(secondDir, { "root-cert.pem": old.pem + next.pem });
  await expect.poll(() => signing(first), SOON).toBe(fingerprintOfPem(next.pem));
  expect(await signing(second)).toBe(fingerprintOfPem(old.pem));
  expect([ofFirst(), ofSecond()].map((one) => isIssuedBy(one, oldRoot))).toEqual([true, true]);

  await give(secondDir, filesOf(next, [next]));
  await expect.poll(() => signing(second), SOON).toBe(fingerprintOfPem(next.pem));
});
