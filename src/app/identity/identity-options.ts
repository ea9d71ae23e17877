/** What the command line says of certificates and keys. */
import type { Logger } from "pino";
import type { Clock } from "../../base/clock.js";
import type { KeyType } from "../../ca/certificate/certificate-template.js";
import type { Encode } from "../../ca/issue/workload-secrets.js";

/** What identities are kept and made with. */
export interface IdentityOptions {
  /** Keys and tokens; private to its owner. */
  readonly stateDir: string;
  readonly trustDomain: string;
  /** Former names of the trust domain. */
  readonly trustDomainAliases: readonly string[];
  /** How long workload certificates are valid, in milliseconds; a day when absent. */
  readonly workloadTtlMs?: number;
  /** Of the keys that are made for workloads; P-256 when absent. */
  readonly workloadKeyType?: KeyType;
  /** A directory with Istio's cacerts files; without one the state directory has a root of its own. */
  readonly cacertsDir?: string;
  /** A directory with the roots of other trust domains, whose workloads may call those of the mesh. */
  readonly trustBundlesDir?: string;
  /** A file of revocation lists of the mesh's certificates; Istio's `ca-crl.pem` of the cacerts files when absent. */
  readonly crlFile?: string;
  /** A file of issuers whose JSON Web Tokens let proxies in. */
  readonly jwtIssuersFile?: string;
  /** DNS names and addresses of the control plane, beside the usual ones. */
  readonly tlsNames?: readonly string[];
  readonly encode: Encode;
  readonly clock: Clock;
  readonly logger: Logger;
}
