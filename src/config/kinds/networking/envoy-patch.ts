import {
  oneOf,
  optional,
  PortNumber,
  Struct,
  strict,
  Text,
  TextMap,
  Uint32,
  type ValueOf,
} from "../value/fields.js";

const FilterMatch = strict({
  name: optional(Text),
  subFilter: optional(strict({ name: optional(Text) })),
});

/** Which listeners, or what in them, a patch is for. */
export type ListenerMatch = ValueOf<typeof ListenerMatch>;
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

/** Which route configurations, or what in them, a patch is for. */
export type RouteConfigurationMatch = ValueOf<typeof RouteConfigurationMatch>;
const RouteConfigurationMatch = strict({
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

/** Which clusters a patch is for. */
export type ClusterMatch = ValueOf<typeof ClusterMatch>;
const ClusterMatch = strict({
  portNumber: optional(Uint32),
  service: optional(Text),
  subset: optional(Text),
  name: optional(Text),
});

/** What of a waypoint proxy a patch is for. */
export type WaypointMatch = ValueOf<typeof WaypointMatch>;
const WaypointMatch = strict({
  portNumber: optional(PortNumber),
  filter: optional(FilterMatch),
  route: optional(strict({ name: optional(Text) })),
});

/** Which proxies, and which of their objects, a patch is for. */
export type EnvoyConfigObjectMatch = ValueOf<typeof EnvoyConfigObjectMatch>;
const EnvoyConfigObjectMatch = strict({
  context: optional(oneOf("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT")),
  proxy: optional(strict({ proxyVersion: optional(Text), metadata: optional(TextMap) })),
  listener: optional(ListenerMatch),
  routeConfiguration: optional(RouteConfigurationMatch),
  cluster: optional(ClusterMatch),
  waypoint: optional(WaypointMatch),
});

/** What is done to the objects that match. */
export type Patch = ValueOf<typeof Patch>;
const Patch = strict({
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

/** One change of what is generated for a proxy. */
export type EnvoyConfigObjectPatch = ValueOf<typeof EnvoyConfigObjectPatch>;
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
