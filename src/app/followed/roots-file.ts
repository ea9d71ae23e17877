/** Roots of servers that the control plane calls. */
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { certificatesOfPem } from "../../ca/certificate/pem.js";
import { AppError } from "../app-error.js";

/**
 * Those that Node has, and those of a file, in PEM.
 * @throws AppError when the file cannot be read, or has none
 */
export async function rootsWith(path: string): Promise<readonly string[]> {
  const hint = "it is a file of certificates in PEM";
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new AppError("roots-unusable", `${path} cannot be read`, { hint, cause });
  });
  if (certificatesOfPem(text).length === 0) {
    throw new AppError("roots-unusable", `${path} has no certificate`, { hint });
  }
  return [...rootCertificates, text];
}
