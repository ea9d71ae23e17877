import type { Engine } from "../base/engine/engine.js";
import type { MeshConfig } from "../config/mesh-config/mesh-config.js";
import { type HostResolver, resolveHost } from "../mesh/host-resolver.js";
import type { Mesh } from "../mesh/mesh.js";
import { type OutboundPolicy, outboundPolicy } from "../mesh/sidecar/sidecar.js";
import {
  BLACK_HOLE_CLUSTER,
  DYNAMIC_DNS_CLUSTER,
  outboundClusterName,
  PASSTHROUGH_CLUSTER,
} from "./names.js";

/** What happens to calls to unknown hosts. See Istio, OutboundTrafficPolicy. */
export interface UnknownHosts {
  readonly mode: OutboundPolicy["mode"];
  /** Where their connections go. */
  readonly cluster: string;
  /** Where their HTTP requests go. */
  readonly requestCluster: string;
  /** Where connections go for which an HTTP proxy is asked by CONNECT: in them clients speak what they wish, TLS too. */
  readonly tunnelCluster: string;
}

/** Whether requests for unknown hosts that are looked up speak TLS themselves. See Istio, OutboundTrafficPolicy. */
export function unknownTls(
  policy: MeshConfig["outboundTrafficPolicy"],
): MeshConfig["outboundTrafficPolicy"]["tls"] {
  const { mode } = policy.tls ?? {};
  return mode === "SIMPLE" || mode === "MUTUAL" ? policy.tls : undefined;
}

/** Reads a policy; host names in it are those of a resource in `namespace`. */
function unknownHosts(
  { mode, egressProxy }: OutboundPolicy,
  namespace: string,
  resolver: HostResolver,
  callsByTls: boolean,
): UnknownHosts {
  const toOne = (cluster: string): UnknownHosts => ({
    mode,
    cluster,
    requestCluster: cluster,
    tunnelCluster: cluster,
  });
  if (mode === "REGISTRY_ONLY") return toOne(BLACK_HOLE_CLUSTER);
  if (mode === "ALLOW_ANY_DYNAMIC_DNS") {
    return {
      mode,
      cluster: PASSTHROUGH_CLUSTER,
      requestCluster: DYNAMIC_DNS_CLUSTER,
      tunnelCluster: callsByTls ? PASSTHROUGH_CLUSTER : DYNAMIC_DNS_CLUSTER,
    };
  }
  if (egressProxy === undefined) return toOne(PASSTHROUGH_CLUSTER);
  const { host, port, subset = "" } = egressProxy;
  const hostname = resolveHost(host, namespace, resolver);
  return toOne(outboundClusterName({ hostname, subset, port: port?.number ?? 0 }));
}

/**
 * The policy for clients of an HTTP proxy. They connect to the proxy itself: where connections are redirected, one that is let
 * through to where it was addressed to would come back for ever.
 */
export function proxiedUnknown(unknown: UnknownHosts, captured: boolean): UnknownHosts {
  return captured && unknown.requestCluster === PASSTHROUGH_CLUSTER
    ? { ...unknown, mode: "REGISTRY_ONLY" }
    : unknown;
}

/** As `proxiedUnknown`, of the clients' tunnels. */
export function tunnelledUnknown(unknown: UnknownHosts, captured: boolean): UnknownHosts {
  return proxiedUnknown({ ...unknown, requestCluster: unknown.tunnelCluster }, captured);
}

/** Whose calls are asked about: callers of a namespace, to which perhaps the Sidecar of this key applies. */
interface Callers {
  readonly namespace: string;
  readonly sidecar: string;
}

/** What becomes of calls to unknown hosts; the same object for as long as it says the same. */
export function createUnknownHosts(engine: Engine): (mesh: Mesh, callers: Callers) => UnknownHosts {
  const settle = engine.settle<UnknownHosts>(
    (a, b) =>
      a.mode === b.mode &&
      a.cluster === b.cluster &&
      a.requestCluster === b.requestCluster &&
      a.tunnelCluster === b.tunnelCluster,
  );
  return ({ sidecars, config, resolver }, { sidecar, namespace }) => {
    const { outboundTrafficPolicy: policy } = config;
    const own = sidecars.byKey.get(sidecar)?.spec.outboundTrafficPolicy;
    return settle(
      unknownHosts(
        outboundPolicy(own, policy),
        namespace,
        resolver,
        unknownTls(policy) !== undefined,
      ),
    );
  };
}
