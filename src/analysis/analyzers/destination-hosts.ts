import type { Path } from "../../config/kind.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { type AnalyzedOf, fullName } from "../resources.js";
import { destinationsOf, type RouteDestination } from "../route-destinations.js";

type VirtualService = AnalyzedOf<"VirtualService">;

/** Routes to hosts and ports that there are not, and routes of gateways that other VirtualServices do not split. */
export const destinationHostAnalyzer: Analyzer = {
  name: "virtualservice.DestinationHostAnalyzer",
  description: "whether VirtualServices route to hosts and ports that there are",
  *analyze(context) {
    const routes = context.resources.all("VirtualService");
    const splitting = splittingRoutes(routes);
    for (const route of routes) {
      for (const destination of destinationsOf(route)) {
        yield* analyzeDestination(route, destination, context);
      }
      yield* analyzeIngress(route, splitting);
    }
  },
};

function* analyzeDestination(
  resource: VirtualService,
  { destination, path }: RouteDestination,
  { hosts }: AnalysisContext,
): Iterable<Report> {
  const { host = "", port } = destination;
  const { namespace, spec } = resource;
  const known = hosts.find({ host, namespace, exportTo: spec.exportTo });
  if (known === undefined) {
    const exportTo = spec.exportTo ?? [];
    const who =
      exportTo.length === 0 ? `namespace ${namespace} sees` : `${exportTo.join(", ")} see`;
    const message = `host "${host}" is no Service and no host of a ServiceEntry that ${who}`;
    yield { resource, code: "IST0101", path: [...path, "host"], message };
    return;
  }
  if (port === undefined) {
    if (known.ports.length < 2) return;
    const message = `"${host}" has several ports, so the destination needs one: ${known.ports.join(", ")}`;
    yield { resource, code: "IST0112", path: [...path, "host"], message };
    return;
  }
  const { number = 0 } = port;
  if (known.ports.includes(number)) return;
  const found = known.ports.length === 0 ? "none" : known.ports.join(", ");
  const message = `"${host}" has no port ${number}: found ${found}`;
  yield { resource, code: "IST0101", path: [...path, "port", "number"], message };
}

/** By host, the VirtualServices that route to subsets of it when it is called by its name. */
function splittingRoutes(
  routes: readonly VirtualService[],
): ReadonlyMap<string, readonly VirtualService[]> {
  const splitting = new Map<string, VirtualService[]>();
  for (const route of routes) {
    const hosts = new Set(
      (route.spec.http ?? [])
        .flatMap((http) => http.route ?? [])
        .filter(({ destination }) => (destination?.subset ?? "") !== "")
        .map(({ destination }) => destination?.host ?? ""),
    );
    for (const host of hosts) {
      if (!(route.spec.hosts ?? []).includes(host)) continue;
      splitting.set(host, [...(splitting.get(host) ?? []), route]);
    }
  }
  return splitting;
}

/** What a gateway sends on is routed once: the routes of another VirtualService for that host do not count. */
function* analyzeIngress(
  resource: VirtualService,
  splitting: ReadonlyMap<string, readonly VirtualService[]>,
): Iterable<Report> {
  if ((resource.spec.gateways ?? []).length === 0) return;
  const reported = new Set<VirtualService>();
  for (const { host, path } of unsplitHosts(resource)) {
    for (const other of splitting.get(host) ?? []) {
      if (reported.has(other)) continue;
      reported.add(other);
      const message = `requests that come by the gateway go to all of "${host}": the subsets of VirtualService ${fullName(other)} do not count for them; name the subset here too`;
      yield { resource, code: "IST0140", path, message };
    }
  }
}

/** The hosts to which requests are routed without a subset. */
function unsplitHosts({
  spec,
}: VirtualService): readonly { readonly host: string; readonly path: Path }[] {
  return (spec.http ?? []).flatMap(({ route = [] }, i) =>
    route.flatMap(({ destination = {} }, j) => {
      const { host = "", subset = "" } = destination;
      const path = ["spec", "http", i, "route", j, "destination", "host"];
      return subset === "" ? [{ host, path }] : [];
    }),
  );
}
