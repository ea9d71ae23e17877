/** Route configurations, joined from the bytes of their virtual hosts. */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { fieldHead, textField } from "../../base/protobuf/message-field.js";
import { versionOf } from "../../base/version.js";
import type { ResourceRef } from "../../config/resource.js";
import type { RouteConfigurationJson, VirtualHostJson } from "../api.js";
import { adsSource } from "../config-source.js";
import type { Built } from "../resource/built.js";
import { clusterNames } from "../resource/cluster-names.js";
import { encodeResource } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import type { EnvoyResource, Refusal } from "../resource/resource-set.js";
import { filtersOfHost } from "./per-route-filters.js";

/** The number of the field `virtual_hosts` in RouteConfiguration. */
const VIRTUAL_HOSTS_FIELD = 2;

/** The number of the field `name` in VirtualHost. */
const NAME_FIELD = 1;

/**
 * A virtual host as a resource of its own: named `route configuration/virtual host`, in the message too, because Envoy
 * forgets one that is removed by its message's name.
 */
export interface VirtualHostResource extends EnvoyResource {
  readonly routeName: string;
  /** Its name in a route configuration that has its virtual hosts in it: Istio's. */
  readonly tableName: string;
}

/** Encodes a virtual host of a route configuration. */
export function encodeVirtualHost(
  encoder: Encoder,
  routeName: string,
  { name: tableName, json, ...made }: Built<VirtualHostJson>,
): VirtualHostResource {
  const name = `${routeName}/${tableName}`;
  const built = { ...made, name: tableName, json: { ...json, name } };
  const filters = filtersOfHost(json);
  return {
    ...encodeResource(encoder, MESSAGE.virtualHost, built),
    name,
    routeName,
    tableName,
    clusters: clusterNames(json),
    ...(filters.length === 0 ? {} : { filters }),
    exclusive: (json.domains ?? []).map((domain) => domainKey(routeName, domain)),
  };
}

/** What at most one virtual host may have: Envoy takes a domain of a route configuration, in any case, once. */
export function domainKey(routeName: string, domain: string): string {
  return `${routeName}/${domain.toLowerCase()}`;
}

/** A route configuration without its virtual hosts. */
export interface RouteConfigurationHead extends Omit<RouteConfigurationJson, "virtualHosts"> {
  readonly name: string;
}

/** What all route configurations say of themselves beside their name and virtual hosts. */
export function routeConfigurationHead(name: string): RouteConfigurationHead {
  return {
    name,
    // A route may name a cluster that comes later: the control plane sees to the order.
    validateClusters: false,
    maxDirectResponseBodySizeBytes: 1048576,
    ignorePortInHostMatching: true,
  };
}

/** What a route configuration is made from. */
export interface TableOrigin {
  /** Virtual hosts that it would have if Envoy took them. */
  readonly leftOut: readonly Refusal[];
  /** The configuration that asks for the table; its virtual hosts know their own. */
  readonly sources?: readonly ResourceRef[];
}

const makingFields = ({
  leftOut,
  sources = [],
}: TableOrigin): Pick<EnvoyResource, "leftOut" | "sources"> => ({
  ...(leftOut.length === 0 ? {} : { leftOut }),
  ...(sources.length === 0 ? {} : { sources }),
});

/** Where the content behind the first field of a message starts; that field is a text. */
function behindFirstField(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  const [, wireType] = reader.tag();
  reader.skip(wireType);
  return reader.pos;
}

/** The virtual host of a table: as it is by itself, but for its name, which is its first field. */
function tableEntry({ bytes, tableName }: VirtualHostResource): readonly Uint8Array[] {
  const name = textField(NAME_FIELD, tableName);
  const rest = bytes.subarray(behindFirstField(bytes));
  return [fieldHead(VIRTUAL_HOSTS_FIELD, name.length + rest.length), name, rest];
}

/**
 * The route configuration with these virtual hosts, in this order, without those that were left out. A message may be
 * put together from the bytes of its parts, so a change of one virtual host costs its own encoding and one copy; the
 * version is that of the members'.
 */
export function joinRouteConfiguration(
  encoder: Encoder,
  head: RouteConfigurationHead,
  virtualHosts: readonly VirtualHostResource[],
  made: TableOrigin,
): EnvoyResource {
  const start = encoder.encode(MESSAGE.route, head);
  const versions = [start.version, ...virtualHosts.map(({ version }) => version)];
  return {
    name: head.name,
    bytes: Buffer.concat([start.bytes, ...virtualHosts.flatMap(tableEntry)]),
    version: versionOf(versions.join("\n")),
    clusters: [...new Set(virtualHosts.flatMap(({ clusters = [] }) => clusters))].sort(),
    ...makingFields(made),
  };
}

/**
 * The route configuration that takes its virtual hosts from resources of their own. Envoy accepts that from a stream of
 * the incremental protocol alone, and waits until there is at least one. See Envoy, "Virtual Host Discovery Service".
 */
export function splitRouteConfiguration(
  encoder: Encoder,
  head: RouteConfigurationHead,
  made: TableOrigin,
): EnvoyResource {
  const json = { ...head, vhds: { configSource: adsSource() } };
  return {
    name: head.name,
    ...encoder.encode(MESSAGE.route, json),
    ...makingFields(made),
  };
}
