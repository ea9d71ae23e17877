/** Where a server is. */
export interface HostPort {
  /** A DNS name or an IP address. */
  readonly host: string;
  readonly port: number;
}

/** A host as it stands before a port: an IPv6 address in brackets. See RFC 3986, section 3.2.2. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** `HOST:PORT`. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${bracketed(host)}:${port}`;
}
