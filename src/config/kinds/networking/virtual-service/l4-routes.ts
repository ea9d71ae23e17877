import type { Path } from "../../../kind.js";
import { namespaceProblem, subnetProblem } from "../../value/addresses.js";
import {
  Int32,
  list,
  optional,
  strict,
  Text,
  TextMap,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { each, type Findings, given, invalid, refuse, tolerate } from "../../value/findings.js";
import { checkLabels } from "../../value/labels.js";
import { checkPortOrZero } from "../../value/numbers.js";
import { checkDestination, Destination } from "./destination.js";
import { checkGatewayNames } from "./gateway-names.js";
import { checkWeights } from "./weights.js";

/** One of the destinations that connections are spread over by weight. */
export type RouteDestination = ValueOf<typeof RouteDestination>;
const RouteDestination = strict({
  destination: Destination,
  weight: optional(Int32),
});

/** What a connection must be for a TCP route to take it (Istio's L4MatchAttributes). */
export type L4MatchAttributes = ValueOf<typeof L4MatchAttributes>;
export const L4MatchAttributes = strict({
  destinationSubnets: optional(list(Text)),
  port: optional(Uint32),
  sourceSubnet: optional(Text),
  sourceLabels: optional(TextMap),
  gateways: optional(list(Text)),
  sourceNamespace: optional(Text),
});

/** Where TCP connections go. */
export type TCPRoute = ValueOf<typeof TCPRoute>;
export const TCPRoute = strict({
  match: optional(list(L4MatchAttributes)),
  route: optional(list(RouteDestination)),
});

/** What a TLS connection must be for a TLS route to take it. */
export type TLSMatchAttributes = ValueOf<typeof TLSMatchAttributes>;
export const TLSMatchAttributes = strict({
  sniHosts: list(Text),
  destinationSubnets: optional(list(Text)),
  port: optional(Uint32),
  sourceLabels: optional(TextMap),
  gateways: optional(list(Text)),
  sourceNamespace: optional(Text),
});

/** Where TLS connections that are not terminated go, by SNI. */
export type TLSRoute = ValueOf<typeof TLSRoute>;
export const TLSRoute = strict({
  match: list(TLSMatchAttributes),
  route: optional(list(RouteDestination)),
});

/** Destinations, and conditions that a connection can fulfil. */
export function* checkTcpRoute(route: TCPRoute, path: Path): Findings {
  yield* each(route.match, [...path, "match"], checkConnectionMatch);
  yield* checkDestinations(route.route, [...path, "route"]);
}

/** As `checkTcpRoute`, with a condition at least; `checkSni` knows which server names are right. */
export function* checkTlsRoute(
  route: TLSRoute,
  path: Path,
  checkSni: (sni: string, path: Path) => Findings,
): Findings {
  if (route.match.length === 0) {
    yield invalid([...path, "match"], "a TLS route needs a match by sniHosts");
  }
  yield* each(route.match, [...path, "match"], function* (match, at) {
    if (match.sniHosts.length === 0) {
      yield invalid([...at, "sniHosts"], "a match of TLS needs a server name");
    }
    yield* each(match.sniHosts, [...at, "sniHosts"], checkSni);
    yield* checkConnectionMatch(match, at);
  });
  yield* checkDestinations(route.route, [...path, "route"]);
}

function* checkConnectionMatch(
  match: L4MatchAttributes | TLSMatchAttributes,
  path: Path,
): Findings {
  yield* each(match.destinationSubnets, [...path, "destinationSubnets"], (subnet, at) =>
    refuse(at, subnetProblem(subnet)),
  );
  yield* given(match.port, [...path, "port"], checkPortOrZero);
  yield* given(match.sourceLabels, [...path, "sourceLabels"], checkLabels);
  yield* checkGatewayNames(match.gateways, [...path, "gateways"]);
  const { sourceNamespace = "" } = match;
  const problem = sourceNamespace === "" ? undefined : namespaceProblem(sourceNamespace);
  yield* tolerate(refuse([...path, "sourceNamespace"], problem));
}

function* checkDestinations(destinations: readonly RouteDestination[] = [], path: Path): Findings {
  if (destinations.length === 0) yield invalid(path, "the route leads nowhere: give a destination");
  yield* each(destinations, path, ({ destination }, at) =>
    checkDestination(destination, [...at, "destination"]),
  );
  yield* checkWeights(destinations, path);
}
