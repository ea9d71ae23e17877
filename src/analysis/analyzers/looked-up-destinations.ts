import type { Path } from "../../config/kind.js";
import type { HTTPRoute } from "../../config/kinds/networking/virtual-service/http-route.js";
import { isSubsetOf } from "../../mesh/hostname.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import type { AnalyzedOf } from "../resources.js";
import { destinationsOf, type RouteDestination } from "../route-destinations.js";

type VirtualService = AnalyzedOf<"VirtualService">;

/** A destination that is one host of a wildcard, or all of them, which are looked up when they are called. */
interface LookedUp extends RouteDestination {
  readonly host: string;
  readonly wildcard: string;
}

/** Something that keeps a route from leading there, and where. */
type Finding = Pick<Report, "path" | "message">;

/**
 * Routes to hosts that are looked up when they are called, where what comes by the route names no such host: it leads nowhere.
 * Istio has no analyzer for it.
 */
export const lookedUpDestinationAnalyzer: Analyzer = {
  name: "virtualservice.LookedUpDestinationAnalyzer",
  description: "whether what is routed to hosts of DYNAMIC_DNS names the host that is called",
  *analyze(context) {
    for (const resource of context.resources.all("VirtualService")) {
      for (const destination of lookedUpIn(resource, context)) {
        for (const finding of findingsOf(resource, destination)) {
          yield { resource, code: "host-not-called", ...finding };
        }
      }
    }
  },
};

function lookedUpIn(resource: VirtualService, { hosts }: AnalysisContext): readonly LookedUp[] {
  const { namespace, spec } = resource;
  return destinationsOf(resource).flatMap((one): readonly LookedUp[] => {
    const { host = "" } = one.destination;
    const wildcard = hosts.find({ host, namespace, exportTo: spec.exportTo })?.lookedUp;
    return wildcard === undefined ? [] : [{ ...one, host, wildcard }];
  });
}

function findingsOf({ spec }: VirtualService, destination: LookedUp): readonly Finding[] {
  const { host, wildcard, path } = destination;
  const [, protocol, index = 0, part] = path;
  if (host.toLowerCase() !== wildcard.toLowerCase()) return [notTheWildcard(destination)];
  if (part !== "route") {
    const message = `copies of requests have another host than the requests, so "${wildcard}" gets none`;
    return [{ path: [...path, "host"], message }];
  }
  const at = Number(index);
  switch (protocol) {
    case "tcp": {
      const message = `connections that name no host cannot be led to "${wildcard}": use a route for TLS, with its sniHosts`;
      return [{ path: [...path, "host"], message }];
    }
    case "tls":
      return (spec.tls?.[at]?.match ?? []).flatMap(({ sniHosts = [] }, i) =>
        sniHosts.flatMap((name, j) => {
          const place = ["spec", "tls", at, "match", i, "sniHosts", j];
          return isSubsetOf(name, wildcard) ? [] : [noneOf(name, wildcard, place)];
        }),
      );
    default:
      return rewritten(spec.http?.[at], wildcard, ["spec", "http", at]);
  }
}

function notTheWildcard({ host, wildcard, path }: LookedUp): Finding {
  const message =
    `"${host}" is no host by itself, but one of "${wildcard}", which are looked up when they are called: route to "${wildcard}", ` +
    "and say by rewrite.authority which of them is called";
  return { path: [...path, "host"], message };
}

function rewritten(
  route: Draft<HTTPRoute> | undefined,
  wildcard: string,
  path: Path,
): readonly Finding[] {
  const { authority = "" } = route?.rewrite ?? {};
  const host = authority.replace(/:\d*$/, "");
  if (authority === "" || isSubsetOf(host, wildcard)) return [];
  return [noneOf(authority, wildcard, [...path, "rewrite", "authority"])];
}

function noneOf(found: string, wildcard: string, path: Path): Finding {
  const message = `"${found}" is none of the hosts of "${wildcard}", to which the route leads: nothing is sent there`;
  return { path, message };
}
