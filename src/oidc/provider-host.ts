/** The hosts that may be asked where the keys of their token issuers are. Nobody else is called on behalf of a policy. */

/** See the top of this file. */
export interface ProviderHost {
  /** `login.example.com`; or `*.example.com` for all names below that one. */
  readonly name: string;
  readonly port: number;
}

const HTTPS_PORT = 443;
const NAME = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;
const IPV6 = /^\[[0-9a-f:.]+\]$/;

/** A host of `NAME`, `NAME:PORT`, `*.DOMAIN` or an IP address, IPv6 in brackets; undefined for another text. */
export function parseProviderHost(text: string): ProviderHost | undefined {
  const [, name = "", digits = String(HTTPS_PORT)] =
    /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
  const port = Number(digits);
  const isName = NAME.test(name) && (!name.startsWith("*.") || name.slice(2).includes("."));
  return (isName || IPV6.test(name)) && port > 0 && port <= 65_535 ? { name, port } : undefined;
}

/** What a host is written as: the port only when it is not that of `https`. */
export function formatProviderHost({ name, port }: ProviderHost): string {
  return port === HTTPS_PORT ? name : `${name}:${String(port)}`;
}

/** The host of an `https` URL. */
export function hostOfUrl({ hostname, port }: URL): ProviderHost {
  return { name: hostname, port: port === "" ? HTTPS_PORT : Number(port) };
}

/** Whether one is the host that is meant, or one of those. */
export function isMeant(meant: ProviderHost, { name, port }: ProviderHost): boolean {
  if (meant.port !== port) return false;
  return isPattern(meant) ? name.endsWith(meant.name.slice(1)) : name === meant.name;
}

/** Whether it stands for many hosts, of which nobody looked at each. */
export function isPattern({ name }: ProviderHost): boolean {
  return name.startsWith("*.");
}
