import { isIP } from "node:net";
import { join } from "node:path";
import { openAuthority } from "../ca/authority.js";
import { writePrivateFile } from "../ca/private-file.js";

/** A certificate for development, with its key; PEM. */
export interface DevelopmentCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Of the authority that signed it. */
  readonly root: string;
}

/** An authority apart from the mesh's own, for servers that a mesh of this kind would get certificates for elsewhere. */
export interface DevelopmentCertificates {
  /** A file with the root, for `curl --cacert`. */
  readonly rootFile: string;
  /** A certificate for these DNS names and IP addresses; the same one for the same names as long as this lives. */
  certificateFor(names: readonly string[]): Promise<DevelopmentCertificate>;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Opens the authority in a directory; a new one is made when there is none. Throws what `openAuthority` does. */
export async function openDevelopmentCertificates(
  directory: string,
): Promise<DevelopmentCertificates> {
  const authority = await openAuthority({
    stateDirectory: directory,
    trustDomain: "development",
    workloadTtlMs: YEAR_MS,
    now: Date.now,
  });
  const root = authority.roots.join("");
  const rootFile = join(directory, "root.pem");
  await writePrivateFile(rootFile, root);
  const issued = new Map<string, Promise<DevelopmentCertificate>>();
  const issue = async (names: readonly string[]): Promise<DevelopmentCertificate> => {
    const { chain, privateKey } = await authority.issueServer(
      names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
    );
    return { certificate: chain, key: privateKey.reveal(), root };
  };
  return {
    rootFile,
    certificateFor: (names) => {
      const key = names.join(" ");
      const certificate = issued.get(key) ?? issue(names);
      issued.set(key, certificate);
      return certificate;
    },
  };
}
