/** How a proxy calls the endpoints of a cluster. */
import type {
  ClusterJson,
  LbEndpointJson,
  TransportSocketJson,
  UpstreamTlsContextJson,
} from "../envoy/api.js";
import { WORKLOAD_SECRET } from "../envoy/names.js";
import type { Encryption } from "./call.js";
import type { ProxyConfiguration } from "./configuration.js";
import { type PlaceShare, placeShares } from "./endpoint-shares.js";
import { type EndpointCriteria, isAskedFor } from "./endpoint-subset.js";
import { matchesString } from "./value-match.js";

/** How a connection to an endpoint is made. */
export interface Transport {
  readonly encryption: Encryption;
  readonly serverName: string;
  readonly alpn: readonly string[];
  /** Whether the proxy takes a server of this identity. */
  readonly accepts: (identity: string) => boolean;
}

/** An endpoint of a cluster. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Of the cluster's calls, from 0 to 1: 0 of one that is not healthy, or waits until others are not. */
  readonly share: number;
  readonly transport: Transport;
}

/** The name under which endpoints say which transport they take. */
const SOCKET_MATCH = "envoy.transport_socket_match";

const PLAINTEXT: Transport = {
  encryption: "plaintext",
  serverName: "",
  alpn: [],
  accepts: () => true,
};

/** The endpoints of a cluster, and where they are. */
export interface Upstream {
  /** In the order of their places. */
  readonly endpoints: readonly Endpoint[];
  readonly places: readonly PlaceShare[];
  /** How many endpoints the cluster has, also those that are not asked for. */
  readonly size: number;
}

/** What a cluster calls of the endpoints that are asked for; nothing of one that resolves whatever is called. */
export function upstreamOf(
  cluster: ClusterJson,
  { endpoints }: ProxyConfiguration,
  criteria: EndpointCriteria,
): Upstream {
  const name = cluster.edsClusterConfig?.serviceName ?? cluster.name ?? "";
  const assignment = cluster.loadAssignment ?? endpoints.get(name);
  const all = assignment?.endpoints ?? [];
  const groups = all
    .map(({ lbEndpoints = [], ...place }) => ({
      ...place,
      lbEndpoints: lbEndpoints.filter((one) => isAskedFor(criteria, one)),
    }))
    .filter(({ lbEndpoints }) => lbEndpoints.length > 0);
  const byPlace = cluster.commonLbConfig?.localityWeightedLbConfig !== undefined;
  const places = placeShares(groups, byPlace);
  return {
    places,
    size: all.reduce((sum, { lbEndpoints = [] }) => sum + lbEndpoints.length, 0),
    endpoints: groups.flatMap(({ lbEndpoints }, group) =>
      lbEndpoints.flatMap((endpoint, index) => {
        const share = places[group]?.shares[index] ?? 0;
        return endpointOf(endpoint, cluster, share) ?? [];
      }),
    ),
  };
}

function endpointOf(
  one: LbEndpointJson,
  cluster: ClusterJson,
  share: number,
): Endpoint | undefined {
  const { address = "", portValue = 0 } = one.endpoint?.address?.socketAddress ?? {};
  if (address === "") return undefined;
  return {
    address,
    port: portValue,
    share,
    transport: transportOf(socketFor(one, cluster)),
  };
}

/** How a cluster speaks with whom it calls without knowing it before. */
export function encryptionOf({ transportSocket }: ClusterJson): Encryption {
  return transportOf(transportSocket).encryption;
}

/** The first transport whose criteria the endpoint's metadata fulfils, else the cluster's own. */
function socketFor(
  { metadata }: LbEndpointJson,
  { transportSocketMatches = [], transportSocket }: ClusterJson,
): TransportSocketJson | undefined {
  const own = metadata?.filterMetadata?.[SOCKET_MATCH] ?? {};
  const found = transportSocketMatches.find(({ match = {} }) =>
    Object.entries(match).every(([key, value]) => own[key] === value),
  );
  return found?.transportSocket ?? transportSocket;
}

function transportOf(socket: TransportSocketJson | undefined): Transport {
  const { typedConfig } = socket ?? {};
  if (typedConfig?.["@type"]?.endsWith(".UpstreamTlsContext") !== true) return PLAINTEXT;
  const { commonTlsContext = {}, sni = "" } = typedConfig as UpstreamTlsContextJson;
  const [secret] = commonTlsContext.tlsCertificateSdsSecretConfigs ?? [];
  const names =
    commonTlsContext.combinedValidationContext?.defaultValidationContext
      ?.matchTypedSubjectAltNames ?? [];
  return {
    encryption: secret?.name === WORKLOAD_SECRET ? "mesh-tls" : "tls",
    serverName: sni,
    alpn: commonTlsContext.alpnProtocols ?? [],
    accepts: (identity) =>
      names.length === 0 ||
      names.some(({ matcher }) => matcher !== undefined && matchesString(matcher, identity)),
  };
}
