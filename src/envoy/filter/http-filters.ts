/** The HTTP filters of a connection manager, in the order in which requests pass them. */
import type { ProxyHeaders } from "../../config/mesh-config/mesh-config-schema.js";
import { any } from "../any.js";
import type { HttpFilterJson } from "../api.js";
import { perRouteFilters } from "../route/per-route-filters.js";
import { tunnelProtocolFilter } from "../route/tunnel-route.js";
import { shared } from "../wire/shared-message.js";

const PACKAGE = "envoy.extensions.filters.http";

/** A filter that is the same in every connection manager. */
function filter(name: string, message: string, config: object): HttpFilterJson {
  const typedConfig = shared(any(`${PACKAGE}.${message}`, config));
  return { name: `envoy.filters.http.${name}`, typedConfig };
}

/** Turns what browsers send of gRPC into gRPC, and the answers back; other requests are left as they are. */
const GRPC_WEB = filter("grpc_web", "grpc_web.v3.GrpcWeb", {});

/** Counts gRPC calls, and notes their status for access logs. */
const GRPC_STATS = filter("grpc_stats", "grpc_stats.v3.FilterConfig", {
  emitFilterState: true,
  statsForAllMethods: false,
});

/** Injects the faults that routes ask for. */
const FAULT = filter("fault", "fault.v3.HTTPFault", {});

/** Answers the browsers' questions that routes allow. */
const CORS = filter("cors", "cors.v3.Cors", {});

/** Sends the request on; always the last. */
const ROUTER = filter("router", "router.v3.Router", {});
const QUIET_ROUTER = filter("router", "router.v3.Router", { suppressEnvoyHeaders: true });

/** Asks for the virtual host of a request that the route configuration does not have, and lets the request wait for it. */
const ON_DEMAND = filter("on_demand", "on_demand.v3.OnDemand", {});

/** Which filters a connection manager has. */
export interface HttpFilterOptions {
  /** Virtual hosts are asked for when they are needed. All filters that read routes come behind it. */
  readonly onDemand?: boolean;
  /** Those that decide whether a request may pass; they come before all others. */
  readonly security?: readonly HttpFilterJson[];
  /** The names of the filters that its route configuration speaks of, see per-route-filters. */
  readonly perRoute?: readonly string[] | undefined;
  /** What is called is a port of gRPC-Web, behind which servers speak gRPC. */
  readonly grpcWeb?: boolean;
  /** Some routes are for tunnels. */
  readonly tunnels?: boolean;
  /** Of which those by which Envoy tells what it did may be left out. */
  readonly headers: ProxyHeaders;
}

/** The filters of every connection manager. */
export function httpFilters(options: HttpFilterOptions): HttpFilterJson[] {
  return [
    ...(options.onDemand === true ? [ON_DEMAND] : []),
    ...(options.security ?? []),
    ...(options.grpcWeb === true ? [GRPC_WEB] : []),
    GRPC_STATS,
    FAULT,
    CORS,
    // Behind the answers to browsers' questions, which carry nothing by which somebody could be known.
    ...perRouteFilters(options.perRoute ?? []),
    ...(options.tunnels === true ? [tunnelProtocolFilter()] : []),
    options.headers.envoyDebugHeaders?.disabled === true ? QUIET_ROUTER : ROUTER,
  ];
}
