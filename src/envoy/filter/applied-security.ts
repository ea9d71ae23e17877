/** The filters of the policies that apply to each workload, remembered. */
import type { Engine } from "../../base/engine/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { createAppliedPolicies } from "../../mesh/security/applied-policies.js";
import type { ResourceSet } from "../resource/resource-set.js";
import {
  type SecurityFilters,
  type SecurityInputs,
  securityFilters,
  usefulClusters,
} from "./security-filters.js";

/**
 * The builder of these. All workloads to which the same policies apply share one object, which stays while nothing that
 * they depend on changes.
 */
export function createSecurity(
  engine: Engine,
): (
  mesh: Pick<Mesh, "config" | "security">,
  proxy: Proxy,
  clusters: ResourceSet,
) => SecurityFilters {
  const appliedTo = createAppliedPolicies(engine);
  const useful = engine.memo("clusters for policies", usefulClusters);
  const build = engine.memoFields<SecurityInputs, SecurityFilters>(
    "security filters",
    { policies: true, config: true, hosts: true, router: true, available: true },
    securityFilters,
  );
  return (mesh, proxy, clusters) => {
    const { config, security } = mesh;
    const policies = appliedTo(security, config.rootNamespace, proxy);
    const hosts = security.providerHosts;
    const available = useful(policies, config, hosts)
      .filter((name) => clusters.get(name) !== undefined)
      .join("\n");
    return build({ policies, config, hosts, router: proxy.type === "router", available });
  };
}
