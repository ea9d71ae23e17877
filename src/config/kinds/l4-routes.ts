import { Destination } from "./destination.js";
import { Int32, list, optional, strict, Text, TextMap, Uint32, type ValueOf } from "./fields.js";

/** One of the destinations that connections are spread over by weight. */
export const RouteDestination = strict({
  destination: Destination,
  weight: optional(Int32),
});
export type RouteDestination = ValueOf<typeof RouteDestination>;

/** What a connection must be for a TCP route to take it (Istio's L4MatchAttributes). */
export const L4MatchAttributes = strict({
  destinationSubnets: optional(list(Text)),
  port: optional(Uint32),
  sourceSubnet: optional(Text),
  sourceLabels: optional(TextMap),
  gateways: optional(list(Text)),
  sourceNamespace: optional(Text),
});
export type L4MatchAttributes = ValueOf<typeof L4MatchAttributes>;

/** Where TCP connections go. */
export const TCPRoute = strict({
  match: optional(list(L4MatchAttributes)),
  route: optional(list(RouteDestination)),
});
export type TCPRoute = ValueOf<typeof TCPRoute>;

/** What a TLS connection must be for a TLS route to take it. */
export const TLSMatchAttributes = strict({
  sniHosts: list(Text),
  destinationSubnets: optional(list(Text)),
  port: optional(Uint32),
  sourceLabels: optional(TextMap),
  gateways: optional(list(Text)),
  sourceNamespace: optional(Text),
});
export type TLSMatchAttributes = ValueOf<typeof TLSMatchAttributes>;

/** Where TLS connections that are not terminated go, by SNI. */
export const TLSRoute = strict({
  match: list(TLSMatchAttributes),
  route: optional(list(RouteDestination)),
});
export type TLSRoute = ValueOf<typeof TLSRoute>;
