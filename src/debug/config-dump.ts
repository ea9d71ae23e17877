/** What a proxy has accepted, in the form of Envoy's own `/config_dump`. */
import { setImmediate } from "node:timers/promises";
import {
  type DescMessage,
  fromBinary,
  type JsonObject,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { type EncodedResource, TYPE_URL } from "../xds/resource.js";
import type { Quarantined, StreamStatus } from "../xds/stream-status.js";
import type { Observed } from "./observed.js";
import { Redactor } from "./redact.js";

/** A section of a dump in canonical protobuf JSON, with its `@type`. */
export type DumpSection = JsonObject;

/** See the top of this file. */
export type ComposeDump = (
  stream: StreamStatus,
  accepted: Observed["accepted"],
) => Promise<readonly DumpSection[]>;

/** One resource in a section, as the sections of all types have it. */
interface DumpedResource {
  readonly name: string;
  /** Absent when none was accepted. */
  readonly json?: JsonObject;
  /** Its version, when it was accepted at the latest, and what was refused since. */
  readonly state: JsonObject;
}

/** Reading resources takes time; so many are read before others get a turn. */
const SLICE = 64;
const ADMIN = "type.googleapis.com/envoy.admin.v3";

const at = (ms: number): string => new Date(ms).toISOString();

const ACKED: JsonObject = { clientStatus: "ACKED" };

function refusalState({ error, version, at: ms }: Quarantined): JsonObject {
  const errorState = { lastUpdateAttempt: at(ms), details: error, versionInfo: version };
  return { clientStatus: "NACKED", errorState };
}

/** The sections in the order in which istiod writes them, endpoints last. */
function sectionsOf(
  dumped: (typeUrl: string) => readonly DumpedResource[],
): readonly DumpSection[] {
  const section = (name: string, members: JsonObject): DumpSection => ({
    "@type": `${ADMIN}.${name}`,
    ...members,
  });
  const list = (typeUrl: string, key: string): JsonObject[] =>
    dumped(typeUrl).map(({ json, state }) => ({
      ...state,
      ...(json === undefined ? {} : { [key]: json }),
    }));
  return [
    section("ClustersConfigDump", { dynamicActiveClusters: list(TYPE_URL.cluster, "cluster") }),
    section("ListenersConfigDump", {
      dynamicListeners: dumped(TYPE_URL.listener).map(({ name, json, state }) => {
        if (json === undefined) return { name, ...state };
        const { versionInfo = "", lastUpdated = "", ...judged } = state;
        return { name, activeState: { versionInfo, lastUpdated, listener: json }, ...judged };
      }),
    }),
    section("RoutesConfigDump", { dynamicRouteConfigs: list(TYPE_URL.route, "routeConfig") }),
    section("SecretsConfigDump", {
      dynamicActiveSecrets: dumped(TYPE_URL.secret).map(({ name, json, state }) => ({
        name,
        ...state,
        ...(json === undefined ? {} : { secret: json }),
      })),
    }),
    section("EcdsConfigDump", { ecdsFilters: list(TYPE_URL.extensionConfig, "ecdsFilter") }),
    section("EndpointsConfigDump", {
      dynamicEndpointConfigs: list(TYPE_URL.endpoint, "endpointConfig"),
    }),
  ];
}

const DUMPED_TYPES = [
  TYPE_URL.cluster,
  TYPE_URL.listener,
  TYPE_URL.route,
  TYPE_URL.virtualHost,
  TYPE_URL.secret,
  TYPE_URL.extensionConfig,
  TYPE_URL.endpoint,
] as const;

/** Virtual hosts that come as resources of their own stand in their route configuration: `ROUTE/VIRTUAL HOST`. */
function withVirtualHosts(
  routes: readonly DumpedResource[],
  hosts: readonly DumpedResource[],
): readonly DumpedResource[] {
  if (hosts.length === 0) return routes;
  const byRoute = new Map<string, JsonObject[]>();
  for (const { name, json } of hosts) {
    if (json === undefined) continue;
    const { "@type": _type, ...host } = json;
    const route = name.slice(0, name.indexOf("/"));
    byRoute.set(route, [...(byRoute.get(route) ?? []), host]);
  }
  return routes.map((route) => {
    const more = byRoute.get(route.name);
    if (route.json === undefined || more === undefined) return route;
    const { virtualHosts } = route.json;
    const own = Array.isArray(virtualHosts) ? virtualHosts : [];
    return { ...route, json: { ...route.json, virtualHosts: [...own, ...more] } };
  });
}

/** Makes dumps of resources whose types are in a registry. */
export function createComposeDump(registry: Registry): ComposeDump {
  const redactor = new Redactor(registry);
  const jsonOf = (schema: DescMessage, typeUrl: string, bytes: Buffer): JsonObject => {
    const json = toJson(schema, fromBinary(schema, bytes), { registry });
    return { "@type": typeUrl, ...redactor.redact(schema, json as JsonObject) };
  };
  const dump = async (
    typeUrl: string,
    resources: readonly EncodedResource[],
    stream: StreamStatus,
  ): Promise<readonly DumpedResource[]> => {
    const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    const type = stream.types.find((one) => one.typeUrl === typeUrl);
    if (schema === undefined || type === undefined) return [];
    const refused = new Map(type.quarantined.map((one) => [one.name, one]));
    const lastUpdated = at(type.lastAcked?.at ?? type.resumedAt ?? stream.openedAt);
    const dumped: DumpedResource[] = [];
    for (const [index, { name, version, bytes }] of resources.entries()) {
      if (index % SLICE === SLICE - 1) await setImmediate();
      const refusal = refused.get(name);
      const judged = refusal === undefined ? ACKED : refusalState(refusal);
      const state = { versionInfo: version, lastUpdated, ...judged };
      dumped.push({ name, json: jsonOf(schema, typeUrl, bytes), state });
    }
    const held = new Set(resources.map(({ name }) => name));
    const never = type.quarantined.filter(({ name }) => !held.has(name));
    return [...dumped, ...never.map((one) => ({ name: one.name, state: refusalState(one) }))];
  };
  return async (stream, accepted) => {
    // Read at one moment: while they are written out, the proxy may accept others.
    const taken = DUMPED_TYPES.map((url) => [url, accepted(stream.stream, url)] as const);
    const dumped = new Map<string, readonly DumpedResource[]>();
    for (const [url, resources] of taken) dumped.set(url, await dump(url, resources, stream));
    const of = (url: string): readonly DumpedResource[] => dumped.get(url) ?? [];
    const routes = withVirtualHosts(of(TYPE_URL.route), of(TYPE_URL.virtualHost));
    return sectionsOf((url) => (url === TYPE_URL.route ? routes : of(url)));
  };
}
