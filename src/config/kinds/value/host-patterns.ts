import type { Path } from "../../kind.js";
import { hasPartialWildcard, isDnsLabel, isIpAddress, wildcardDomainProblem } from "./dns-names.js";
import { type Findings, invalid, refuse } from "./findings.js";

/**
 * A host of a gateway's server: a domain name, `*.` and a domain name, `*` or an IP address of version 4; before it
 * perhaps a namespace, `.` or `*`, and a slash. See Istio, Server.hosts.
 */
export function checkGatewayHost(host: string, path: Path): Findings {
  const slash = host.indexOf("/");
  const name = host.slice(slash + 1);
  const namespace = slash < 0 ? "*" : host.slice(0, slash);
  return refuse(path, namespacePatternProblem(namespace) ?? gatewayNameProblem(name));
}

function gatewayNameProblem(name: string): string | undefined {
  if (!isIpAddress(name)) return hostPatternProblem(name);
  // Istio takes what has no dot for a short name.
  return name.includes(".") ? undefined : `"${name}" is an address of IPv6: write a domain name`;
}

/**
 * The services of a sidecar's egress: `namespace/host`, where the namespace can be `.`, `*`, or `~` for none, and the
 * host `*`. A `~` before either excludes what else would be there, since Istio 1.31: `~ns/*`, `~/host`.
 */
export function* checkEgressHost(host: string, path: Path): Findings {
  const slash = host.indexOf("/");
  if (slash < 0) {
    yield invalid(path, `"${host}" names no namespace: write "*/${host}" or "./${host}"`);
    return;
  }
  const namespace = host.slice(0, slash).replace(/^~/, "");
  if (!host.startsWith("~/")) yield* refuse(path, namespacePatternProblem(namespace));
  yield* refuse(path, hostPatternProblem(host.slice(slash + 1)));
}

function namespacePatternProblem(namespace: string): string | undefined {
  if (namespace === "." || namespace === "*" || isDnsLabel(namespace)) return undefined;
  return `"${namespace}" is no namespace: a name, "." for the own one, or "*" for all`;
}

function hostPatternProblem(name: string): string | undefined {
  if (name !== "*" && !name.includes(".")) return `"${name}" is a short name: write the whole one`;
  const rule = 'write "*.domain"';
  if (hasPartialWildcard(name)) return `"${name}" has a wildcard for a part of a label: ${rule}`;
  return wildcardDomainProblem(name);
}
