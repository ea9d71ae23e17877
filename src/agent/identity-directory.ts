/**
 * What an agent keeps: a key with its certificate, in one file, so that at no moment there is the one without the other; the
 * roots that it trusts; and those that it was given at first. The first two are files of Envoy's own form, which reads them, too.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CertificateError, StateFileError } from "../ca/ca-error.js";
import {
  makePrivateDirectory,
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../ca/private-file.js";
import { redact } from "../ca/redacted.js";
import {
  buildIdentityFile,
  buildRootsFile,
  type IdentityFiles,
} from "../envoy/bootstrap/join-credential.js";
import { lockDirectory } from "./directory-lock.js";
import { type Identity, readIdentity, readRoots } from "./identity.js";
import { identityFiles } from "./identity-files.js";

/** A directory that this process has for itself. */
export interface IdentityDirectory {
  readonly files: IdentityFiles;
  /**
   * What is there; undefined when there is none.
   * @throws StateFileError when others can get at it
   * @throws CertificateError when it is no identity
   */
  identity(): Promise<Identity | undefined>;
  /**
   * The roots that are trusted: those that came last, unless `given`, PEM, is another text than at that time; undefined when
   * there are none.
   * @throws StateFileError when others can get at them
   * @throws CertificateError when what is given is no root
   */
  roots(given: string | undefined): Promise<string | undefined>;
  /**
   * Takes these in the place of what is there.
   * @throws StateFileError
   */
  keep(identity: Identity, roots: string): Promise<void>;
  /** Lets the next one have it. */
  release(): Promise<void>;
}

const LOCK = "agent.lock";
const GIVEN_ROOTS = "given-roots.pem";
const LEFT_BEHIND = /^\..+\.tmp$/;

/**
 * Opens a directory, for its owner alone, which is made when it is missing.
 * @throws AgentError when another agent has it
 * @throws StateFileError when it cannot be used
 */
export async function openIdentityDirectory(directory: string): Promise<IdentityDirectory> {
  await makePrivateDirectory(directory);
  const release = await lockDirectory(directory, LOCK);
  await removeLeftBehind(directory);
  const files = identityFiles(directory);
  const givenFile = join(directory, GIVEN_ROOTS);
  return {
    files,
    identity: () => readIdentityFile(files.certificate),
    roots: async (given) => {
      const before = (await readPrivateFile(givenFile))?.toString("utf8");
      const kept = await keptRoots(files.roots);
      if (given === undefined || (given === before && kept !== undefined)) return kept;
      const roots = readRoots(given);
      // In this order, so that after a crash in between it is done again.
      await writePrivateFile(files.roots, JSON.stringify(buildRootsFile(roots)));
      await writePrivateFile(givenFile, given);
      return roots;
    },
    keep: async ({ chain, privateKey }, roots) => {
      // Whoever reads the new certificate trusts its root already.
      await writePrivateFile(files.roots, JSON.stringify(buildRootsFile(roots)));
      const content = buildIdentityFile(chain, privateKey.reveal());
      await writePrivateFile(files.certificate, JSON.stringify(content));
    },
    release,
  };
}

/** Whether a file is not what was written, so that it is as if it were not there. What others can get at is not that. */
export function isSpoiled(error: unknown): error is CertificateError | StateFileError {
  return (
    error instanceof CertificateError ||
    (error instanceof StateFileError && error.code === "state-file-content")
  );
}

async function keptRoots(path: string): Promise<string | undefined> {
  try {
    return await readRootsFile(path);
  } catch (error) {
    if (isSpoiled(error)) return undefined;
    throw error;
  }
}

/** Of an agent that was ended while it wrote. */
async function removeLeftBehind(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => LEFT_BEHIND.test(name));
  for (const name of names) await removePrivateFile(join(directory, name));
}

/** The members of a secret's file, as far as they are read. */
interface SecretFile {
  readonly resources?: readonly {
    readonly tlsCertificate?: {
      readonly certificateChain?: { readonly inlineString?: string };
      readonly privateKey?: { readonly inlineString?: string };
    };
    readonly validationContext?: { readonly trustedCa?: { readonly inlineString?: string } };
  }[];
}

async function readSecretFile(path: string): Promise<SecretFile | undefined> {
  const content = await readPrivateFile(path);
  if (content === undefined) return undefined;
  try {
    return (JSON.parse(content.toString("utf8")) ?? {}) as SecretFile;
  } catch {
    // The cause may quote the key.
    throw new StateFileError("state-file-content", path, "is no JSON");
  }
}

async function readIdentityFile(path: string): Promise<Identity | undefined> {
  const file = await readSecretFile(path);
  if (file === undefined) return undefined;
  const { certificateChain, privateKey } = file.resources?.[0]?.tlsCertificate ?? {};
  const [chain, key] = [certificateChain?.inlineString, privateKey?.inlineString];
  if (chain === undefined || key === undefined) {
    throw new StateFileError("state-file-content", path, "has no key with its certificate");
  }
  return readIdentity(chain, redact(key));
}

async function readRootsFile(path: string): Promise<string | undefined> {
  const file = await readSecretFile(path);
  if (file === undefined) return undefined;
  const text = file.resources?.[0]?.validationContext?.trustedCa?.inlineString;
  if (text === undefined) {
    throw new StateFileError("state-file-content", path, "has no roots");
  }
  return readRoots(text);
}
