import { isIP } from "node:net";

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/i;

/** Whether a text is one label of a domain name (RFC 1123): letters, digits and inner hyphens, at most 63. */
export function isDnsLabel(text: string): boolean {
  return LABEL.test(text);
}

/** Why a text is no fully qualified domain name; a last dot and names of one label are fine. */
export function domainProblem(name: string): string | undefined {
  return lengthProblem(name) ?? labelsProblem(name, name);
}

/** Why a text is neither a domain name nor one whose first label is or begins with `*` (`*.example.com`, `*-v1.example.com`). */
export function wildcardDomainProblem(name: string): string | undefined {
  const tooLong = lengthProblem(name);
  if (tooLong !== undefined) return tooLong;
  const dot = name.indexOf(".");
  const first = dot < 0 ? name : name.slice(0, dot);
  if (!isWildcardLabel(first)) return labelProblem(name, first);
  return dot < 0 ? undefined : labelsProblem(name, name.slice(dot + 1));
}

/** Whether the wildcard of a host is a part of a label, which Istio's gateways and sidecars do not take (`*bar.com`). */
export function hasPartialWildcard(host: string): boolean {
  return host.includes("*") && host !== "*" && !host.startsWith("*.");
}

/** Whether a text is an IPv4 or IPv6 address. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** Whether every name that the host `narrow` stands for is one that `wide` stands for. */
export function isSubsetOfHost(narrow: string, wide: string): boolean {
  if (!wide.startsWith("*")) return narrow === wide;
  const suffix = wide.slice(1);
  return narrow.startsWith("*") ? narrow.slice(1).endsWith(suffix) : narrow.endsWith(suffix);
}

function isWildcardLabel(label: string): boolean {
  const isShort = label.length <= 63;
  return label === "*" || (isShort && isDnsLabel(label.replace(/^\*-?/, "")));
}

function lengthProblem(name: string): string | undefined {
  if (name === "") return "a domain name cannot be empty";
  return name.length > 255
    ? `domain name "${name}" is too long: at most 255 characters`
    : undefined;
}

function labelsProblem(whole: string, part: string): string | undefined {
  const labels = part.split(".");
  const last = labels.at(-1) ?? "";
  if (/^[+-]?\d+$/.test(last)) {
    return `"${whole}" is no domain name: its last label "${last}" is a number`;
  }
  // A last dot says that the name is complete: `example.com.`
  const checked = last === "" ? labels.slice(0, -1) : labels;
  const wrong = checked.find((label) => !isDnsLabel(label));
  return wrong === undefined ? undefined : labelProblem(whole, wrong);
}

function labelProblem(whole: string, label: string): string {
  const rule = "letters, digits and inner hyphens, at most 63";
  return `"${whole}" is no domain name: "${label}" is no label of one (${rule})`;
}
