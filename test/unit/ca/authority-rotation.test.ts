import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type Authority, openAuthority } from "../../../src/ca/authority/authority.js";
import type { Readiness } from "../../../src/ca/authority/rotation.js";
import { prepareNextRoot } from "../../../src/ca/authority/slot-source.js";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { generateKeyPair, isIssuedBy } from "../../../src/ca/certificate/x509.js";
import { authorityTemplate, type MadeCertificate, makeCertificate } from "./make-certificate.js";
import { temporaryDirectory } from "./temporary-directory.js";

const HOUR = 3_600_000;
const TTL = 24 * HOUR;
const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };

const ready = (): Readiness => ({ waiting: [], unseen: 0, trusting: 2 });
const notReady = (): Readiness => ({ waiting: ["a.default"], unseen: 0, trusting: 1 });

let now: number;
let stateDirectory: string;

const open = (): Promise<Authority> =>
  openAuthority({ stateDirectory, now: () => now, workloadTtlMs: TTL });

/** Which of the authority's roots signs now. */
async function signer(authority: Authority): Promise<string | undefined> {
  const { chain } = await authority.issueWorkload(PAYMENTS);
  const [leaf = Buffer.alloc(0)] = certificatesOfPem(chain);
  return authority.roots.find((root) =>
    isIssuedBy(leaf, certificatesOfPem(root)[0] ?? Buffer.alloc(0)),
  );
}

beforeEach(async () => {
  now = Date.now();
  stateDirectory = await temporaryDirectory();
});

describe("a root that is replaced", () => {
  test("signs on while the next one is trusted, then gives way, then is forgotten", async () => {
    const authority = await open();
    const [first] = authority.roots;
    expect(await prepareNextRoot(stateDirectory, () => now)).toBe(true);

    await authority.advance(ready);
    const [, second] = authority.roots;
    expect(authority.roots).toEqual([first, second]);
    expect(await signer(authority)).toBe(first);

    await authority.advance(notReady);
    expect(await signer(authority)).toBe(first);

    await authority.advance(ready);
    expect(await signer(authority)).toBe(second);
    expect(authority.roots).toEqual([first, second]);

    now += TTL - 1;
    await authority.advance(ready);
    expect(authority.roots).toEqual([first, second]);
    now += 1;
    await authority.advance(ready);
    expect(authority.roots).toEqual([second]);
  });

  test("signs on until agents have the next one, also when the authority was opened again meanwhile", async () => {
    const authority = await open();
    const [first] = authority.roots;
    const { publicKey } = await generateKeyPair("P-256");
    const certify = (by: Authority) =>
      by.certifyWorkload(PAYMENTS, { type: "P-256", publicKey }, TTL);
    expect((await certify(authority)).roots).toEqual([first]);
    now += HOUR;
    await prepareNextRoot(stateDirectory, () => now);
    const again = await open();
    await again.advance(ready);
    const [, second] = again.roots;
    // Who is given both is not waited for.
    now += TTL / 2;
    expect((await certify(again)).roots).toEqual([first, second]);
    await again.advance(ready);
    expect(await signer(again)).toBe(first);
    now += TTL / 2;
    await again.advance(ready);
    expect(await signer(again)).toBe(second);
  });

  test("has one status, the same object, until something in it changes", async () => {
    const authority = await open();
    const before = authority.status();
    await authority.advance(ready);
    expect(authority.status()).toBe(before);

    await prepareNextRoot(stateDirectory, () => now);
    await authority.advance(notReady);
    expect(authority.status().next).toHaveLength(1);
  });

  test("leaves no key behind when it signs no more", async () => {
    const authority = await open();
    const key = await readFile(join(stateDirectory, "ca", "current.pem"), "utf8");
    await prepareNextRoot(stateDirectory, () => now);
    await authority.advance(ready);
    await authority.advance(ready);
    const files = await readdir(join(stateDirectory, "ca"));
    expect(files.sort()).toEqual(["current.pem", "roots.json"]);
    const secret = key.split("\n")[1] ?? "";
    for (const file of files) {
      const text = await readFile(join(stateDirectory, "ca", file), "utf8");
      expect(text).not.toContain(secret);
    }
  });

  test("is trusted on after a restart, for as long as without it", async () => {
    const first = await open();
    await prepareNextRoot(stateDirectory, () => now);
    await first.advance(ready);
    await first.advance(ready);
    now += HOUR;
    const second = await open();
    expect(second.roots).toEqual(first.roots);
    now += TTL - HOUR;
    await second.advance(ready);
    expect(second.roots).toHaveLength(1);
  });

  test("is replaced by one at a time", async () => {
    await open();
    expect(await prepareNextRoot(stateDirectory, () => now)).toBe(true);
    expect(await prepareNextRoot(stateDirectory, () => now)).toBe(false);
  });

  test("is replaced in time before it ends, without being asked to", async () => {
    const authority = await open();
    now += 3300 * 24 * HOUR;
    await authority.advance(ready);
    expect(authority.roots).toHaveLength(2);
  });
});

test("a next root that others can read is not taken, and the present one signs on", async () => {
  const authority = await open();
  await prepareNextRoot(stateDirectory, () => now);
  await chmod(join(stateDirectory, "ca", "next.pem"), 0o644);
  await expect(authority.advance(ready)).rejects.toMatchObject({ code: "state-file-mode" });
  expect(authority.roots).toHaveLength(1);
  expect(await signer(authority)).toBe(authority.roots[0]);
});

test("a state directory without a root of its own has no next one", async () => {
  expect(await prepareNextRoot(stateDirectory, () => now)).toBeUndefined();
});

describe("cacerts files that change", () => {
  let cacertsDirectory: string;
  const openGiven = (): Promise<Authority> =>
    openAuthority({ stateDirectory, cacertsDirectory, now: () => now, workloadTtlMs: TTL });

  async function give({ pem, keyPem }: MadeCertificate): Promise<void> {
    const files = { "ca-cert.pem": pem, "ca-key.pem": keyPem, "root-cert.pem": pem };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(cacertsDirectory, name), text, { mode: 0o600 });
    }
  }

  beforeEach(async () => {
    cacertsDirectory = await temporaryDirectory();
  });

  test("are trusted first, and sign when everyone trusts them", async () => {
    const [one, two] = [
      await makeCertificate(authorityTemplate()),
      await makeCertificate(authorityTemplate({ subject: "CN=two" })),
    ];
    await give(one);
    const authority = await openGiven();
    await give(two);
    await authority.advance(ready);
    expect(authority.roots).toEqual([one.pem, two.pem]);
    expect(await signer(authority)).toBe(one.pem);
    await authority.advance(ready);
    expect(await signer(authority)).toBe(two.pem);
    now += TTL;
    await authority.advance(ready);
    expect(authority.roots).toEqual([two.pem]);
  });

  test("are not taken while they do not belong together", async () => {
    const one = await makeCertificate(authorityTemplate());
    await give(one);
    const authority = await openGiven();
    const { keyPem } = await makeCertificate(authorityTemplate());
    await writeFile(join(cacertsDirectory, "ca-key.pem"), `${keyPem}\n`);
    await expect(authority.advance(ready)).rejects.toMatchObject({ code: "certificate-chain" });
    expect(await signer(authority)).toBe(one.pem);
  });
});
