/** The hosts that may be called on behalf of a configuration. Nobody else is. */

/** See the top of this file. */
export interface AllowedHost {
  /** `login.example.com`; or `*.example.com` for all names below that one. */
  readonly name: string;
  readonly port: number;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const NAME = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** A host of `NAME`, `NAME:PORT`, `*.DOMAIN` or an IP address, IPv6 in brackets; undefined for another text. */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  const [, name = "", digits = String(HTTPS_PORT)] =
    /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
  const port = Number(digits);
  if (port === 0 || port > 65_535) return undefined;
  if (name.startsWith("[")) return ipv6Host(name, port);
  const isName = NAME.test(name) && (!name.startsWith("*.") || name.slice(2).includes("."));
  return isName ? { name, port } : undefined;
}

/** An IPv6 address has many spellings, of which the host of a URL is always the same one. */
function ipv6Host(name: string, port: number): AllowedHost | undefined {
  const url = `https://${name}`;
  return URL.canParse(url) ? { name: new URL(url).hostname, port } : undefined;
}

/** What a host is written as: the port only when it is not that of `https`. */
export function formatAllowedHost({ name, port }: AllowedHost): string {
  return port === HTTPS_PORT ? name : `${name}:${String(port)}`;
}

/** The host of an `https` or `http` URL. */
export function hostOfUrl({ protocol, hostname, port }: URL): AllowedHost {
  const own = protocol === "http:" ? HTTP_PORT : HTTPS_PORT;
  return { name: hostname, port: port === "" ? own : Number(port) };
}

/** Where a host may be: only one that was named in full is known to be meant where it is. Undefined of one that is not allowed. */
export function placeOf(
  host: AllowedHost,
  allowed: readonly AllowedHost[],
): { readonly mayBePrivate: boolean } | undefined {
  const meant = allowed.filter((one) => isMeant(one, host));
  return meant.length === 0 ? undefined : { mayBePrivate: !meant.every(isPattern) };
}

/** Whether one is the host that is meant, or one of those. */
function isMeant(meant: AllowedHost, { name, port }: AllowedHost): boolean {
  if (meant.port !== port) return false;
  return isPattern(meant) ? name.endsWith(meant.name.slice(1)) : name === meant.name;
}

/** Whether it stands for many hosts, of which nobody looked at each. */
function isPattern({ name }: AllowedHost): boolean {
  return name.startsWith("*.");
}
