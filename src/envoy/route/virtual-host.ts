/** Virtual hosts of sidecars: one for each host and port. */
import { bracketed } from "../../base/text/host-port.js";
import type { ProxyHeaders } from "../../config/mesh-config/mesh-config-schema.js";
import { sendsAttemptCount } from "../../mesh/proxy/http-settings.js";
import type { VirtualHostJson } from "../api.js";
import { ALLOW_ANY, BLOCK_ALL } from "../names.js";
import type { UnknownHosts } from "../unknown-hosts.js";

/** The suffix of hosts that have short names. */
const serviceSuffix = (domain: string): string => `.svc.${domain}`;

/**
 * The names by which a proxy in `namespace` may call a host, without its addresses: the host itself, with a final dot,
 * and the short forms that a resolver in that namespace would complete. A wildcard is none of a resolver's names, and
 * its short form could be all hosts.
 */
export function hostDomains(
  hostname: string,
  namespace: string,
  domain: string,
): readonly string[] {
  const suffix = serviceSuffix(domain);
  const own = ownDomains(hostname);
  if (hostname.startsWith("*") || !hostname.endsWith(suffix)) return own;
  const qualified = hostname.slice(0, -suffix.length);
  const ending = `.${namespace}`;
  const short = qualified.endsWith(ending) ? [qualified.slice(0, -ending.length)] : [];
  // Istio lists the bare name first for its own namespace, and last the one with the namespace.
  const alternatives =
    short.length > 0 ? [...short, `${qualified}.svc`, qualified] : [qualified, `${qualified}.svc`];
  return [...own, ...alternatives.filter((name) => name !== "")];
}

/** The names of a host that stands for no service: itself, with a final dot too unless it is a wildcard or an address. */
export function ownDomains(hostname: string): readonly string[] {
  if (hostname.includes(":")) return addressDomains([hostname]);
  return hostname.startsWith("*") ? [hostname] : [hostname, `${hostname}.`];
}

/** An address as it stands in a Host header: IPv6 in brackets. CIDR blocks are no hosts. */
export function addressDomains(addresses: readonly string[]): readonly string[] {
  return addresses.filter((address) => !address.includes("/")).map(bracketed);
}

/** Takes the requests for hosts that nobody knows: lets them through, or answers 502. See Istio, outboundTrafficPolicy. */
export function catchAllHost(
  { mode, requestCluster: cluster }: UnknownHosts,
  headers: ProxyHeaders,
): VirtualHostJson {
  const includeRequestAttemptCount = sendsAttemptCount(headers);
  if (mode === "REGISTRY_ONLY") {
    return {
      name: BLOCK_ALL,
      domains: ["*"],
      routes: [{ name: BLOCK_ALL, match: { prefix: "/" }, directResponse: { status: 502 } }],
      includeRequestAttemptCount,
    };
  }
  return {
    name: ALLOW_ANY,
    domains: ["*"],
    routes: [
      {
        name: ALLOW_ANY,
        match: { prefix: "/" },
        // A call of gRPC ends when its caller says, as it does on the way to a known host.
        route: { cluster, timeout: "0s", maxGrpcTimeout: "0s" },
      },
    ],
    includeRequestAttemptCount,
  };
}
