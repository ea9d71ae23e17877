import { overlaps, resolveShortName } from "../../mesh/hostname.js";
import type { Analyzer } from "../analyzer.js";
import { scopesOf } from "../host-scopes.js";
import { type AnalyzedOf, fullName } from "../resources.js";

type VirtualService = AnalyzedOf<"VirtualService">;

/** A host that VirtualServices route for the sidecars of a namespace, or of all (`*`). */
interface RoutedHost {
  readonly scope: string;
  readonly host: string;
  readonly routes: VirtualService[];
}

const ALL = "*";
const MESH = "mesh";
const DOMAIN = "cluster.local";

/** VirtualServices that route the same host for the same sidecars. */
export const meshHostAnalyzer: Analyzer = {
  name: "virtualservice.ConflictingMeshGatewayHostsAnalyzer",
  description: "whether several VirtualServices route a host for the same sidecars",
  *analyze({ resources }) {
    const hosts = routedHosts(resources.all("VirtualService"));
    const common = hosts.filter(({ scope }) => scope === ALL);
    const reported = new Set<VirtualService>();
    for (const { scope, host, routes } of hosts) {
      const others =
        scope === ALL
          ? []
          : common.filter((one) => overlaps(host, one.host)).flatMap((one) => one.routes);
      // A host may be in one of them twice, by its short name and in full.
      const all = new Set([...routes, ...others]);
      if (all.size < 2) continue;
      const names = [...all].map(fullName).sort().join(", ");
      const where = scope === ALL ? "" : ` of namespace ${scope}`;
      for (const resource of all) {
        if (reported.has(resource)) continue;
        reported.add(resource);
        const message = `sidecars${where} get routes for "${host}" from several VirtualServices: ${names}; one counts, so put the routes into one`;
        yield { resource, code: "IST0109", path: ["spec", "hosts"], message };
      }
    }
  },
};

function routedHosts(routes: readonly VirtualService[]): readonly RoutedHost[] {
  const hosts = new Map<string, RoutedHost>();
  for (const route of routes) {
    const { gateways = [], hosts: names = [], exportTo } = route.spec;
    if (gateways.length > 0 && !gateways.includes(MESH)) continue;
    for (const scope of scopesOf(exportTo, route.namespace)) {
      for (const name of names) {
        const host = resolveShortName(name, route.namespace, DOMAIN);
        const known = hosts.get(`${scope}/${host}`) ?? { scope, host, routes: [] };
        hosts.set(`${scope}/${host}`, known);
        known.routes.push(route);
      }
    }
  }
  return [...hosts.values()];
}
