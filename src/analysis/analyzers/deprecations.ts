import type { Analyzer } from "../analyzer.js";

const REMOVED_GROUP = "rbac.istio.io";
const REMOVED_KINDS: readonly (string | undefined)[] = [
  "ClusterRbacConfig",
  "RbacConfig",
  "ServiceRole",
  "ServiceRoleBinding",
];

/** Fields and kinds that Istio has given up. */
export const deprecationAnalyzer: Analyzer = {
  name: "deprecation.DeprecationAnalyzer",
  description: "fields and kinds that Istio has given up",
  *analyze({ resources }) {
    for (const resource of resources.all("VirtualService")) {
      const routes = resource.spec.http ?? [];
      const index = routes.findIndex(({ fault }) => (fault?.delay?.percent ?? 0) > 0);
      if (index < 0) continue;
      const path = ["spec", "http", index, "fault", "delay", "percent"];
      const message = "fault.delay.percent is deprecated: write percentage, with its field value";
      yield { resource, code: "IST0002", path, end: "name", message };
    }
    for (const resource of resources.all("Sidecar")) {
      if (resource.spec.outboundTrafficPolicy?.egressProxy === undefined) continue;
      const path = ["spec", "outboundTrafficPolicy", "egressProxy"];
      const message = "outboundTrafficPolicy.egressProxy is deprecated and ignored";
      yield { resource, code: "IST0002", path, end: "name", message };
    }
    for (const resource of resources.all("CustomResourceDefinition")) {
      const { group, names } = resource.spec;
      if (group !== REMOVED_GROUP || !REMOVED_KINDS.includes(names?.kind)) continue;
      const message = `Istio no longer has ${names?.kind ?? ""} of ${group}: write AuthorizationPolicies`;
      yield { resource, code: "IST0002", path: ["spec", "names", "kind"], message };
    }
  },
};
