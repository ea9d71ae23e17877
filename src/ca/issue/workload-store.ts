/**
 * The certificates of workloads as files, so that a control plane that was restarted gives its proxies what they have
 * already, and not a thousand new ones. They lie beside the authority's own key and are kept as well as that.
 */

import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import type { Authority, IssuedCertificate } from "../authority/authority.js";
import {
  makePrivateDirectory,
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../private-file.js";
import { redact } from "../redacted.js";
import { identityKey, type WorkloadIdentity } from "../spiffe-id.js";

/** See the top of this file. What goes wrong is told to `onError`, and is no reason to do without a certificate. */
export interface WorkloadStore {
  /** The certificate of an identity, if there is one that can still be used. */
  load(identity: WorkloadIdentity): Promise<IssuedCertificate | undefined>;
  save(identity: WorkloadIdentity, certificate: IssuedCertificate): Promise<void>;
  /** Keeps the certificate of an identity no more, nor its key. */
  forget(identity: WorkloadIdentity): void;
  /** Resolves when nothing is being removed any more. */
  close(): Promise<void>;
}

/** What the store is made with. */
export interface WorkloadStoreOptions {
  readonly stateDirectory: string;
  readonly authority: Pick<Authority, "vouchesFor">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

const STORED_CERTIFICATE = Type.Object(
  {
    version: Type.Literal(1),
    identity: Type.String(),
    issuedAt: Type.Number(),
    notAfter: Type.Number(),
    chain: Type.String(),
    privateKey: Type.String(),
  },
  { additionalProperties: false },
);

/**
 * Opens the store of a state directory; the directory is made when it is missing. What has ended of workloads that did not come
 * back is removed behind the back of those who use it.
 * @throws StateFileError
 */
export async function openWorkloadStore(options: WorkloadStoreOptions): Promise<WorkloadStore> {
  const { stateDirectory, authority, now, onError } = options;
  const directory = join(stateDirectory, "workloads");
  await makePrivateDirectory(directory);
  let isClosed = false;
  let removing = removeEnded(directory, { now, isOver: () => isClosed }).catch(onError);
  return {
    async load(identity) {
      try {
        const content = await readPrivateFile(pathOf(directory, identity));
        const certificate =
          content === undefined ? undefined : parseStored(identity, content.toString("utf8"));
        if (certificate === undefined) return undefined;
        return authority.vouchesFor(identity, certificate.chain) ? certificate : undefined;
      } catch (error) {
        onError(error);
        return undefined;
      }
    },
    async save(identity, certificate) {
      try {
        await writePrivateFile(pathOf(directory, identity), formatStored(identity, certificate));
      } catch (error) {
        onError(error);
      }
    },
    forget(identity) {
      const remove = async (): Promise<void> => {
        await removePrivateFile(pathOf(directory, identity));
      };
      removing = Promise.all([removing, remove().catch(onError)]).then(() => undefined);
    },
    close() {
      isClosed = true;
      return removing;
    },
  };
}

/**
 * Removes what nobody can use any more. What is saved in its place at the same moment may be removed instead: then there is
 * another certificate after the next restart, which costs nothing else.
 */
async function removeEnded(
  directory: string,
  { now, isOver }: { readonly now: () => number; readonly isOver: () => boolean },
): Promise<void> {
  for (const name of await readdir(directory)) {
    if (isOver()) return;
    const path = join(directory, name);
    // What cannot be read its owner is told of, if it comes back.
    const content = await readPrivateFile(path).catch(() => undefined);
    const stored = parseJson(content?.toString("utf8") ?? "");
    if (Value.Check(STORED_CERTIFICATE, stored) && stored.notAfter <= now()) {
      await removePrivateFile(path);
    }
  }
}

/** By the hash of the identity: a name of the peer's choice is no file name. */
function pathOf(directory: string, identity: WorkloadIdentity): string {
  const hash = createHash("sha256").update(identityKey(identity)).digest("hex");
  return join(directory, `${hash.slice(0, 32)}.json`);
}

function formatStored(identity: WorkloadIdentity, certificate: IssuedCertificate): string {
  const { issuedAt, notAfter, chain, privateKey } = certificate;
  const stored: Type.Static<typeof STORED_CERTIFICATE> = {
    version: 1,
    identity: identityKey(identity),
    issuedAt,
    notAfter,
    chain,
    privateKey: privateKey.reveal(),
  };
  return `${JSON.stringify(stored, undefined, 2)}\n`;
}

/** What was written, unless it is of another identity or its key is not the certificate's. */
function parseStored(identity: WorkloadIdentity, text: string): IssuedCertificate | undefined {
  const stored = parseJson(text);
  if (!Value.Check(STORED_CERTIFICATE, stored)) return undefined;
  if (stored.identity !== identityKey(identity)) return undefined;
  const { issuedAt, notAfter, chain, privateKey } = stored;
  return isKeyOf(chain, privateKey)
    ? { issuedAt, notAfter, chain, privateKey: redact(privateKey) }
    : undefined;
}

function isKeyOf(chain: string, privateKey: string): boolean {
  try {
    const publicKey = createPublicKey(createPrivateKey(privateKey));
    return new X509Certificate(chain).publicKey.equals(publicKey);
  } catch {
    return false;
  }
}
