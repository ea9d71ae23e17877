/** Certificates for gateways and for hosts outside the mesh, of an authority that is for development alone. */
import { isIP } from "node:net";
import { join } from "node:path";
import { openAuthority } from "../../ca/authority/authority.js";
import { isServerName, type SubjectAltName } from "../../ca/certificate/certificate-template.js";
import { writePrivateFile } from "../../ca/private-file.js";

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
  /**
   * A certificate for these hosts, DNS names and IP addresses, as far as a certificate can have them; the same one for the same
   * hosts until it is forgotten.
   */
  certificateFor(names: readonly string[]): Promise<DevelopmentCertificate>;
  /** All that are in use have been asked for; who was not since the last but one time is forgotten. */
  age(): void;
}

/** In the place of hosts of which none can be in a certificate. */
const NOBODY = "localhost";

/** Hosts as certificates have them. One that no certificate can have is no reason to be without one for the others. */
function certifiedNames(hosts: readonly string[]): readonly SubjectAltName[] {
  const names = hosts.flatMap(certifiedName);
  return names.length === 0 ? [{ type: "dns", value: NOBODY }] : names;
}

function certifiedName(host: string): readonly SubjectAltName[] {
  if (isIP(host) !== 0) return host.includes("%") ? [] : [{ type: "ip", value: host }];
  // A last dot says that the name is complete; a wildcard is a whole label there.
  const value = host.replace(/\.$/, "").replace(/^\*[^.]+/, "*");
  return isServerName(value) ? [{ type: "dns", value }] : [];
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
  let issued = new Map<string, Promise<DevelopmentCertificate>>();
  let issuedBefore = issued;
  const issue = async (names: readonly string[]): Promise<DevelopmentCertificate> => {
    const { chain, privateKey } = await authority.issueServer(certifiedNames(names));
    return { certificate: chain, key: privateKey.reveal(), root };
  };
  return {
    rootFile,
    certificateFor: (names) => {
      const key = names.join(" ");
      const certificate = issued.get(key) ?? issuedBefore.get(key) ?? issue(names);
      issued.set(key, certificate);
      return certificate;
    },
    age: () => {
      issuedBefore = issued;
      issued = new Map();
    },
  };
}
