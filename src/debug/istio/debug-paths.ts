/** What istiod has below `/debug/`, for `istioctl x internal-debug`: texts by path. */
import type { JsonValue } from "@bufbuild/protobuf";
import type { ControlPlaneJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { KINDS, type Kind } from "../../config/kinds.js";
import { type ConfigResource, formatRef, refOf } from "../../config/resource.js";
import { TYPE_URL } from "../../xds/resource.js";
import type { TypeStatus } from "../../xds/state/status/stream-status.js";
import type { ComposeDump } from "../held/config-dump.js";
import { type Connection, connectionsOf, type Observed } from "../observed.js";
import { timestamp } from "../timestamp.js";

/** What the answers are made of. */
export interface DebugPathOptions {
  readonly observed: Observed;
  readonly composeDump: ComposeDump;
  readonly controlPlane: ControlPlaneJson;
}

/** What is at a path, or why nothing is. */
export type PathAnswer =
  | { readonly kind: "found"; readonly value: JsonValue }
  | { readonly kind: "no-such-path" | "no-proxy-given" | "not-connected" };

type AboutAll = (options: DebugPathOptions, connections: readonly Connection[]) => JsonValue;
type AboutOne = (connection: Connection, options: DebugPathOptions) => Promise<JsonValue>;

/** The words by which istioctl knows why nothing is at a path. */
const WORDS = {
  "no-such-path": "404 page not found\n",
  "no-proxy-given": "You must provide a proxyID in the query string\n",
  "not-connected": "Proxy not connected to this control plane\n",
} as const;

/** Istio's members for what was sent of a type and accepted of it. */
const SYNC_MEMBERS: ReadonlyMap<string, string> = new Map([
  [TYPE_URL.cluster, "cluster"],
  [TYPE_URL.listener, "listener"],
  [TYPE_URL.route, "route"],
  [TYPE_URL.endpoint, "endpoint"],
  [TYPE_URL.extensionConfig, "extensionconfig"],
]);

function sentAndAcked({ typeUrl, lastSent, lastAcked }: TypeStatus): readonly [string, string][] {
  const member = SYNC_MEMBERS.get(typeUrl);
  if (member === undefined) return [];
  const nonces = { sent: lastSent?.nonce, acked: lastAcked?.nonce };
  return Object.entries(nonces).flatMap(([what, nonce]): [string, string][] =>
    nonce === undefined ? [] : [[`${member}_${what}`, nonce]],
  );
}

const syncz: AboutAll = (_options, connections) =>
  connections.map(({ proxy, facts, stream }) => ({
    cluster_id: proxy.clusterId,
    proxy: proxy.id,
    proxy_type: proxy.type,
    proxy_version: facts.envoyVersion,
    istio_version: proxy.istioVersion,
    ...Object.fromEntries(stream.types.flatMap(sentAndAcked)),
  }));

const adsz: AboutAll = (_options, connections) => ({
  totalClients: connections.length,
  clients: connections.map(({ proxy, stream }) => ({
    connectionId: `${proxy.id}-${stream.stream}`,
    connectedAt: timestamp(stream.openedAt),
    address: proxy.address,
    labels: { ...proxy.labels },
    watches: Object.fromEntries(stream.types.map(({ typeUrl, names }) => [typeUrl, names])),
  })),
});

const registryz: AboutAll = ({ observed }) =>
  observed
    .mesh()
    .services.sorted()
    .map(([, service]) => ({
      hostname: service.hostname,
      namespace: service.namespace,
      addresses: [...service.addresses],
      ports: service.ports.map(({ name, number, protocol }) => ({ name, port: number, protocol })),
      resolution: service.resolution,
      external: service.external,
    }));

const endpointz: AboutAll = ({ observed }) =>
  observed
    .mesh()
    .endpoints.sorted()
    .map(([hostname, byService]) => ({
      service: hostname,
      endpoints: byService.sorted().flatMap(([, workloads]) =>
        workloads.map(({ name, namespace, address, serviceAccount, ready }) => ({
          name,
          namespace,
          address,
          serviceAccount,
          ready,
        })),
      ),
    }));

/** The names alone: a Secret has contents that are nobody's. */
const configz: AboutAll = ({ observed }) => {
  const { tables } = observed.snapshot();
  const kinds = Object.keys(KINDS) as Kind[];
  const names = kinds.flatMap((kind) =>
    [...(tables[kind].values() as Iterable<ConfigResource>)].map((resource) =>
      formatRef(refOf(resource)),
    ),
  );
  return names.sort();
};

const configDump: AboutOne = async ({ stream }, { observed, composeDump }) => ({
  configs: [...(await composeDump(stream, observed))],
});

const edsz: AboutOne = async ({ stream }, { observed, composeDump }) => {
  const [endpoints] = await composeDump(stream, observed, [{ name: "EndpointsConfigDump" }]);
  return endpoints?.["dynamicEndpointConfigs"] ?? [];
};

const ABOUT_ALL: ReadonlyMap<string, AboutAll> = new Map([
  ["adsz", adsz],
  ["configz", configz],
  ["connections", adsz],
  ["endpointz", endpointz],
  ["registryz", registryz],
  ["syncz", syncz],
]);

const ABOUT_ONE: ReadonlyMap<string, AboutOne> = new Map([
  ["config_dump", configDump],
  ["edsz", edsz],
]);

/** What there is, without what stands before all of it. */
export const DEBUG_PATHS: readonly string[] = [
  ...ABOUT_ALL.keys(),
  ...ABOUT_ONE.keys(),
  "list",
].sort();

const found = (value: JsonValue): PathAnswer => ({ kind: "found", value });

async function answerTo(
  name: string,
  proxyId: string,
  options: DebugPathOptions,
): Promise<PathAnswer> {
  if (name === "list") return found(DEBUG_PATHS.map((path) => `/debug/${path}`));
  const connections = connectionsOf(options.observed);
  const asked = connections.filter(({ proxy }) => proxy.id === proxyId);
  const aboutAll = ABOUT_ALL.get(name);
  if (aboutAll !== undefined) return found(aboutAll(options, proxyId === "" ? connections : asked));
  const aboutOne = ABOUT_ONE.get(name);
  if (aboutOne === undefined) return { kind: "no-such-path" };
  if (proxyId === "") return { kind: "no-proxy-given" };
  const [connection] = asked;
  return connection === undefined
    ? { kind: "not-connected" }
    : found(await aboutOne(connection, options));
}

/** What is at a path such as `syncz` or `edsz?proxyID=payments-0.default`; a proxy limits what is about all to what is about it. */
export function lookUpPath(path: string, options: DebugPathOptions): Promise<PathAnswer> {
  const [name = "", query = ""] = path.replace(/^\/+(debug\/)?/, "").split("?");
  const proxyId = new URLSearchParams(query).get("proxyID") ?? "";
  return answerTo(name, proxyId, options);
}

/** The same as istioctl reads it. */
export async function answerPath(path: string, options: DebugPathOptions): Promise<string> {
  const answer = await lookUpPath(path, options);
  return answer.kind === "found" ? textOf(answer.value) : WORDS[answer.kind];
}

/** As people read it. */
export const textOf = (value: JsonValue): string => `${JSON.stringify(value, undefined, 2)}\n`;
