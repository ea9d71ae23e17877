import { type HostResolver, resolveHost } from "../mesh/host-resolver.js";
import type { OutboundPolicy } from "../mesh/sidecar.js";
import { BLACK_HOLE_CLUSTER, outboundClusterName, PASSTHROUGH_CLUSTER } from "./names.js";

/** What becomes of calls to hosts that nobody knows. See Istio, OutboundTrafficPolicy. */
export interface UnknownHosts {
  readonly mode: OutboundPolicy["mode"];
  /** Where their connections go. */
  readonly cluster: string;
}

/** Reads a policy; host names in it are those of a resource in `namespace`. */
export function unknownHosts(
  { mode, egressProxy }: OutboundPolicy,
  namespace: string,
  resolver: HostResolver,
): UnknownHosts {
  if (mode === "REGISTRY_ONLY") return { mode, cluster: BLACK_HOLE_CLUSTER };
  if (egressProxy === undefined) return { mode, cluster: PASSTHROUGH_CLUSTER };
  const { host, port, subset = "" } = egressProxy;
  const hostname = resolveHost(host, namespace, resolver);
  return { mode, cluster: outboundClusterName({ hostname, subset, port: port?.number ?? 0 }) };
}
