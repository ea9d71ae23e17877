import { isMap } from "../../../../base/is-map.js";
import type { KindDefinition, Path } from "../../../kind.js";
import type { ConfigResource } from "../../../resource.js";
import { isJwtClaim } from "../../format/http-headers.js";
import { checkedByIstio } from "../../istio-resource.js";
import { isIpAddress, isSubsetOfHost, wildcardDomainProblem } from "../../value/dns-names.js";
import { checkExportTo } from "../../value/export-to.js";
import { list, optional, strict, Text, type ValueOf } from "../../value/fields.js";
import { doubtful, each, type Findings, invalid, refuse } from "../../value/findings.js";
import { checkGatewayNames } from "./gateway-names.js";
import { checkHttpRoute, HTTPRoute } from "./http-route.js";
import { checkTcpRoute, checkTlsRoute, TCPRoute, TLSRoute } from "./l4-routes.js";
import { checkPrefixes } from "./overlapping-prefixes.js";
import { checkReachable } from "./reachable-routes.js";

/** How traffic to some hosts is routed; without hosts it is a delegate of others. */
export type VirtualServiceSpec = ValueOf<typeof VirtualServiceSpec>;
export const VirtualServiceSpec = strict({
  hosts: optional(list(Text)),
  gateways: optional(list(Text)),
  http: optional(list(HTTPRoute)),
  tls: optional(list(TLSRoute)),
  tcp: optional(list(TCPRoute)),
  exportTo: optional(list(Text)),
});

/** Istio's VirtualService. */
export const virtualService = {
  kind: "VirtualService",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  shortNames: ["vs"],
  body: "spec",
  schema: VirtualServiceSpec,
  meant: withEmptyMatches,
  check: checkedByIstio(checkVirtualService),
} as const satisfies KindDefinition<VirtualServiceSpec>;

/**
 * A condition of an HTTP route that is nothing at all takes every request, as an empty one does; one on a parameter or on a
 * header that must not be there is one on whether it is there. See Istio, HTTPMatchRequest.
 */
function withEmptyMatches(body: unknown): unknown {
  return changed(body, "http", (http) =>
    everyItem(http, (route) =>
      changed(route, "match", (match) =>
        everyItem(match, (one) =>
          changed(
            changed(one ?? {}, "queryParams", withEmptyMembers),
            "withoutHeaders",
            withEmptyMembers,
          ),
        ),
      ),
    ),
  );
}

/** A map with another value at a name, where the map has one there; the same where it is the same. */
function changed(map: unknown, name: string, change: (value: unknown) => unknown): unknown {
  if (!isMap(map) || !(name in map)) return map;
  const value = change(map[name]);
  return value === map[name] ? map : { ...map, [name]: value };
}

function everyItem(list: unknown, change: (item: unknown) => unknown): unknown {
  if (!Array.isArray(list)) return list;
  const items: unknown[] = list;
  const others = items.map(change);
  return others.every((item, index) => item === items[index]) ? items : others;
}

function withEmptyMembers(map: unknown): unknown {
  if (!isMap(map) || !Object.values(map).includes(null)) return map;
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value ?? {}]));
}

/** The gateway that all sidecars are. */
const MESH = "mesh";

function* checkVirtualService(resource: ConfigResource<VirtualServiceSpec>): Findings {
  const { spec, metadata } = resource;
  const { hosts = [], http = [], tls = [], tcp = [] } = spec;
  const delegated = hosts.length === 0;
  if (delegated) yield* checkDelegate(spec);
  else yield* checkHosts(spec);
  yield* checkGatewayNames(spec.gateways, ["spec", "gateways"]);
  if (http.length + tls.length + tcp.length === 0) {
    yield invalid(["spec"], "the VirtualService has no routes: give http, tls or tcp");
  }
  yield* each(http, ["spec", "http"], (route, at) => checkHttpRoute(route, at, delegated));
  if (!isForGatewaysOnly(spec)) yield* checkNoClaims(http);
  yield* each(tls, ["spec", "tls"], (route, at) =>
    checkTlsRoute(route, at, (sni, path) => checkSni(sni, path, spec)),
  );
  yield* each(tcp, ["spec", "tcp"], checkTcpRoute);
  yield* checkExportTo(spec.exportTo, ["spec", "exportTo"], metadata);
  yield* checkReachable(http, ["spec", "http"]);
  yield* checkPrefixes(http, ["spec", "http"]);
  yield* checkReachable(tls, ["spec", "tls"]);
  yield* checkReachable(tcp, ["spec", "tcp"]);
}

