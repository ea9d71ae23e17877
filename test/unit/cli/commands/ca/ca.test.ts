import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openAuthority } from "../../../../../src/ca/authority/authority.js";
import { rotationStatus, saveStatus } from "../../../../../src/ca/authority/rotation-status.js";
import { generateKeyPair } from "../../../../../src/ca/certificate/x509.js";
import { authorityTemplate, makeCertificate } from "../../../ca/make-certificate.js";
import { run } from "../../run.js";

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "fairlead-ca-"));
});

afterEach(() => {
  rmSync(state, { recursive: true });
});

const ca = (...args: string[]) => run(["ca", ...args, "--state", state]);
const nobody = () => ({ waiting: ["b.default"], trusting: 1, unseen: 2 });

/** What a control plane does on a state directory. */
async function serve(stateDirectory = state): Promise<void> {
  const authority = await openAuthority({ stateDirectory, now: Date.now });
  await authority.advance(nobody);
  await saveStatus(stateDirectory, rotationStatus(authority.status(), nobody));
}

test("says which root signs, and until when", async () => {
  await serve();
  const { code, stdout } = await ca("status");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ROLE +ROOT +SHA-256 +VALID UNTIL +TRUSTED\n/);
  expect(stdout).toMatch(/\nsigns +O=cluster.local, CN=fairlead root \w{8} +\w{16} .* since 20/);
});

test("says until when an authority signs that is below the root", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-cacerts-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
  const notAfter = Date.UTC(2040, 0, 1);
  const below = await makeCertificate(
    authorityTemplate({ subject: "CN=below", notAfter }),
    root.issuer,
  );
  const files = {
    "ca-cert.pem": below.pem,
    "ca-key.pem": below.keyPem,
    "root-cert.pem": root.pem,
    "cert-chain.pem": below.pem + root.pem,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
  }
  const authority = await openAuthority({
    stateDirectory: state,
    cacertsDirectory: directory,
    now: Date.now,
  });
  await saveStatus(state, rotationStatus(authority.status(), nobody));
  const ends = authority.status().signing.notAfter;
  const until = new Date(ends).toISOString();
  expect((await ca("status")).stdout).toContain(`\n\nCN=below signs below it, until ${until}\n`);
  expect(JSON.parse((await ca("status", "-o", "json")).stdout)).toMatchObject({
    signing: { subject: "CN=below", notAfter: until },
  });
});

test("without a directory it is about the control plane that runs, also that of up", async () => {
  const shop = join(state, "fairlead", "up", "shop-1");
  mkdirSync(shop, { recursive: true, mode: 0o700 });
  await serve(shop);
  const status = () => run(["ca", "status"], { XDG_STATE_HOME: state });
  expect(await status()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      `no control plane has run on ${join(state, "fairlead")}`,
    ) as string,
  });
  const running = createServer();
  onTestFinished(() => {
    running.close();
  });
  await new Promise<void>((resolve) => {
    running.listen(join(shop, "debug.sock"), resolve);
  });
  const { code, stdout } = await status();
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nsigns +O=cluster.local/);
  const tokens = await run(["token", "revoke", "k3v5wq2m7a"], { XDG_STATE_HOME: state });
  expect(tokens.stderr).toContain(`there is no token k3v5wq2m7a in ${shop}`);
});

test("prints the roots that are trusted, as a file for other machines", async () => {
  await serve();
  const { roots } = await openAuthority({ stateDirectory: state, now: Date.now });
  expect(await ca("root")).toEqual({ code: 0, stdout: roots.join(""), stderr: "" });
});

test("says until when agents are waited for that keep their keys", async () => {
  const authority = await openAuthority({ stateDirectory: state, now: Date.now });
  const { publicKey } = await generateKeyPair("P-256");
  const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "a" };
  await authority.certifyWorkload(identity, { type: "P-256", publicKey }, 60_000);
  await ca("rotate");
  await serve();
  const { stdout } = await ca("status");
  expect(stdout).toMatch(/\nagents that keep their keys have the next root by 20\d\d-/);
  expect(JSON.parse((await ca("status", "-o", "json")).stdout)).toMatchObject({
    proxies: { agentsUntil: expect.stringMatching(/^20\d\d-/) },
  });
});

test("prepares the next root once, and says who does not trust it yet", async () => {
  await serve();
  expect(await ca("rotate")).toMatchObject({ code: 0, stdout: "" });
  await serve();
  const { stdout } = await ca("status");
  expect(stdout).toMatch(/\nnext +O=cluster.local/);
  expect(stdout).toContain("1 of 4 proxies trust the next root\nwaiting for: b.default\n2 get");
  expect(await ca("rotate")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("prepared already") as string,
  });
  const { roots, proxies } = JSON.parse((await ca("status", "-o", "json")).stdout) as {
    readonly roots: readonly { readonly role: string }[];
    readonly proxies: object;
  };
  expect(roots.map(({ role }) => role)).toEqual(["signs", "next"]);
  expect(proxies).toEqual(nobody());
});

test.each(["status", "rotate"])(
  "%s says what to do when there is no authority yet",
  async (command) => {
    expect(await ca(command)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("fairlead serve") as string,
    });
  },
);
