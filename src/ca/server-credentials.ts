/** TLS for the control plane's own port: a certificate of our authority, renewed while it serves. */
import { experimental, type ServerCredentials } from "@grpc/grpc-js";
import ipaddr from "ipaddr.js";
import type { Authority, IssuedCertificate } from "./authority.js";
import type { SubjectAltName } from "./certificate-template.js";
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
  /** For `Server.bindAsync`. A client may show a certificate; only one that leads to our roots is seen by handlers. */
  readonly credentials: ServerCredentials;
  /** Takes other roots for clients from the next connection on. */
  readonly trust: (roots: readonly string[]) => void;
  /** Ends the renewal. */
  readonly stop: () => Promise<void>;
}

/** What TLS is made of. */
export interface ServerTlsOptions extends RenewalOptions {
  readonly authority: Pick<Authority, "issueServer" | "roots">;
  /** DNS names and IP addresses beside `SERVER_NAMES`. */
  readonly names?: readonly string[];
}

type CertificateProvider = Parameters<
  typeof experimental.createCertificateProviderServerCredentials
>[0];
type Listeners<T> = Set<(update: T | null) => void>;
interface Identity {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

/**
 * Issues the server's certificate and keeps it fresh. Never below TLS 1.2, which is Node's own limit.
 * @throws CertificateError
 */
export async function startServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  const { authority } = options;
  const names = [...new Set([...SERVER_NAMES, ...(options.names ?? [])])].map(subjectAltName);
  const source = certificateSource(authority.roots);
  const renewal = await startRenewal(() => authority.issueServer(names), {
    ...options,
    onRenewed: source.setIdentity,
  });
  return {
    // One object for both: the two parameters are declared in the wrong order in the library's types.
    credentials: experimental.createCertificateProviderServerCredentials(
      source.provider,
      source.provider,
      false,
    ),
    trust: source.setRoots,
    stop: renewal.stop,
  };
}

function subjectAltName(name: string): SubjectAltName {
  const isIp = ipaddr.IPv4.isValidFourPartDecimal(name) || ipaddr.IPv6.isValid(name);
  return { type: isIp ? "ip" : "dns", value: name };
}

/** What the server reads its certificate and the clients' roots from, and what sets them. */
function certificateSource(roots: readonly string[]): {
  readonly provider: CertificateProvider;
  readonly setIdentity: (certificate: IssuedCertificate) => void;
  readonly setRoots: (roots: readonly string[]) => void;
} {
  const caListeners: Listeners<{ caCertificate: Buffer }> = new Set();
  const identityListeners: Listeners<Identity> = new Set();
  const latest = { ca: { caCertificate: Buffer.from(roots.join("")) }, identity: null } as {
    ca: { caCertificate: Buffer };
    identity: Identity | null;
  };
  // Told later: the server only listens to its credentials after it has added itself here.
  const add = <T>(
    listeners: Listeners<T>,
    listener: (update: T | null) => void,
    value: () => T | null,
  ): void => {
    listeners.add(listener);
    process.nextTick(() => {
      if (listeners.has(listener)) listener(value());
    });
  };
  return {
    provider: {
      addCaCertificateListener: (listener) => {
        add(caListeners, listener, () => latest.ca);
      },
      removeCaCertificateListener: (listener) => {
        caListeners.delete(listener);
      },
      addIdentityCertificateListener: (listener) => {
        add(identityListeners, listener, () => latest.identity);
      },
      removeIdentityCertificateListener: (listener) => {
        identityListeners.delete(listener);
      },
    },
    setIdentity: ({ chain, privateKey }) => {
      latest.identity = {
        certificate: Buffer.from(chain),
        privateKey: Buffer.from(privateKey.reveal()),
      };
      for (const listener of identityListeners) listener(latest.identity);
    },
    setRoots: (trusted) => {
      latest.ca = { caCertificate: Buffer.from(trusted.join("")) };
      for (const listener of caListeners) listener(latest.ca);
    },
  };
}
