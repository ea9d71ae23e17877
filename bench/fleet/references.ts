/** What an encoded resource refers to, and a proxy has to ask for. Numbers are those of Envoy's API. */
import { TYPE_URL } from "../../src/xds/resource.js";
import { forEachField } from "./discovery-wire.js";

/** Names by type URL, each once. */
export type References = ReadonlyMap<string, readonly string[]>;

/** Where a text stands: the field of the message, the field of the message in that, and so on. */
type FieldPath = readonly number[];

const NOTHING: References = new Map();

/** An Any has its content in field 2. */
const ANY = 2;
/** TransportSocket.typed_config. */
const SOCKET_CONFIG: FieldPath = [3, ANY];
/** From a TLS context to the names of its secrets: of certificates, of one validation context, of a combined one. */
const SECRETS: readonly FieldPath[] = [
  [1, 6, 1],
  [1, 7, 1],
  [1, 8, 2, 1],
];
const secretsOf = (socket: FieldPath): readonly FieldPath[] =>
  SECRETS.map((path) => [...socket, ...SOCKET_CONFIG, ...path]);

/** Cluster: transport_socket, and those of transport_socket_matches. */
const CLUSTER_SECRETS = [...secretsOf([24]), ...secretsOf([43, 3])];
/** Listener: filter_chains and default_filter_chain. */
const FILTER_CHAINS = [3, 25];
const LISTENER_SECRETS = FILTER_CHAINS.flatMap((chain) => secretsOf([chain, 6]));

const HTTP_CONNECTION_MANAGER = Buffer.from(
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
);

/** The contents of all fields at a path. */
function contentsAt(message: Buffer, path: FieldPath): readonly Buffer[] {
  const [field, ...rest] = path;
  if (field === undefined) return [message];
  const found: Buffer[] = [];
  forEachField(message, 0, message.length, (one, start, end) => {
    if (one === field) found.push(...contentsAt(message.subarray(start, end), rest));
  });
  return found;
}

function textsAt(message: Buffer, paths: readonly FieldPath[]): readonly string[] {
  const all = paths.flatMap((path) => contentsAt(message, path)).map((text) => text.toString());
  return [...new Set(all)];
}

/** A cluster's name, or that in its eds_cluster_config, when it has one. */
function endpointsOf(cluster: Buffer): readonly string[] {
  const [eds] = contentsAt(cluster, [3]);
  if (eds === undefined) return [];
  const [name] = textsAt(eds, [[2]]);
  return name === undefined ? textsAt(cluster, [[1]]) : [name];
}

/** The route configurations of the HTTP connection managers of a listener. */
function routesOf(listener: Buffer): readonly string[] {
  const configs = FILTER_CHAINS.flatMap((chain) => contentsAt(listener, [chain, 3, 4]));
  const managers = configs.filter((any) => any.includes(HTTP_CONNECTION_MANAGER));
  return [...new Set(managers.flatMap((any) => textsAt(any, [[ANY, 3, 2]])))];
}

/** What a resource refers to. */
export function referencesOf(typeUrl: string, resource: Buffer): References {
  switch (typeUrl) {
    case TYPE_URL.cluster:
      return new Map([
        [TYPE_URL.endpoint, endpointsOf(resource)],
        [TYPE_URL.secret, textsAt(resource, CLUSTER_SECRETS)],
      ]);
    case TYPE_URL.listener:
      return new Map([
        [TYPE_URL.secret, textsAt(resource, LISTENER_SECRETS)],
        [TYPE_URL.route, routesOf(resource)],
      ]);
    default:
      return NOTHING;
  }
}

/** Whether a route configuration takes its virtual hosts from resources of their own (RouteConfiguration.vhds). */
export function takesVirtualHosts(routeConfiguration: Buffer): boolean {
  return contentsAt(routeConfiguration, [9]).length > 0;
}
