import { resolveShortName, serviceHostname } from "../../mesh/hostname.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";

const DOMAIN = "cluster.local";

/**
 * VirtualServices for what is but another name of a service in the mesh (an ExternalName), which count for less than those for
 * services. Istio has no analyzer for it.
 */
export const otherNameAnalyzer: Analyzer = {
  name: "virtualservice.OtherNameAnalyzer",
  description: "whether what is routed by another name of a service is routed by all of it",
  *analyze(context) {
    const others = otherNames(context);
    if (others.size === 0) return;
    for (const resource of context.resources.all("VirtualService")) {
      const { hosts = [], gateways = [] } = resource.spec;
      if (gateways.length > 0 && !gateways.includes(MESH_GATEWAY)) continue;
      for (const [index, host] of hosts.entries()) {
        const name = resolveShortName(host, resource.namespace, DOMAIN);
        const other = others.get(name);
        if (other === undefined) continue;
        const path = ["spec", "hosts", index];
        for (const message of messagesOf(resource, name, other)) {
          yield { resource, code: "other-name", path, message } satisfies Report;
        }
      }
    }
  },
};

interface OtherName {
  readonly target: string;
  /** The Service says itself which ports it has. */
  readonly hasPorts: boolean;
}

/** The other names of services in the mesh, by host. */
function otherNames({ resources, hosts }: AnalysisContext): ReadonlyMap<string, OtherName> {
  const all = resources.all("Service").flatMap(({ name, namespace, spec }) => {
    const { type, externalName: target = "", ports = [] } = spec;
    if (type !== "ExternalName") return [];
    if (hosts.find({ host: target, namespace, exportTo: undefined }) === undefined) return [];
    const other = { target, hasPorts: ports.length > 0 };
    return [[serviceHostname(name, namespace, DOMAIN), other] as const];
  });
  return new Map(all);
}

function messagesOf(
  { spec }: AnalyzedOf<"VirtualService">,
  name: string,
  { target, hasPorts }: OtherName,
): readonly string[] {
  const what = `"${name}" is another name of "${target}"`;
  const ofRequests = `${what}: requests are routed so by this full name on port 80 alone; give the Service the ports on which all of its names are to be`;
  const ofConnections = `${what}: connections are not routed by it, but by "${target}"`;
  return [
    ...((spec.http ?? []).length > 0 && !hasPorts ? [ofRequests] : []),
    ...([...(spec.tcp ?? []), ...(spec.tls ?? [])].length > 0 ? [ofConnections] : []),
  ];
}
