/** The peers of a cluster: the names (SANs) of which the certificate of each endpoint must have one. */
import type {
  ClusterJson,
  CommonTlsContextJson,
  TransportSocketJson,
  UpstreamTlsContextJson,
} from "../api.js";
import { encodeResource } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import type { EnvoyResource } from "../resource/resource-set.js";

/** What is known of a cluster beside its bytes: the name of its endpoints, when they come by EDS, and its peers. */
export function endpointFields(json: ClusterJson): Pick<EnvoyResource, "endpoints" | "peers"> {
  if (json.type !== "EDS") return {};
  const { transportSocket, transportSocketMatches = [], name = "" } = json;
  const peers = [transportSocket, ...transportSocketMatches.map((one) => one.transportSocket)]
    .flatMap(namesOf)
    .flatMap(({ matcher }) => matcher?.exact ?? []);
  return peers.length === 0 ? { endpoints: name } : { endpoints: name, peers };
}

type Names = NonNullable<
  NonNullable<CommonTlsContextJson["validationContext"]>["matchTypedSubjectAltNames"]
>;

/** The configuration of a transport socket of any type, as far as it matters here: that of TLS may be in another. */
type SocketConfig = UpstreamTlsContextJson & { readonly transportSocket?: TransportSocketJson };

function namesOf(socket: TransportSocketJson | undefined): Names {
  if (socket?.typedConfig === undefined) return [];
  const { commonTlsContext: tls, transportSocket } = socket.typedConfig as SocketConfig;
  if (transportSocket !== undefined) return namesOf(transportSocket);
  const validation = tls?.combinedValidationContext?.defaultValidationContext;
  return (validation ?? tls?.validationContext)?.matchTypedSubjectAltNames ?? [];
}

const NAMES = "matchTypedSubjectAltNames";

/** Makes, of two versions of a cluster, the second with the peers of the first accepted too. See src/xds/state/transition/transition.ts. */
export function createAcceptBoth(
  encoder: Encoder,
): (before: Pick<EnvoyResource, "bytes">, after: Made) => EnvoyResource {
  return (before, { name, bytes, sources = [] }) => {
    const json = withNames(
      encoder.decode(MESSAGE.cluster, bytes),
      encoder.decode(MESSAGE.cluster, before.bytes),
    ) as ClusterJson;
    return {
      ...encodeResource(encoder, MESSAGE.cluster, { name, json, sources }),
      ...endpointFields(json),
    };
  };
}

type Made = Pick<EnvoyResource, "name" | "bytes" | "sources">;

/** JSON in which each list of names that certificates may show has those that are in other JSON at the same place too. */
function withNames(json: unknown, other: unknown): unknown {
  if (Array.isArray(json)) {
    const others: readonly unknown[] = Array.isArray(other) ? other : [];
    return json.map((one, i) => withNames(one, others[i]));
  }
  if (!isMessage(json) || !isMessage(other)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      key === NAMES ? union(value, other[key]) : withNames(value, other[key]),
    ]),
  );
}

const isMessage = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null;

function union(names: unknown, more: unknown): unknown {
  const all = [names, more].flatMap((list): readonly unknown[] =>
    Array.isArray(list) ? list : [],
  );
  return [...new Map(all.map((name) => [JSON.stringify(name), name])).values()];
}
