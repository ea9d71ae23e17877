import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { openDevelopmentCertificates } from "../../../../src/up/made/development-certificates.js";
import { temporaryDirectory } from "../../ca/temporary-directory.js";

const open = async () => openDevelopmentCertificates(await temporaryDirectory());

/** The names of a certificate for some hosts. */
async function namesFor(...hosts: readonly string[]): Promise<readonly string[]> {
  const { certificate } = await (await open()).certificateFor(hosts);
  return new X509Certificate(certificate).subjectAltName?.split(", ") ?? [];
}

const LABELS = Array.from({ length: 4 }, () => "x".repeat(62)).join(".");

test.each([
  ["a.example.com", ["DNS:a.example.com"]],
  ["*.example.com", ["DNS:*.example.com"]],
  ["complete.example.com.", ["DNS:complete.example.com"]],
  ["*-v1.example.com", ["DNS:*.example.com"]],
  ["127.0.0.1", ["IP Address:127.0.0.1"]],
  ["::1", ["IP Address:0:0:0:0:0:0:0:1"]],
  [`${LABELS}xx`, [`DNS:${LABELS}xx`]],
])("a certificate for %s has it as certificates do", async (host, names) => {
  expect(await namesFor(host)).toEqual(names);
});

test.each(["", "*", "*all", "a b", "fe80::1%eth0", `${LABELS}.xxxx`])(
  "%j, which no certificate can have, is no reason to have none",
  async (host) => {
    expect(await namesFor(host)).toEqual(["DNS:localhost"]);
    expect(await namesFor("a.example.com", host)).toEqual(["DNS:a.example.com"]);
  },
);

test("it is the same one as long as its hosts are in use, and forgotten when they are no longer", async () => {
  const certificates = await open();
  const kept = await certificates.certificateFor(["kept"]);
  const gone = await certificates.certificateFor(["gone"]);
  for (let i = 0; i < 2; i++) {
    certificates.age();
    expect(await certificates.certificateFor(["kept"])).toBe(kept);
  }
  expect(await certificates.certificateFor(["gone"])).not.toBe(gone);
});

test("it is the same one for the same hosts", async () => {
  const certificates = await open();
  const hosts = ["b.example.com", "c.example.com"];
  expect(await certificates.certificateFor(hosts)).toBe(await certificates.certificateFor(hosts));
});
