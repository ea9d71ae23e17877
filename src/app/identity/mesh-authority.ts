/** The mesh's certificate authority: where its root comes from, how that rotates, and the control plane's own certificate. */
import { defined } from "../../base/defined.js";
import { type Authority, openAuthority } from "../../ca/authority/authority.js";
import { saveStatus } from "../../ca/authority/rotation-status.js";
import { certificatesOfPem } from "../../ca/certificate/pem.js";
import { readCertificate } from "../../ca/certificate/x509.js";
import { type ServerTls, startServerTls } from "../../ca/issue/server-credentials.js";
import { logError } from "../log/log-error.js";
import type { IdentityOptions } from "./identity-options.js";
import { logMistake } from "./log-mistake.js";
import { type RootRotationOptions, startRootRotation } from "./root-rotation.js";

/**
 * Opens the authority of Istio's cacerts files, else that of the state directory, which is made when it is not there.
 * @throws StateFileError, CertificateError
 */
export function openMeshAuthority(options: IdentityOptions): Promise<Authority> {
  const { stateDir, trustDomain, workloadTtlMs, workloadKeyType, cacertsDir } = options;
  return openAuthority({
    stateDirectory: stateDir,
    trustDomain,
    ...defined({ workloadTtlMs, workloadKeyType, cacertsDirectory: cacertsDir }),
    now: options.clock.now,
  });
}

/** When the first of the roots that sign now expires, in milliseconds since 1970. */
export function rootExpiry(authority: Pick<Authority, "status">): number {
  const roots = authority.status().current.flatMap(certificatesOfPem);
  return Math.min(...roots.map((root) => readCertificate(root).notAfter));
}

/**
 * The control plane's own TLS, whose certificate is renewed until it is stopped.
 * @throws CertificateError
 */
export function startControlPlaneTls(
  { tlsNames, clock, logger }: IdentityOptions,
  authority: Authority,
  revoked: (serialNumber: string) => boolean,
): Promise<ServerTls> {
  return startServerTls({
    authority,
    clock,
    revoked,
    onError: logError(logger, "cannot renew the server's certificate"),
    ...(tlsNames === undefined ? {} : { names: tlsNames }),
  });
}

const ENDING =
  "what signs the certificates of workloads ends soon, and all of them with it: give another in the files of --cacerts";

/** Follows the authority's files, and rotates its root when it is asked to; the result ends that. */
export function startAuthorityRotation(
  { stateDir, clock, logger }: IdentityOptions,
  rotation: Pick<
    RootRotationOptions,
    "authority" | "readiness" | "ownReadiness" | "onRoots" | "onTrusted"
  >,
): () => Promise<void> {
  return startRootRotation({
    ...rotation,
    clock,
    onStatus: (status) => {
      logger.info({ roots: status.roots, proxies: status.proxies }, "roots of the mesh");
      return saveStatus(stateDir, status);
    },
    onEnding: ({ subject, notAfter }) => {
      const ends = new Date(notAfter).toISOString();
      logger.warn({ subject, ends }, ENDING);
    },
    onError: logMistake(logger, "cannot follow the authority"),
  });
}