function* checkDelegate(spec: VirtualServiceSpec): Findings {
  for (const field of ["gateways", "tls", "tcp"] as const) {
    if ((spec[field] ?? []).length > 0) {
      yield invalid(
        ["spec", field],
        `${field} needs hosts: without hosts it is a delegate for http`,
      );
    }
  }
}

function* checkHosts(spec: VirtualServiceSpec): Findings {
  const { hosts = [] } = spec;
  const problems = hosts.map((host) => hostProblem(host, spec));
  for (const [index, problem] of problems.entries()) {
    yield* refuse(["spec", "hosts", index], problem);
  }
  if (problems.some((problem) => problem !== undefined)) return;
  for (const [index, host] of hosts.entries()) {
    const other = hosts.slice(0, index).find((earlier) => overlaps(earlier, host));
    if (other !== undefined) {
      yield invalid(["spec", "hosts", index], `"${host}" and "${other}" stand for the same host`);
    }
  }
}

function hostProblem(host: string, spec: VirtualServiceSpec): string | undefined {
  const forGateways = isForGatewaysOnly(spec);
  if (host === "*" && !forGateways) {
    return `"*" is a host at gateways only: give gateways, without ${MESH}, or name the hosts`;
  }
  const routesBySni = (spec.tls ?? []).some(({ match }) => match.length > 0);
  return forGateways && routesBySni ? sniProblem(host) : hostNameProblem(host);
}

function hostNameProblem(host: string): string | undefined {
  return isIpAddress(host) ? undefined : wildcardDomainProblem(host);
}

/**
 * The server names that gateways between networks are called by: `outbound_.80_.v1_.reviews.default.svc.cluster.local`.
 * Istio asks for no more than a digit in the port and a letter in the host.
 */
function sniProblem(host: string): string | undefined {
  if (!host.startsWith("outbound_")) return hostNameProblem(host);
  const [, port = "", , name = ""] = host.split("_");
  const isFormed = /\d/.test(port) && /[a-z]/i.test(name);
  return isFormed ? undefined : `"${host}" is not of the form outbound_.PORT_.SUBSET_.HOST`;
}

function* checkSni(sni: string, path: Path, spec: VirtualServiceSpec): Findings {
  const { hosts = [], gateways = [] } = spec;
  const problem = gateways.includes(MESH) ? wildcardDomainProblem(sni) : sniProblem(sni);
  if (isIpAddress(sni)) {
    yield doubtful(
      path,
      `"${sni}" is an IP address, which most clients do not send as server name`,
    );
  } else if (problem !== undefined) {
    yield invalid(path, problem);
  } else if (!hosts.some((host) => isSubsetOfHost(sni, host))) {
    yield invalid(path, `server name "${sni}" is none of the hosts: ${hosts.join(", ")}`);
  }
}

/** Claims of a JWT are known at gateways, which clear the route after they checked the token. */
function* checkNoClaims(routes: readonly HTTPRoute[]): Findings {
  yield* each(routes, ["spec", "http"], (route, path) =>
    each(route.match, [...path, "match"], function* (match, at) {
      for (const field of ["headers", "withoutHeaders"] as const) {
        for (const name of Object.keys(match[field] ?? {}).filter(isJwtClaim)) {
          yield invalid([...at, field, name], "claims of a JWT can be matched at gateways only");
        }
      }
    }),
  );
}

function isForGatewaysOnly({ gateways = [] }: VirtualServiceSpec): boolean {
  return gateways.length > 0 && !gateways.includes(MESH);
}

/** Whether one of two hosts stands for the other, or for some of the names that it stands for. */
function overlaps(a: string, b: string): boolean {
  return isSubsetOfHost(a, b) || isSubsetOfHost(b, a);
}
