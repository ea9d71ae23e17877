/** How values of policies are compared with those of a request. */
import { BlockList, isIP } from "node:net";

/** Whether a value is one that a pattern of a policy is for. */
export type Matches = (pattern: string, value: string) => boolean;

/** Exact, prefix (`abc*`), suffix (`*abc`) and presence (`*`: "anything but not empty") match. */
export function matchesText(pattern: string, value: string): boolean {
  if (pattern === "*") return value !== "";
  if (pattern.endsWith("*")) return value.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith("*")) return value.endsWith(pattern.slice(1));
  return value === pattern;
}

/**
 * A path, or a template of one: `{*}` is one segment, `{**}` any number of them. Templates know no other wildcards.
 */
export function matchesPath(pattern: string, path: string): boolean {
  if (!pattern.includes("{*}") && !pattern.includes("{**}")) return matchesText(pattern, path);
  const expression = pattern
    .split(/(\{\*\*?\})/)
    .map((part) => {
      if (part === "{**}") return ".*";
      return part === "{*}" ? "[^/]+" : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
    })
    .join("");
  return new RegExp(`^${expression}$`, "s").test(path);
}

/** The same, where templates are for paths of the characters that RFC 3986 has for them, as Istio lets in by them. */
export function matchesPlainPath(pattern: string, path: string): boolean {
  const isTemplate = pattern.includes("{*}") || pattern.includes("{**}");
  return matchesPath(pattern, path) && !(isTemplate && /[^-\w.~%!$&'()*+,;=:@/]/.test(path));
}

/** An address, or a range in CIDR notation. */
export function isInBlock(block: string, address: string): boolean {
  const [network = "", length] = block.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) !== isIP(network)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length ?? (family === "ipv6" ? 128 : 32)), family);
  return list.check(address, family);
}

/**
 * One of the values, if there are any, and none of the others. Without the attribute no value matches, so that a `not` form
 * alone holds; of one with several values one is enough.
 */
export function holds(
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
  attribute: string | readonly string[] | undefined,
  matches: Matches = matchesText,
): boolean {
  const all = attribute === undefined ? [] : [attribute].flat();
  const isOneOf = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => all.some((value) => matches(pattern, value)));
  const isAsked = values !== undefined && values.length > 0;
  return (!isAsked || isOneOf(values)) && !isOneOf(notValues ?? []);
}
