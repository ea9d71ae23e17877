/** An authority that is given, in the files of Istio's `cacerts` secret. See Istio, "Plug in CA Certificates". */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { CertificateError, StateFileError } from "../ca-error.js";
import { redact } from "../redacted.js";
import type { CaSlotFiles } from "./ca-slot.js";

/** The names of the files. */
export const CACERTS_FILES = [
  "ca-cert.pem",
  "ca-key.pem",
  "root-cert.pem",
  "cert-chain.pem",
] as const;

const MAX_BYTES = 1024 * 1024;
/** A mounted key may be readable by its group, as Kubernetes' fsGroup makes it; by nobody else. */
const FORBIDDEN_FOR_KEY = 0o037;

/**
 * Reads `ca-cert.pem`, `ca-key.pem`, `root-cert.pem` and, where there is one, `cert-chain.pem`. Symbolic links are
 * followed, because mounted secrets are made of them.
 * @throws CertificateError when one is missing
 * @throws StateFileError when the key can be read by everyone or written by others
 */
export async function readCacerts(directory: string): Promise<CaSlotFiles> {
  const file = (name: string): string => join(directory, name);
  return {
    key: redact(await required(file("ca-key.pem"), FORBIDDEN_FOR_KEY)),
    certificate: await required(file("ca-cert.pem")),
    roots: await required(file("root-cert.pem")),
    chain: (await read(file("cert-chain.pem"))) ?? "",
  };
}

async function required(path: string, forbiddenMode?: number): Promise<string> {
  const text = await read(path, forbiddenMode);
  if (text !== undefined) return text;
  throw new CertificateError("certificate-file", `${path} is missing`);
}

async function read(path: string, forbiddenMode = 0): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, "r");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new StateFileError("state-file-access", path, "cannot be read", { cause });
  }
  try {
    const { mode, size } = await file.stat();
    if ((mode & forbiddenMode) !== 0) {
      const text = (mode & 0o777).toString(8).padStart(4, "0");
      throw new StateFileError(
        "state-file-mode",
        path,
        `has mode ${text}, so that others may get at the key; chmod 0600 it`,
      );
    }
    if (size > MAX_BYTES) {
      throw new StateFileError("state-file-content", path, `has more than ${MAX_BYTES} bytes`);
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
