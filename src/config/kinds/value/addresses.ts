import { isDnsLabel, isIpAddress } from "./dns-names.js";

/** How the address of a Unix domain socket begins. */
export const UNIX_PREFIX = "unix://";

/** What a socket's address can hold on Linux, in bytes, without the zero at its end; see unix(7). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Why a text is no IP address. */
export function ipProblem(text: string): string | undefined {
  return isIpAddress(text) ? undefined : `"${text}" is no IP address`;
}

/** Why a text is neither an IP address nor a range of them (`10.0.0.0/8`). */
export function subnetProblem(text: string): string | undefined {
  const [address = "", bits, ...more] = text.split("/");
  if (bits === undefined) return ipProblem(text);
  const longest = address.includes(":") ? 128 : 32;
  const isRange =
    more.length === 0 &&
    isIpAddress(address) &&
    !address.includes("%") &&
    /^(0|[1-9]\d{0,2})$/.test(bits) &&
    Number(bits) <= longest;
  return isRange ? undefined : `"${text}" is no range of IP addresses, such as 10.0.0.0/8`;
}

/** Why what follows `unix://` is no socket: an absolute path of a file, or a name behind `@` in the abstract namespace. */
function unixPathProblem(path: string): string | undefined {
  if (path === "") return "a Unix domain socket has to have a path";
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    return `the path of a Unix domain socket has at most ${MAX_SOCKET_PATH_BYTES} bytes, this one ${bytes}`;
  }
  if (path.startsWith("@")) return undefined;
  const isFile = path.startsWith("/") && !path.endsWith("/");
  return isFile ? undefined : `"${path}" is no absolute path of a file`;
}

/** Why an address is no Unix domain socket with its prefix, `unix:///path`. */
export function unixAddressProblem(address: string): string | undefined {
  return address.startsWith(UNIX_PREFIX)
    ? unixPathProblem(address.slice(UNIX_PREFIX.length))
    : `"${address}" is no Unix domain socket: it has to begin with ${UNIX_PREFIX}`;
}

/** Why a text is no name of a port. */
export function portNameProblem(name: string): string | undefined {
  const rule = "letters, digits and inner hyphens, at most 63";
  return isDnsLabel(name) ? undefined : `"${name}" is no name of a port: ${rule}`;
}

/** Why a text is no name of a namespace. */
export function namespaceProblem(name: string): string | undefined {
  const rule = "letters, digits and inner hyphens, at most 63";
  return isDnsLabel(name) ? undefined : `"${name}" is no namespace: ${rule}`;
}
