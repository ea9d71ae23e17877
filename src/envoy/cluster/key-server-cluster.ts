/** Clusters of the servers from which the keys of token issuers come (JWKS), where no service of the mesh is the server. */
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import { socketAddress } from "../address.js";
import { any } from "../any.js";
import type { ClusterJson } from "../api.js";
import { circuitBreakers } from "./circuit-breakers.js";
import { serverTls } from "./upstream-tls.js";

/** A server of keys, as a URL names it. */
export interface KeyServer {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** The server of a URL; undefined for what is no URL of `http` or `https`. */
export function keyServer(uri: string): KeyServer | undefined {
  if (!/^https?:/i.test(uri) || !URL.canParse(uri)) return undefined;
  const { protocol, hostname, port } = new URL(uri);
  const tls = protocol === "https:";
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (tls ? 443 : 80) : Number(port),
    tls,
  };
}

/** `jwks|443||accounts.example.com`. */
export function keyServerClusterName({ host, port }: KeyServer): string {
  return `jwks|${String(port)}||${host}`;
}

/** The cluster: the host is resolved by DNS, and over TLS it has to show a certificate for its name. */
export function keyServerCluster(
  server: KeyServer,
  {
    connectTimeout,
    dnsRefreshRate,
    tlsDefaults,
  }: Pick<MeshConfig, "connectTimeout" | "dnsRefreshRate" | "tlsDefaults">,
): ClusterJson {
  const name = keyServerClusterName(server);
  const { host, port, tls } = server;
  const endpoint = { address: socketAddress(host, port) };
  return {
    name,
    altStatName: `${name};`,
    connectTimeout,
    circuitBreakers: circuitBreakers({}),
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint }] }] },
    clusterType: {
      name: "envoy.clusters.dns",
      typedConfig: any("envoy.extensions.clusters.dns.v3.DnsCluster", {
        dnsRefreshRate,
        respectDnsTtl: true,
        dnsLookupFamily: "V4_PREFERRED",
      }),
    },
    ...(tls ? { transportSocket: serverTls(host, tlsDefaults) } : {}),
  };
}
