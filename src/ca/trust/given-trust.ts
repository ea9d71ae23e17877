/** Whom to trust beside those whom the authority signed, and whom no more: files that somebody else keeps fresh. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { CertificateError, StateFileError } from "../ca-error.js";
import { NO_REVOCATIONS, parseRevocationLists, type RevocationLists } from "./revocation-lists.js";
import { isBundleFile, parseTrustBundle, type TrustBundle } from "./trust-bundle.js";

/** See the top of this file. */
export interface GivenTrust {
  /** Of other trust domains, sorted by their names; two files may be of one. */
  readonly bundles: readonly TrustBundle[];
  readonly revocations: RevocationLists;
}

/** The trust domains of its bundles, each once. */
export function federatedDomains({ bundles }: GivenTrust): readonly string[] {
  return [...new Set(bundles.map(({ trustDomain }) => trustDomain))];
}

/** Where these files are. */
export interface GivenTrustPlaces {
  /** A directory of bundles, `TRUST-DOMAIN.pem` or `TRUST-DOMAIN.json`. */
  readonly bundlesDirectory?: string;
  /** A file of revocation lists, one for each authority of the mesh. */
  readonly revocationsFile?: string;
  /** The directory of cacerts files, where Istio has `ca-crl.pem` beside them. */
  readonly cacertsDirectory?: string;
}

/** The files, as they are at one moment. */
export interface GivenTrustSource {
  /**
   * What they say: all of it, or nothing.
   * @throws StateFileError, CertificateError
   */
  read(): Promise<GivenTrust>;
  /** Another text whenever they are others. */
  version(): Promise<string>;
}

const CACERTS_REVOCATIONS = "ca-crl.pem";
const MAX_BYTES = 4 * 1024 * 1024;

/** The source of these places, for a mesh of a trust domain. */
export function givenTrustSource(places: GivenTrustPlaces, trustDomain: string): GivenTrustSource {
  const readBundle = (path: string): Promise<TrustBundle> =>
    parsed(path, (text) => foreign(parseTrustBundle(basename(path), text), trustDomain));
  return {
    read: async () => ({
      bundles: await Promise.all((await bundleFiles(places)).map(readBundle)),
      revocations: await readRevocations(places),
    }),
    version: async () => {
      const files = [...(await bundleFiles(places)), ...(await revocationFiles(places))];
      return (await Promise.all(files.map(versionOf))).join(" ");
    },
  };
}

async function bundleFiles({ bundlesDirectory }: GivenTrustPlaces): Promise<readonly string[]> {
  if (bundlesDirectory === undefined) return [];
  try {
    const names = (await readdir(bundlesDirectory)).filter(isBundleFile).sort();
    return names.map((name) => join(bundlesDirectory, name));
  } catch (cause) {
    throw new StateFileError("state-file-access", bundlesDirectory, "cannot be listed", { cause });
  }
}

/** The one that is named; else Istio's, if it is there. */
async function revocationFiles(places: GivenTrustPlaces): Promise<readonly string[]> {
  const { revocationsFile, cacertsDirectory } = places;
  if (revocationsFile !== undefined) return [revocationsFile];
  if (cacertsDirectory === undefined) return [];
  const file = join(cacertsDirectory, CACERTS_REVOCATIONS);
  return (await stat(file).catch(() => undefined)) === undefined ? [] : [file];
}

/** Nobody else signs for the mesh's own trust domain. */
function foreign(bundle: TrustBundle, trustDomain: string): TrustBundle {
  if (bundle.trustDomain !== trustDomain) return bundle;
  throw new CertificateError(
    "certificate-name",
    `${trustDomain} is the trust domain of this mesh, whose roots are those of its authority`,
  );
}

async function readRevocations(places: GivenTrustPlaces): Promise<RevocationLists> {
  const [file] = await revocationFiles(places);
  return file === undefined ? NO_REVOCATIONS : parsed(file, parseRevocationLists);
}

/** What a file says; what is wrong with it names the file. */
async function parsed<T>(path: string, parse: (text: string) => T): Promise<T> {
  const text = await readText(path);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CertificateError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new StateFileError("state-file-content", path, `has more than ${MAX_BYTES} bytes`);
    }
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof StateFileError) throw cause;
    throw new StateFileError("state-file-access", path, "cannot be read", { cause });
  }
  return text;
}

async function versionOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? path : [path, found.ino, found.size, found.mtimeMs].join(".");
}
