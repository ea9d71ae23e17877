/** What a control plane is started with; `serve` and `up` fill it in. */
import type { Logger } from "pino";
import type { HostPort } from "../base/text/host-port.js";
import type { KeyType } from "../ca/certificate/certificate-template.js";
import type { Identity } from "../debug/access.js";
import type { StandIn } from "../mesh/service/stand-in.js";
import type { PortOptions } from "./ports/ports.js";

/** What a control plane is started with. */
export interface ControlPlaneOptions extends PortOptions {
  /** Directories of YAML; where two have a resource of one name, that of the first is in force. */
  readonly configDirs: readonly string[];
  /** One behind them that is none of the user's: a plan of theirs takes nothing out of it. */
  readonly madeDir?: string;
  /** A directory `<namespace>/<name>/tls.crt` and so on. */
  readonly secretsDir?: string;
  /** Keys, tokens and the last good configuration; private to its owner. */
  readonly stateDir: string;
  /** DNS names and addresses by which proxies call the TLS port, beside the usual ones. */
  readonly tlsNames?: readonly string[];
  /** How long workload certificates are valid, in milliseconds; a day when absent. */
  readonly workloadTtlMs?: number;
  /** Of the keys that are made for workloads; P-256 when absent. */
  readonly workloadKeyType?: KeyType;
  /** Who may ask the debug endpoints over TLS; nobody when absent. */
  readonly operators?: readonly Identity[];
  /** A directory with Istio's cacerts files; without one the state directory has a root of its own. */
  readonly cacertsDir?: string;
  /** A directory with the roots of other trust domains, whose workloads may call those of the mesh. */
  readonly trustBundlesDir?: string;
  /** A file of revocation lists of the mesh's certificates; Istio's `ca-crl.pem` of the cacerts files when absent. */
  readonly crlFile?: string;
  /** A file of issuers whose JSON Web Tokens let proxies in. */
  readonly jwtIssuersFile?: string;
  /** The hosts that may be asked where the keys of issuers of requests' tokens are, as `HOST`, `HOST:PORT` or `*.DOMAIN`. */
  readonly discoverKeys?: readonly string[];
  /** A file of roots for those, beside those that Node has. */
  readonly discoverRootsFile?: string;
  /** The hosts that the Wasm modules of plugins may be fetched from, as `HOST`, `HOST:PORT` or `*.DOMAIN`. */
  readonly fetchModules?: readonly string[];
  /** A file of roots for those, beside those that Node has. */
  readonly fetchRootsFile?: string;
  /** The TLS ports of other control planes of the mesh, whose workloads are called by proxies of this one. */
  readonly peers?: readonly HostPort[];
  readonly standIns?: readonly StandIn[];
  /** false computes everything anew after each change: the same results, slowly. */
  readonly memo?: boolean;
  readonly logger: Logger;
}
