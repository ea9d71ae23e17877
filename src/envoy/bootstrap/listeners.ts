/** The two listeners of every bootstrap: readiness for probes, and statistics for Prometheus. */
import { any } from "../any.js";
import type { ClusterJson, HttpConnectionManagerJson, ListenerJson, RouteJson } from "../api.js";

interface Address {
  readonly address: string;
  readonly port: number;
}

/** The cluster of Envoy's own admin interface. It is no way in for others: only the two paths below lead there. */
const ADMIN_CLUSTER = "admin";

/** `/healthz/ready` on the status address, `/stats/prometheus` on the metrics address. */
export function bootstrapListeners(status: Address, metrics: Address): readonly ListenerJson[] {
  return [
    adminListener(status, "health", {
      match: { path: "/healthz/ready" },
      route: { cluster: ADMIN_CLUSTER, prefixRewrite: "/ready" },
    }),
    adminListener(metrics, "stats", {
      match: { path: "/stats/prometheus" },
      route: { cluster: ADMIN_CLUSTER },
    }),
  ];
}

/** Loopback, where something that listens on all addresses is reached. */
const REACHED_AT: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Envoy's admin interface as a cluster of its own. */
export function buildAdminCluster(admin: Address): ClusterJson {
  const address = REACHED_AT[admin.address] ?? admin.address;
  const endpoint = { address: { socketAddress: { address, portValue: admin.port } } };
  return {
    name: ADMIN_CLUSTER,
    type: "STATIC",
    connectTimeout: "0.25s",
    loadAssignment: {
      clusterName: ADMIN_CLUSTER,
      endpoints: [{ lbEndpoints: [{ endpoint }] }],
    },
  };
}

function adminListener({ address, port }: Address, name: string, route: RouteJson): ListenerJson {
  const manager: HttpConnectionManagerJson = {
    statPrefix: name,
    // GET alone: the admin interface changes things by POST.
    routeConfig: {
      virtualHosts: [
        {
          name,
          domains: ["*"],
          routes: [
            {
              ...route,
              match: {
                ...route.match,
                headers: [{ name: ":method", stringMatch: { exact: "GET" } }],
              },
            },
          ],
        },
      ],
    },
    httpFilters: [
      {
        name: "envoy.filters.http.router",
        typedConfig: any("envoy.extensions.filters.http.router.v3.Router", {}),
      },
    ],
  };
  return {
    name: `bootstrap-${name}`,
    address: { socketAddress: { address, portValue: port } },
    // A probe must see a proxy that is at its limit of connections.
    ignoreGlobalConnLimit: true,
    filterChains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typedConfig: any(
              "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              manager,
            ),
          },
        ],
      },
    ],
  };
}
