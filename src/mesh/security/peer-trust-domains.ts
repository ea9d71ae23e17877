import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";

/** The builder of the trust domains whose workloads may call the mesh's: its own first, the same object while they stay. */
export function createPeerTrustDomains(
  engine: Engine,
): (config: MeshConfig, federated: readonly string[]) => readonly string[] {
  const settle = engine.settle<readonly string[]>(sameElements);
  return ({ trustDomain, trustDomainAliases }, federated) =>
    settle([...new Set([trustDomain, ...trustDomainAliases, ...federated])]);
}
