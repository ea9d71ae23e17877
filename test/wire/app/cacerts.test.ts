/** The files of an authority that is given, while they change. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { start } from "./start.js";

const HOUR_MS = 60 * 60 * 1000;

test("an authority below a root that ends soon is told of, in the log and as a metric, until another is given", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-cacerts-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const give = (name: string, text: string): Promise<void> =>
    writeFile(join(directory, name), text, { mode: 0o600 });
  const root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
  const now = wholeSeconds(Date.now());
  const giveAuthority = async (subject: string, notAfter: number): Promise<void> => {
    const template = authorityTemplate({ subject, notBefore: now - 10 * HOUR_MS, notAfter });
    const signing = await makeCertificate(template, root.issuer);
    await give("cert-chain.pem", signing.pem + root.pem);
    await give("ca-key.pem", signing.keyPem);
    await give("ca-cert.pem", signing.pem);
  };
  await give("root-cert.pem", root.pem);
  await giveAuthority("CN=old", now + HOUR_MS);
  const { controlPlane, log } = await start("", { cacertsDir: directory });
  const told = (): readonly object[] =>
    log.filter((line) => line.includes("ends soon")).map((line) => JSON.parse(line) as object);
  await expect.poll(told, { timeout: 10_000 }).toHaveLength(1);
  expect(told()).toMatchObject([
    { level: 40, subject: "CN=old", ends: new Date(now + HOUR_MS).toISOString() },
  ]);
  const expiry = async (): Promise<string | undefined> => {
    const page = await fetch(`http://127.0.0.1:${controlPlane.httpPort}/metrics`);
    return /^citadel_server_cert_chain_expiry_timestamp (\S+)$/m.exec(await page.text())?.[1];
  };
  expect(Number(await expiry())).toBe((now + HOUR_MS) / 1000);
  await giveAuthority("CN=new", now + 90 * HOUR_MS);
  await expect.poll(expiry, { timeout: 10_000 }).toBe(String((now + 90 * HOUR_MS) / 1000));
  expect(told()).toHaveLength(1);
});

const wholeSeconds = (ms: number): number => ms - (ms % 1000);

test("files that do not fit change nothing, and the log tells what is wrong with them and no more", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-cacerts-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const give = (name: string, text: string): Promise<void> =>
    writeFile(join(directory, name), text, { mode: 0o600 });
  const root = await makeCertificate(authorityTemplate());
  await give("ca-cert.pem", root.pem);
  await give("ca-key.pem", root.keyPem);
  await give("root-cert.pem", root.pem);
  const { controlPlane, log } = await start("", { cacertsDir: directory });
  const other = await makeCertificate(authorityTemplate());
  await give("ca-key.pem", other.keyPem);
  const problems = (): readonly string[] => log.filter((line) => line.includes('"level":50'));
  await expect.poll(problems, { timeout: 10_000 }).toHaveLength(1);
  expect(JSON.parse(problems()[0] ?? "")).toMatchObject({
    code: "certificate-chain",
    msg: `${directory}: the private key is not that of the certificate; what was in force stays`,
  });
  expect(problems()[0]).not.toContain("stack");
  expect(controlPlane.rootCertificates).toBe(root.pem);
});
