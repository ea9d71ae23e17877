/** Clusters that do not depend on any service. */
import { defined } from "../../base/defined.js";
import type { ClientTLSSettings } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { ConnectionPoolSettings } from "../../config/kinds/networking/destination-rule/connection-pool.js";
import type { TLSConfig } from "../../config/mesh-config/mesh-config-schema.js";
import type { AddressFamilies, LookUpFamily } from "../../mesh/proxy/proxy.js";
import { cidrRange } from "../address.js";
import type { ClusterJson } from "../api.js";
import { httpProtocolOptions } from "../http-protocol-options.js";
import { BLACK_HOLE_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER, PASSTHROUGH_CLUSTER } from "../names.js";
import { type ConnectionDefaults, connectionOptions } from "./connection.js";
import { forwardProxy, type LookUp, type LookUpCaller } from "./forward-proxy.js";
import { commonOptions, http2Options, protocolOptions, verifiesHost } from "./upstream-protocol.js";
import { unknownServerTls } from "./upstream-tls.js";

const SOURCE = { sourceAddress: { address: "127.0.0.6", portValue: 0 } };
const IPV6_SOURCE = { address: "::6", portValue: 0 };

/**
 * The address that an application sees as its caller's when the sidecar calls it on the captured address: one of the family
 * of that. See Istio, InboundPassthroughBindIpv4 and InboundPassthroughBindIpv6.
 */
export function inboundSource(
  families: AddressFamilies,
): NonNullable<ClusterJson["upstreamBindConfig"]> {
  switch (families) {
    case "ipv4":
      return SOURCE;
    case "ipv6":
      return { sourceAddress: IPV6_SOURCE };
    case "both":
      return { ...SOURCE, extraSourceAddresses: [{ address: IPV6_SOURCE }] };
  }
}

/** The protocol options of calls whose protocol only the caller knows. */
function callersProtocol(
  pool: ConnectionPoolSettings | undefined,
): Pick<ClusterJson, "typedExtensionProtocolOptions"> {
  return httpProtocolOptions({
    commonHttpProtocolOptions: { idleTimeout: "300s", ...commonOptions(pool) },
    useDownstreamProtocolConfig: {
      httpProtocolOptions: {},
      http2ProtocolOptions: http2Options(pool),
    },
  });
}

/** Of the mesh's policy what is not for endpoints, of which these clusters know none. */
const poolOf = ({ policy: { connectionPool } }: ConnectionDefaults) => defined({ connectionPool });

/** Where calls go that may go nowhere: it has no endpoints. */
export function blackHoleCluster(connectTimeout: string): ClusterJson {
  return {
    name: BLACK_HOLE_CLUSTER,
    altStatName: `${BLACK_HOLE_CLUSTER};`,
    type: "STATIC",
    connectTimeout,
  };
}

/** Where calls to unknown hosts go: to the address that the kernel captured. */
export function passthroughCluster(defaults: ConnectionDefaults): ClusterJson {
  return {
    name: PASSTHROUGH_CLUSTER,
    altStatName: `${PASSTHROUGH_CLUSTER};`,
    type: "ORIGINAL_DST",
    lbPolicy: "CLUSTER_PROVIDED",
    ...connectionOptions(poolOf(defaults), defaults),
    ...callersProtocol(defaults.policy.connectionPool),
  };
}

/** Where captured calls go to a port of the application that no service has. */
export function inboundPassthroughCluster(
  defaults: ConnectionDefaults,
  families: AddressFamilies,
): ClusterJson {
  return {
    ...passthroughCluster(defaults),
    name: INBOUND_PASSTHROUGH_CLUSTER,
    upstreamBindConfig: inboundSource(families),
  };
}

/** How the names of unknown hosts are looked up: whoever may call any host may call any address. */
const unknownLookUp = (family: LookUpFamily, denied: readonly string[]): LookUp => ({
  cache: "forward_proxy",
  denied: denied.map(cidrRange),
  family,
});

/**
 * Where calls to unknown hosts go whose names are looked up, as they stand in the request. When nothing is captured it
 * bears the name of the cluster that it stands in for. No name leads to the `denied` addresses, nor do these themselves.
 */
export function forwardProxyCluster(
  name: string,
  defaults: ConnectionDefaults & Pick<LookUpCaller, "looksUp">,
  denied: readonly string[],
): ClusterJson {
  return lookedUpCluster(name, defaults, { denied, isVerified: true });
}

function lookedUpCluster(
  name: string,
  defaults: ConnectionDefaults & Pick<LookUpCaller, "looksUp">,
  { denied, isVerified }: { readonly denied: readonly string[]; readonly isVerified: boolean },
): ClusterJson {
  return {
    name,
    altStatName: `${name};`,
    ...forwardProxy(unknownLookUp(defaults.looksUp, denied), { isVerified }),
    ...connectionOptions(poolOf(defaults), defaults),
  };
}

/** What TLS with unknown hosts depends on. */
interface UnknownTls extends ConnectionDefaults, Pick<LookUpCaller, "looksUp"> {
  readonly tlsDefaults: TLSConfig | undefined;
}

/**
 * Where requests for unknown hosts go that speak TLS themselves: each is who the request is for, where the settings do not say
 * another, or that nobody is verified. See Istio, MeshConfig.OutboundTrafficPolicy.tls.
 */
export function tlsForwardProxyCluster(
  name: string,
  defaults: UnknownTls,
  denied: readonly string[],
  tls: ClientTLSSettings,
): ClusterJson {
  const upstream = {
    protocol: "HTTP",
    pool: defaults.policy.connectionPool,
    tls,
    router: false,
    keepsCase: false,
    upgrade: "never",
    lookedUp: true,
  } as const;
  return {
    ...lookedUpCluster(name, defaults, { denied, isVerified: verifiesHost(upstream) }),
    ...protocolOptions(upstream),
    transportSocket: unknownServerTls(tls, defaults.tlsDefaults),
  };
}
