/** Certificates as servers get them from an authority outside of the mesh. */
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import {
  type DevelopmentCertificate,
  type DevelopmentCertificates,
  openDevelopmentCertificates,
} from "../../../src/up/made/development-certificates.js";

/** An authority for the tests of a file. Call it outside of tests. */
export async function openCertificates(): Promise<DevelopmentCertificates> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-certificates-"));
  afterAll(() => rm(directory, { recursive: true }));
  return openDevelopmentCertificates(directory);
}

/** By what a certificate is known to who is shown it. */
export function fingerprint({ certificate }: Pick<DevelopmentCertificate, "certificate">): string {
  return new X509Certificate(certificate).fingerprint256;
}
