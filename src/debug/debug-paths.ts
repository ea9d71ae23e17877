/** What istiod has below `/debug/`, for `istioctl x internal-debug`: texts by path. */
import type { JsonValue } from "@bufbuild/protobuf";
import type { ControlPlaneJson } from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { KINDS, type Kind } from "../config/kinds.js";
import { type ConfigResource, formatRef, refOf } from "../config/resource.js";
import { TYPE_URL } from "../xds/resource.js";
import type { TypeStatus } from "../xds/stream-status.js";
import type { ComposeDump } from "./config-dump.js";
import { type Connection, connectionsOf, type Observed } from "./observed.js";
import { timestamp } from "./timestamp.js";

/** What the answers are made of. */
export interface DebugPathOptions {
  readonly observed: Observed;
  readonly composeDump: ComposeDump;
  readonly controlPlane: ControlPlaneJson;
}

/** An answer that is no JSON: words that istioctl looks for. */
class PlainAnswer {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Answer = JsonValue | PlainAnswer;
type AboutAll = (options: DebugPathOptions) => JsonValue;
type AboutOne = (connection: Connection, options: DebugPathOptions) => Promise<JsonValue>;

const NO_SUCH_PATH = new PlainAnswer("404 page not found\n");
const NO_PROXY_GIVEN = new PlainAnswer("You must provide a proxyID in the query string\n");
const NOT_CONNECTED = new PlainAnswer("Proxy not connected to this control plane\n");

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

const syncz: AboutAll = ({ observed }) =>
  connectionsOf(observed).map(({ proxy, facts, stream }) => ({
    cluster_id: proxy.clusterId,
    proxy: proxy.id,
    proxy_type: proxy.type,
    proxy_version: facts.envoyVersion,
    istio_version: proxy.istioVersion,
    ...Object.fromEntries(stream.types.flatMap(sentAndAcked)),
  }));

const adsz: AboutAll = ({ observed }) => {
  const connections = connectionsOf(observed);
  return {
    totalClients: connections.length,
    clients: connections.map(({ proxy, stream }) => ({
      connectionId: `${proxy.id}-${stream.stream}`,
      connectedAt: timestamp(stream.openedAt),
      address: proxy.address,
      labels: { ...proxy.labels },
      watches: Object.fromEntries(stream.types.map(({ typeUrl, names }) => [typeUrl, names])),
    })),
  };
};

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

const list = (): JsonValue =>
  [...ABOUT_ALL.keys(), ...ABOUT_ONE.keys(), "list"].sort().map((name) => `/debug/${name}`);

async function answerTo(name: string, proxyId: string, options: DebugPathOptions): Promise<Answer> {
  if (name === "list") return list();
  const aboutAll = ABOUT_ALL.get(name);
  if (aboutAll !== undefined) return aboutAll(options);
  const aboutOne = ABOUT_ONE.get(name);
  if (aboutOne === undefined) return NO_SUCH_PATH;
  if (proxyId === "") return NO_PROXY_GIVEN;
  const connection = connectionsOf(options.observed).find(({ proxy }) => proxy.id === proxyId);
  return connection === undefined ? NOT_CONNECTED : aboutOne(connection, options);
}

/**
 * The text at a path such as `syncz` or `edsz?proxyID=payments-0.default`. An unknown path, a missing proxy and one that is not
 * connected get the words by which istioctl knows them.
 */
export async function answerPath(path: string, options: DebugPathOptions): Promise<string> {
  const [name = "", query = ""] = path.replace(/^\/+(debug\/)?/, "").split("?");
  const proxyId = new URLSearchParams(query).get("proxyID") ?? "";
  const answer = await answerTo(name, proxyId, options);
  return answer instanceof PlainAnswer ? answer.text : `${JSON.stringify(answer, undefined, 2)}\n`;
}
