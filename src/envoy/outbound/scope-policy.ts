import type { Engine } from "../../base/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import { outboundPolicy } from "../../mesh/sidecar/sidecar.js";
import { type UnknownHosts, unknownHosts } from "../unknown-hosts.js";
import type { OutboundScope } from "./outbound-scope.js";

/** What becomes of calls to unknown hosts from a scope; the same object for as long as it says the same. */
export function createUnknownHosts(
  engine: Engine,
): (mesh: Mesh, scope: OutboundScope) => UnknownHosts {
  const settle = engine.settle<UnknownHosts>(
    (a, b) => a.mode === b.mode && a.cluster === b.cluster && a.requestCluster === b.requestCluster,
  );
  return ({ sidecars, config, resolver }, { sidecar, namespace }) => {
    const own = sidecars.byKey.get(sidecar)?.spec.outboundTrafficPolicy;
    return settle(
      unknownHosts(outboundPolicy(own, config.outboundTrafficPolicy), namespace, resolver),
    );
  };
}
