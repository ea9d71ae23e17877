/** The files of an authority that is given, while they change. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { start } from "./start.js";

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
