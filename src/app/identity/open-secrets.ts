/** The keys and certificates that the control plane makes for plain Envoys, which get them by SDS, and keeps for them. */
import type { Authority } from "../../ca/authority/authority.js";
import { createBuckets } from "../../ca/buckets.js";
import { certificatesOfPem } from "../../ca/certificate/pem.js";
import { readCertificate } from "../../ca/certificate/x509.js";
import { createWorkloadSecrets, type WorkloadSecrets } from "../../ca/issue/workload-secrets.js";
import { openWorkloadStore } from "../../ca/issue/workload-store.js";
import type { WorkloadIdentity } from "../../ca/spiffe-id.js";
import type { GivenTrust } from "../../ca/trust/given-trust.js";
import { peerValidation } from "../../ca/trust/peer-validation.js";
import { logError } from "../log/log-error.js";
import { CERTIFICATE_REQUESTS } from "./certificate-requests.js";
import type { FollowedTrust } from "./given-trust.js";
import type { IdentityOptions } from "./identity-options.js";

/** What secrets are made of, and who is told of them. */
export interface SecretsSources {
  readonly authority: Authority;
  readonly trust: FollowedTrust;
  /** Told of a workload whose secrets are others than before. */
  readonly onChange: (identity: WorkloadIdentity) => void;
}

/** Opens the secrets of workloads; those of the state directory that the authority still vouches for are used again. */
export async function openSecrets(
  { stateDir, trustDomainAliases, encode, clock, logger }: IdentityOptions,
  { authority, trust, onChange }: SecretsSources,
): Promise<WorkloadSecrets> {
  const revoked = (chain: string): boolean => isRevoked(chain, trust.given());
  const store = await openWorkloadStore({
    stateDirectory: stateDir,
    authority: {
      vouchesFor: (identity, chain) => authority.vouchesFor(identity, chain) && !revoked(chain),
    },
    now: clock.now,
    onError: logError(logger, "cannot keep a workload's certificate"),
  });
  return createWorkloadSecrets({
    authority,
    store,
    descriptions: createBuckets({ now: clock.now, ...CERTIFICATE_REQUESTS }),
    validation: () => peerValidation({ authority, trustDomainAliases, given: trust.given() }),
    revoked,
    encode,
    clock,
    onError: logError(logger, "cannot renew a workload's certificate"),
    onChange,
  });
}

/** Whether the certificate at the head of a chain is on a revocation list. */
function isRevoked(chain: string, { revocations }: GivenTrust): boolean {
  const [certificate] = certificatesOfPem(chain);
  return (
    certificate !== undefined && revocations.revokes(readCertificate(certificate).serialNumber)
  );
}
