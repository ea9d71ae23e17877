/** TLS for the control plane's own port: a certificate of our authority, renewed while it serves. */
import ipaddr from "ipaddr.js";
import type { TlsSource } from "../../grpc/server.js";
import type { Authority, IssuedCertificate } from "../authority/authority.js";
import { isRoot } from "../certificate/certificate-path.js";
import type { SubjectAltName } from "../certificate/certificate-template.js";
import { certificatesOfPem } from "../certificate/pem.js";
import { readCertificate } from "../certificate/x509.js";
import { controlPlaneId } from "./control-plane-identity.js";
import { type RenewalOptions, startRenewal } from "./renewed-certificate.js";

/** The names by which Istio's agents and people on this machine call a control plane. */
const SERVER_NAMES: readonly string[] = [
  "istiod.istio-system.svc",
  "istiod.istio-system",
  "fairlead",
  "localhost",
  "127.0.0.1",
  "::1",
];

/** TLS that is being kept fresh. */
export interface ServerTls {
  /** What the server shows, and the roots of its clients. */
  readonly source: TlsSource;
  /** Takes other roots for clients from the next connection on, and ends the connections of those who have none of them. */
  readonly trust: (roots: readonly string[]) => void;
  /** Ends the connections of clients whose certificates are below an authority that is revoked by now. */
  readonly lookForRevoked: () => void;
  /** Ends the renewal. */
  readonly stop: () => Promise<void>;
}

/** What TLS is made of. */
export interface ServerTlsOptions extends RenewalOptions {
  readonly authority: Pick<Authority, "trustDomain" | "issueServer" | "roots">;
  /** DNS names and IP addresses beside `SERVER_NAMES`. */
  readonly names?: readonly string[];
  /** Whether a certificate of this serial number is worthless by now; none is when absent. */
  readonly revoked?: (serialNumber: string) => boolean;
}

/**
 * Issues the server's certificate and keeps it fresh. It is also that by which the control plane shows itself to others of its mesh. Never below TLS 1.2, which is Node's own limit.
 * @throws CertificateError
 */
export async function startServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  const { authority, revoked = () => false } = options;
  const names = [
    ...[...new Set([...SERVER_NAMES, ...(options.names ?? [])])].map(subjectAltName),
    { type: "uri", value: controlPlaneId(authority.trustDomain) } as const,
  ];
  const listeners = new Set<() => void>();
  let roots = authority.roots;
  let identity: IssuedCertificate | undefined;
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const renewal = await startRenewal(() => authority.issueServer(names), {
    ...options,
    onRenewed: (renewed) => {
      identity = renewed;
      changed();
    },
  });
  return {
    source: {
      context: () => ({
        ca: [...roots],
        ...(identity && { cert: identity.chain, key: identity.privateKey.reveal() }),
      }),
      trusts: (authorities) => {
        const root = authorities.at(-1);
        const isKnown = root !== undefined && isRoot(root, roots.flatMap(certificatesOfPem));
        return isKnown && !authorities.some((one) => revoked(readCertificate(one).serialNumber));
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
    },
    trust: (trusted) => {
      roots = trusted;
      changed();
    },
    lookForRevoked: changed,
    stop: renewal.stop,
  };
}

function subjectAltName(name: string): SubjectAltName {
  const isIp = ipaddr.IPv4.isValidFourPartDecimal(name) || ipaddr.IPv6.isValid(name);
  return { type: isIp ? "ip" : "dns", value: name };
}
