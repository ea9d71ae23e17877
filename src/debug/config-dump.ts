/** What a proxy has accepted, in the form of Envoy's own `/config_dump`. */
import type { JsonObject } from "@bufbuild/protobuf";
import { TYPE_URL } from "../xds/resource.js";
import type { StreamStatus } from "../xds/stream-status.js";
import type { ReadAccepted, ShownResource } from "./accepted-resources.js";
import type { Observed } from "./observed.js";
import { timestamp } from "./timestamp.js";

/** A section of a dump in canonical protobuf JSON, with its `@type`. */
export type DumpSection = JsonObject;

/** See the top of this file. */
export type ComposeDump = (
  stream: StreamStatus,
  observed: Pick<Observed, "accepted">,
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

/** The sections in the order in which istiod writes them, endpoints last. */
function sectionsOf(
  shown: ReadonlyMap<string, readonly ShownResource[]>,
  { types }: StreamStatus,
): readonly DumpSection[] {
  const of = (typeUrl: string): readonly ShownResource[] => shown.get(typeUrl) ?? [];
  const section = (name: string, members: JsonObject): DumpSection => ({
    "@type": `${ADMIN}.${name}`,
    ...members,
  });
  const version = (typeUrl: string): JsonObject => {
    const acked = types.find((type) => type.typeUrl === typeUrl)?.lastAcked;
    return acked === undefined ? {} : { versionInfo: acked.version };
  };
  const list = (resources: readonly ShownResource[], member: string): JsonObject[] =>
    resources.map((one) => ({ ...state(one, member), ...judgement(one) }));
  const listeners = of(TYPE_URL.listener).map((one) => ({
    name: one.name,
    ...(one.accepted === undefined ? {} : { activeState: state(one, "listener") }),
    ...judgement(one),
  }));
  const secrets = of(TYPE_URL.secret).map((one) => ({
    name: one.name,
    ...state(one, "secret"),
    ...judgement(one),
  }));
  const routes = withVirtualHosts(of(TYPE_URL.route), of(TYPE_URL.virtualHost));
  return [
    section("ClustersConfigDump", {
      ...version(TYPE_URL.cluster),
      dynamicActiveClusters: list(of(TYPE_URL.cluster), "cluster"),
    }),
    section("ListenersConfigDump", {
      ...version(TYPE_URL.listener),
      dynamicListeners: listeners,
    }),
    section("RoutesConfigDump", { dynamicRouteConfigs: list(routes, "routeConfig") }),
    section("SecretsConfigDump", { dynamicActiveSecrets: secrets }),
    section("EcdsConfigDump", { ecdsFilters: list(of(TYPE_URL.extensionConfig), "ecdsFilter") }),
    section("EndpointsConfigDump", {
      dynamicEndpointConfigs: list(of(TYPE_URL.endpoint), "endpointConfig"),
    }),
  ];
}

/** Makes dumps of what a reader reads. */
export function createComposeDump(read: ReadAccepted): ComposeDump {
  return async (stream, observed) => sectionsOf(await read(stream, observed), stream);
}
