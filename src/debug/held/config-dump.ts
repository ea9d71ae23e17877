/** What a proxy has accepted, in the form of Envoy's own `/config_dump`. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { DumpSectionJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { TYPE_URL } from "../../xds/resource.js";
import type { StreamStatus } from "../../xds/state/status/stream-status.js";
import type { Observed } from "../observed.js";
import { timestamp } from "../timestamp.js";
import type { ReadAccepted, ShownResource } from "./accepted-resources.js";

/** A section of a dump in canonical protobuf JSON, with its `@type`. */
export type DumpSection = JsonObject;

/** See the top of this file. All sections are composed when none are asked for. */
export type ComposeDump = (
  stream: StreamStatus,
  observed: Pick<Observed, "accepted">,
  wanted?: readonly DumpSectionJson[],
) => Promise<readonly DumpSection[]>;

const ADMIN = "type.googleapis.com/envoy.admin.v3";

/** Whether the proxy has taken the latest version of a resource, and why not. */
function judgement({ refused }: ShownResource): JsonObject {
  if (refused === undefined) return { clientStatus: "ACKED" };
  const { at, error, version } = refused;
  const errorState = { lastUpdateAttempt: timestamp(at), details: error, versionInfo: version };
  return { clientStatus: "NACKED", errorState };
}

/** What is accepted of a resource, under the member that has it in its section. */
function state({ accepted, updatedAt }: ShownResource, member: string): JsonObject {
  if (accepted === undefined) return {};
  const { version, json } = accepted;
  return { versionInfo: version, lastUpdated: timestamp(updatedAt), [member]: json };
}

/** Virtual hosts that come as resources of their own stand in their route configuration: `ROUTE/VIRTUAL HOST`. */
function withVirtualHosts(
  routes: readonly ShownResource[],
  hosts: readonly ShownResource[],
): readonly ShownResource[] {
  if (hosts.length === 0) return routes;
  const byRoute = new Map<string, JsonObject[]>();
  for (const { name, accepted } of hosts) {
    if (accepted === undefined) continue;
    const { "@type": _type, ...host } = accepted.json;
    const route = name.slice(0, name.indexOf("/"));
    byRoute.set(route, [...(byRoute.get(route) ?? []), host]);
  }
  return routes.map((route) => {
    const more = byRoute.get(route.name);
    if (route.accepted === undefined || more === undefined) return route;
    const { json } = route.accepted;
    const own = Array.isArray(json["virtualHosts"]) ? json["virtualHosts"] : [];
    const joined = { ...json, virtualHosts: [...own, ...more] };
    return { ...route, accepted: { ...route.accepted, json: joined } };
  });
}

type Shown = ReadonlyMap<string, readonly ShownResource[]>;

/** How a section is made. */
interface SectionKind {
  /** That of its message. */
  readonly name: string;
  /** What is in it. */
  readonly typeUrls: readonly string[];
  readonly members: (shown: Shown, stream: StreamStatus) => JsonObject;
}

const of = (shown: Shown, typeUrl: string): readonly ShownResource[] => shown.get(typeUrl) ?? [];

const list = (resources: readonly ShownResource[], member: string): JsonObject[] =>
  resources.map((one) => ({ ...state(one, member), ...judgement(one) }));

/** The version of all resources of a type, which state of the world has. */
function version({ types }: StreamStatus, typeUrl: string): JsonObject {
  const acked = types.find((type) => type.typeUrl === typeUrl)?.lastAcked;
  return acked === undefined ? {} : { versionInfo: acked.version };
}

/** The sections in the order in which istiod writes them, endpoints last. */
const SECTIONS: readonly SectionKind[] = [
  {
    name: "ClustersConfigDump",
    typeUrls: [TYPE_URL.cluster],
    members: (shown, stream) => ({
      ...version(stream, TYPE_URL.cluster),
      dynamicActiveClusters: list(of(shown, TYPE_URL.cluster), "cluster"),
    }),
  },
  {
    name: "ListenersConfigDump",
    typeUrls: [TYPE_URL.listener],
    members: (shown, stream) => ({
      ...version(stream, TYPE_URL.listener),
      dynamicListeners: of(shown, TYPE_URL.listener).map((one) => ({
        name: one.name,
        ...(one.accepted === undefined ? {} : { activeState: state(one, "listener") }),
        ...judgement(one),
      })),
    }),
  },
  {
    name: "RoutesConfigDump",
    typeUrls: [TYPE_URL.route, TYPE_URL.virtualHost],
    members: (shown) => {
      const routes = withVirtualHosts(of(shown, TYPE_URL.route), of(shown, TYPE_URL.virtualHost));
      return { dynamicRouteConfigs: list(routes, "routeConfig") };
    },
  },
  {
    name: "SecretsConfigDump",
    typeUrls: [TYPE_URL.secret],
    members: (shown) => ({
      dynamicActiveSecrets: of(shown, TYPE_URL.secret).map((one) => ({
        name: one.name,
        ...state(one, "secret"),
        ...judgement(one),
      })),
    }),
  },
  {
    name: "EcdsConfigDump",
    typeUrls: [TYPE_URL.extensionConfig],
    members: (shown) => ({ ecdsFilters: list(of(shown, TYPE_URL.extensionConfig), "ecdsFilter") }),
  },
  {
    name: "EndpointsConfigDump",
    typeUrls: [TYPE_URL.endpoint],
    members: (shown) => ({
      dynamicEndpointConfigs: list(of(shown, TYPE_URL.endpoint), "endpointConfig"),
    }),
  },
];

/** Makes dumps of what a reader reads: of the types alone that are in the sections. */
export function createComposeDump(read: ReadAccepted): ComposeDump {
  return async (stream, observed, asked = []) => {
    const sections = SECTIONS.flatMap((section) => {
      const wanted = asked.find(({ name }) => name === section.name);
      return wanted === undefined && asked.length > 0 ? [] : [{ ...section, wanted }];
    });
    const types = sections.flatMap(({ typeUrls, wanted: { fields = [], nameParts = [] } = {} }) =>
      typeUrls.map((typeUrl) => ({ typeUrl, fields, nameParts })),
    );
    const shown = await read(stream, observed, types);
    return sections.map(({ name, members }) => ({
      "@type": `${ADMIN}.${name}`,
      ...members(shown, stream),
    }));
  };
}
