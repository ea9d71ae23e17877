import { oneOf, optional, Struct, strict, Text, TextMap, Uint32, type ValueOf } from "./fields.js";

const FilterMatch = strict({
  name: optional(Text),
  subFilter: optional(strict({ name: optional(Text) })),
});

/** Which listeners, or what in them, a patch is for. */
export const ListenerMatch = strict({
  portNumber: optional(Uint32),
  portName: optional(Text),
  filterChain: optional(
    strict({
      name: optional(Text),
      sni: optional(Text),
      transportProtocol: optional(Text),
      applicationProtocols: optional(Text),
      filter: optional(FilterMatch),
      destinationPort: optional(Uint32),
    }),
  ),
  listenerFilter: optional(Text),
  name: optional(Text),
});
export type ListenerMatch = ValueOf<typeof ListenerMatch>;

/** Which route configurations, or what in them, a patch is for. */
export const RouteConfigurationMatch = strict({
  portNumber: optional(Uint32),
  portName: optional(Text),
  gateway: optional(Text),
  vhost: optional(
    strict({
      name: optional(Text),
      domainName: optional(Text),
      route: optional(
        strict({
          name: optional(Text),
          action: optional(oneOf("ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE")),
        }),
      ),
    }),
  ),
  name: optional(Text),
});
export type RouteConfigurationMatch = ValueOf<typeof RouteConfigurationMatch>;

/** Which clusters a patch is for. */
export const ClusterMatch = strict({
  portNumber: optional(Uint32),
  service: optional(Text),
  subset: optional(Text),
  name: optional(Text),
});
export type ClusterMatch = ValueOf<typeof ClusterMatch>;

/** What of a waypoint proxy a patch is for. */
export const WaypointMatch = strict({
  portNumber: optional(Uint32),
  filter: optional(FilterMatch),
  route: optional(strict({ name: optional(Text) })),
});
export type WaypointMatch = ValueOf<typeof WaypointMatch>;

/** Which proxies, and which of their objects, a patch is for. */
export const EnvoyConfigObjectMatch = strict({
  context: optional(oneOf("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT")),
  proxy: optional(strict({ proxyVersion: optional(Text), metadata: optional(TextMap) })),
  listener: optional(ListenerMatch),
  routeConfiguration: optional(RouteConfigurationMatch),
  cluster: optional(ClusterMatch),
  waypoint: optional(WaypointMatch),
});
export type EnvoyConfigObjectMatch = ValueOf<typeof EnvoyConfigObjectMatch>;

/** What is done to the objects that match. */
export const Patch = strict({
  operation: optional(
    oneOf(
      "INVALID",
      "MERGE",
      "MERGE_AND_REPLACE_LIST",
      "ADD",
      "REMOVE",
      "INSERT_BEFORE",
      "INSERT_AFTER",
      "INSERT_FIRST",
      "REPLACE",
    ),
  ),
  /** A part of Envoy's API, by its own field names. */
  value: optional(Struct),
  filterClass: optional(oneOf("UNSPECIFIED", "AUTHN", "AUTHZ", "STATS")),
});
export type Patch = ValueOf<typeof Patch>;

/** One change of what is generated for a proxy. */
export const EnvoyConfigObjectPatch = strict({
  applyTo: optional(
    oneOf(
      "INVALID",
      "LISTENER",
      "FILTER_CHAIN",
      "NETWORK_FILTER",
      "HTTP_FILTER",
      "ROUTE_CONFIGURATION",
      "VIRTUAL_HOST",
      "HTTP_ROUTE",
      "CLUSTER",
      "EXTENSION_CONFIG",
      "BOOTSTRAP",
      "LISTENER_FILTER",
    ),
  ),
  match: optional(EnvoyConfigObjectMatch),
  patch: optional(Patch),
});
export type EnvoyConfigObjectPatch = ValueOf<typeof EnvoyConfigObjectPatch>;
