/** Route configurations, joined from the bytes of their virtual hosts. */
import { fieldHead } from "../../base/message-field.js";
import { versionOf } from "../../base/version.js";
import type { RouteConfigurationJson } from "../api.js";
import type { Encoder } from "../encoder.js";
import { MESSAGE } from "../part/envoy-types.js";
import type { EnvoyResource, Refusal } from "../resource-set.js";

/** The number of the field `virtual_hosts` in RouteConfiguration. */
const VIRTUAL_HOSTS_FIELD = 2;

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

/**
 * The route configuration of these virtual hosts, in this order, without those that were left out. A message may be put
 * together from the bytes of its parts, so a change of one virtual host costs its own encoding and one copy; the version
 * is that of the members'.
 */
export function joinRouteConfiguration(
  encoder: Encoder,
  head: RouteConfigurationHead,
  virtualHosts: readonly EnvoyResource[],
  leftOut: readonly Refusal[],
): EnvoyResource {
  const start = encoder.encode(MESSAGE.route, head);
  const parts = virtualHosts.flatMap(({ bytes }) => [
    fieldHead(VIRTUAL_HOSTS_FIELD, bytes.length),
    bytes,
  ]);
  const versions = [start.version, ...virtualHosts.map(({ version }) => version)];
  return {
    name: head.name,
    bytes: Buffer.concat([start.bytes, ...parts]),
    version: versionOf(versions.join("\n")),
    clusters: [...new Set(virtualHosts.flatMap(({ clusters = [] }) => clusters))].sort(),
    ...(leftOut.length === 0 ? {} : { leftOut }),
  };
}
