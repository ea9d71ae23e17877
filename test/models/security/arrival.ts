/** A request or a connection as it comes to a workload. */

/** One that is of HTTP. */
export interface ArrivingRequest {
  readonly method: string;
  /** The Host header. */
  readonly host: string;
  /** With the query. */
  readonly path: string;
  /** By name in lower case; those that come several times are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
}

/** See the top of this file. */
export interface Arrival {
  /** Where the packets come from. */
  readonly source: string;
  /** The workload's own address, and its own port: no service's. */
  readonly destination: { readonly address: string; readonly port: number };
  /** What the port is declared to carry; of one that is not, the proxy finds out what it is sent. */
  readonly declared: "http" | "tcp" | "nothing";
  /** Which name is asked for; of mutual TLS who shows a certificate, `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`. */
  readonly tls?: { readonly peer?: string; readonly serverName: string };
  /** Absent for plain TCP. */
  readonly request?: ArrivingRequest;
}

/** Names in the identity of a peer. */
export function peerOf({
  tls,
}: Arrival): Readonly<Record<"namespace" | "account", string>> | undefined {
  const [, namespace, account] = /^[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(tls?.peer ?? "") ?? [];
  return namespace === undefined || account === undefined ? undefined : { namespace, account };
}
