/** Where another control plane is. */
export interface PeerAddress {
  /** A DNS name or an IP address, which has to be in its certificate. */
  readonly host: string;
  /** That of TLS. */
  readonly port: number;
}

/** `HOST:PORT`. */
export function formatPeerAddress({ host, port }: PeerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
