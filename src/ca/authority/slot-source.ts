/** Where slots come from: the state directory, where roots are made, or Istio's cacerts files, which someone else makes. */
import { randomBytes } from "node:crypto";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { CertificateError, StateFileError } from "../ca-error.js";
import { checkCertificate } from "../certificate/certificate-check.js";
import { DEFAULT_ROOT_TTL_MS, rootTemplate } from "../certificate/certificate-template.js";
import {
  generateKeyPair,
  privateKeyPem,
  publicKeyDer,
  readCertificate,
  signCertificate,
} from "../certificate/x509.js";
import { createPrivateFile, readPrivateFile } from "../private-file.js";
import { type Redacted, redact } from "../redacted.js";
import { buildCaSlot, type CaSlot, formatSlotFile, parseSlotFile } from "./ca-slot.js";
import { CACERTS_FILES, readCacerts } from "./cacerts.js";

/** The slot that signs, and the one that will when everyone trusts it. */
export interface CaSlots {
  readonly current: CaSlot;
  readonly next: CaSlot | undefined;
}

/** See the top of this file. */
export interface SlotSource {
  /**
   * What the files say now.
   * @throws StateFileError, CertificateError
   */
  read(): Promise<CaSlots>;
  /** Another text whenever the files are others; what cannot be looked at is as if it were not there. */
  version(): Promise<string>;
  /**
   * Has the next slot sign, for good.
   * @throws StateFileError
   */
  activateNext(): Promise<void>;
  /**
   * Makes the next slot, unless there is one; false also where slots are given and not made.
   * @throws StateFileError
   */
  prepareNext(): Promise<boolean>;
}

const SERIAL_BYTES = 16;

/** Where a state directory has what belongs to the authority. */
export const authorityDirectory = (stateDirectory: string): string => join(stateDirectory, "ca");

/**
 * The slots of a state directory whose `authorityDirectory` is there. A first root is made when there is none; two processes that do so at once get the same.
 * @throws StateFileError
 */
export async function openOwnSlots(
  stateDirectory: string,
  trustDomain: string,
  now: () => number,
): Promise<SlotSource> {
  const directory = authorityDirectory(stateDirectory);
  const files = { current: join(directory, "current.pem"), next: join(directory, "next.pem") };
  if ((await readPrivateFile(files.current)) === undefined) {
    await createPrivateFile(files.current, (await newRoot(trustDomain, now())).reveal());
  }
  const read = async (path: string): Promise<CaSlot | undefined> => {
    const content = await readPrivateFile(path);
    if (content === undefined) return undefined;
    const text = redact(content.toString("utf8"));
    return named(path, () => buildCaSlot(parseSlotFile(text), now()));
  };
  return {
    read: async () => {
      const current = await read(files.current);
      if (current === undefined) {
        throw new StateFileError("state-file-access", files.current, "is gone");
      }
      return { current, next: await read(files.next) };
    },
    version: () => versionOf(Object.values(files)),
    activateNext: async () => {
      // The key of the slot that goes is gone with this: nobody can sign by it any more.
      await rename(files.next, files.current).catch((cause: unknown) => {
        throw new StateFileError("state-file-access", files.next, "cannot be renamed", { cause });
      });
    },
    prepareNext: async () =>
      createPrivateFile(files.next, (await newRoot(trustDomain, now())).reveal()),
  };
}

/** The slot of a cacerts directory; when its files change they are the next slot until that is activated. */
export function givenSlots(directory: string, now: () => number): SlotSource {
  let signing: CaSlot | undefined;
  let latest: CaSlot | undefined;
  return {
    read: async () => {
      const given = await named(directory, async () =>
        buildCaSlot(await readCacerts(directory), now()),
      );
      latest = given;
      signing ??= given;
      const isSame = given.certificate.equals(signing.certificate);
      // Other roots or another way up may come with the same certificate.
      if (isSame) signing = given;
      return { current: signing, next: isSame ? undefined : given };
    },
    version: () => versionOf(CACERTS_FILES.map((name) => join(directory, name))),
    activateNext: () => {
      signing = latest;
      return Promise.resolve();
    },
    prepareNext: () => Promise.resolve(false),
  };
}

/**
 * Makes the next root of a state directory, for the control plane that runs on it to find. False when one is prepared
 * already; undefined when the directory has no root of its own.
 * @throws StateFileError, CertificateError
 */
export async function prepareNextRoot(
  stateDirectory: string,
  now: () => number,
): Promise<boolean | undefined> {
  const current = join(authorityDirectory(stateDirectory), "current.pem");
  const content = await readPrivateFile(current);
  if (content === undefined) return undefined;
  const { certificate } = await named(current, () =>
    buildCaSlot(parseSlotFile(redact(content.toString("utf8"))), now()),
  );
  const [name] = readCertificate(certificate).subjectAltNames;
  const trustDomain = (name?.value ?? "").replace("spiffe://", "");
  return (await openOwnSlots(stateDirectory, trustDomain, now)).prepareNext();
}

async function versionOf(paths: readonly string[]): Promise<string> {
  const versions = paths.map(async (path) => {
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? "" : [found.ino, found.size, found.mtimeMs].join(".");
  });
  return (await Promise.all(versions)).join(" ");
}

/** Errors about what a file or directory holds say which it is. */
async function named<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CertificateError) || error.message.startsWith(path)) throw error;
    throw new CertificateError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

async function newRoot(trustDomain: string, now: number): Promise<Redacted<string>> {
  const keys = await generateKeyPair("P-256");
  const template = rootTemplate(trustDomain, {
    now,
    ttlMs: DEFAULT_ROOT_TTL_MS,
    serial: randomBytes(SERIAL_BYTES),
  });
  const certificate = await signCertificate(template, { publicKey: keys.publicKey, issuer: keys });
  const publicKey = await publicKeyDer(keys.publicKey);
  checkCertificate(certificate, { template, publicKey, issuer: certificate, now });
  return formatSlotFile(await privateKeyPem(keys.privateKey), certificate);
}
