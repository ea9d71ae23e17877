/** The outbound listeners of sidecars, from the entries of services. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { ResourceRef } from "../../config/resource.js";
import { connectionSettings } from "../../mesh/proxy/connection-settings.js";
import { httpProxyPort } from "../../mesh/proxy/http-proxy-port.js";
import { httpSettings } from "../../mesh/proxy/http-settings.js";
import { familiesOf, isOnLoopback, type Proxy } from "../../mesh/proxy/proxy.js";
import { goDuration } from "../duration.js";
import { type ListenerAddress, listenAt } from "../listener/address.js";
import { type LostPort, lostPorts } from "../listener/lost-ports.js";
import type { OutboundListenerOptions } from "../listener/outbound-chains.js";
import type { OutboundEntry } from "../listener/outbound-entry.js";
import {
  httpProxyListener,
  type OutboundPlace,
  outboundListener,
} from "../listener/outbound-listener.js";
import { virtualOutboundListener } from "../listener/virtual-outbound.js";
import {
  BLACK_HOLE_CLUSTER,
  HTTP_PROXY_PORT,
  listenerName,
  PASSTHROUGH_CLUSTER,
  VIRTUAL_OUTBOUND,
} from "../names.js";
import { fixedListener, sharedListener } from "../resource/encode-listener.js";
import type { Encoder } from "../resource/encoder.js";
import {
  type EnvoyResource,
  type ResourceSet,
  resourceSet,
  sameResource,
} from "../resource/resource-set.js";
import type { PerRouteFilters } from "../route/per-route-filters.js";
import type { ProxyLogs } from "../telemetry/proxy-logs.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import type { OutboundScope, ProxyAddresses, ProxySettings } from "./outbound-scope.js";

/** The entries of a scope by `address_port`, then by entry. */
export type OutboundEntries = Table<Table<OutboundEntry>>;

/** Whether only a privileged process may listen on a port. 0 stands for a socket in the file system, which any may have. */
export const isPrivileged = (port: number): boolean => port > 0 && port < 1024;

/** What of a scope its listeners depend on. */
type ListenerTraits = Pick<OutboundScope, "captured"> &
  Pick<ProxySettings, "onDemand" | "headers" | "connections"> &
  Pick<ProxyAddresses, "families" | "onLoopback">;

/** What of a scope decides the listeners of sidecars that capture. */
type CapturedScope = Pick<OutboundScope, "settings" | "addresses">;

/** Where the application of a sidecar that captures finds its HTTP proxy. */
const LOOPBACK = "127.0.0.1";

/** What the outbound listeners of sidecars depend on, beside the entries. */
interface OptionInputs {
  readonly config: MeshConfig;
  readonly logs: ProxyLogs;
  readonly unknown: UnknownHosts;
  readonly filters: PerRouteFilters;
}

/** What the outbound listeners of sidecars that capture depend on. */
export interface CapturedListenerInputs extends OptionInputs {
  readonly entries: OutboundEntries;
}

function optionsOf(
  { config, logs, unknown, filters }: OptionInputs,
  traits: ListenerTraits,
): OutboundListenerOptions {
  return {
    ...logs,
    pathNormalization: config.pathNormalization.normalization,
    detectionTimeout: goDuration(config.protocolDetectionTimeout) ?? "0s",
    unknown,
    filters,
    ...traits,
  };
}

/** The configuration that made the entries of a listener. */
const sourcesOf = (entries: readonly OutboundEntry[]): readonly ResourceRef[] =>
  entries.flatMap(({ sources }) => sources);

/** What the listeners of all scopes are made with: scopes that see the same at an address and port have one listener there. */
export interface AddressListeners {
  /** Equal options are one object. */
  readonly optionsOf: (inputs: OptionInputs, traits: ListenerTraits) => OutboundListenerOptions;
  /** The listener of these entries, for sidecars that capture; undefined when none of them takes a connection. */
  readonly listener: (
    entries: Table<OutboundEntry>,
    options: OutboundListenerOptions,
  ) => EnvoyResource | undefined;
  readonly isSame: (a: EnvoyResource, b: EnvoyResource) => boolean;
}

/** The maker of these. */
export function createAddressListeners(engine: Engine, encoder: Encoder): AddressListeners {
  const one = engine.alike<OutboundListenerOptions>(isDeepStrictEqual);
  return {
    optionsOf: (inputs, traits) => one(optionsOf(inputs, traits)),
    listener: engine.memo("outbound listener", (entries, options) =>
      capturedListener(encoder, [...entries.values()], options),
    ),
    isSame: engine.memo("same listener", sameResource),
  };
}

function capturedListener(
  encoder: Encoder,
  entries: readonly OutboundEntry[],
  options: OutboundListenerOptions,
): EnvoyResource | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const { address, port, bound = false } = first;
  const { cluster } = options.unknown;
  // A connection to the listener itself would be passed on to itself.
  const fallbackCluster = bound && cluster === PASSTHROUGH_CLUSTER ? BLACK_HOLE_CLUSTER : cluster;
  const place = { at: { address, port }, bind: bound, fallbackCluster };
  return listenerOf(encoder, entries, place, options);
}

const listenerOf = (
  encoder: Encoder,
  members: readonly OutboundEntry[],
  place: OutboundPlace,
  options: OutboundListenerOptions,
): EnvoyResource | undefined =>
  sharedListener(encoder, {
    name: listenAt(place.at, options.families).name,
    members,
    make: (some) => outboundListener(some, place, options),
    sourcesOf,
  });

/** The HTTP proxy of a sidecar's application. */
const proxyOf = (
  encoder: Encoder,
  place: ListenerAddress,
  options: OutboundListenerOptions,
): EnvoyResource =>
  fixedListener(encoder, listenAt(place).name, () => httpProxyListener(place, options));

/** What the listeners of one scope are made with. */
interface CapturedListenerDependencies {
  readonly encoder: Encoder;
  readonly listeners: AddressListeners;
}

/** The listeners of sidecars that capture: the same for all of a scope. They get connections from `virtualOutbound`. */
export function createCapturedListeners(
  engine: Engine,
  { encoder, listeners }: CapturedListenerDependencies,
  { settings, addresses: { families, onLoopback } }: CapturedScope,
): (inputs: CapturedListenerInputs) => ResourceSet {
  const { httpProxyPort: port, onDemand, headers, connections } = settings;
  const traits = { captured: true, families, onLoopback, onDemand, headers, connections };
  const options = engine.memoFields<OptionInputs, OutboundListenerOptions>(
    "outbound listener options",
    { config: true, logs: true, unknown: true, filters: true },
    (inputs) => listeners.optionsOf(inputs, traits),
  );
  const derive = engine.derive<[Table<OutboundEntry>], [OutboundListenerOptions], EnvoyResource>(
    "outbound listeners",
    (_at, [group], context) => group && listeners.listener(group, context),
    listeners.isSame,
  );
  const virtual = engine.memo("virtual outbound listener", (context: OutboundListenerOptions) =>
    fixedListener(encoder, VIRTUAL_OUTBOUND, () => virtualOutboundListener(context)),
  );
  const proxied = engine.memo("HTTP proxy", (context: OutboundListenerOptions) =>
    proxyOf(encoder, { address: LOOPBACK, port }, context),
  );
  const byName = engine.derive<[EnvoyResource], [], Table<EnvoyResource>>(
    "outbound listeners by address",
    (_at, [listener]) => listener && Table.from([[listener.name, listener]]),
  );
  const flat = engine.flatten<EnvoyResource>("outbound listeners by name");
  return (inputs) => {
    const context = options(inputs);
    const fixed = [virtual(context), ...(port === 0 ? [] : [proxied(context)])];
    return fixed.reduce(
      (all, listener) => all.with(listener.name, listener),
      flat(byName([derive([inputs.entries], context)])),
    );
  };
}

/** What the outbound listeners of a sidecar that captures nothing depend on. */
export interface BoundListenerInputs extends CapturedListenerInputs {
  readonly proxy: Proxy;
}

/**
 * The listeners of a sidecar that captures nothing: one for each port that services have, on the proxy's own address for
 * that, where server names tell TLS services apart; and the HTTP proxy, on the port that it always has and on the one given.
 */
export function createBoundListeners(
  engine: Engine,
  encoder: Encoder,
): (inputs: BoundListenerInputs) => ResourceSet {
  return engine.memoFields<BoundListenerInputs, ResourceSet>(
    "bound outbound listeners",
    { proxy: true, entries: true, config: true, logs: true, unknown: true, filters: true },
    (inputs) => {
      const { proxy, entries, config } = inputs;
      const { onDemand } = proxy;
      const families = familiesOf(proxy);
      const headers = httpSettings(config, proxy);
      const onLoopback = isOnLoopback(proxy);
      const connections = connectionSettings(proxy, "outbound");
      const traits = { captured: false, families, onLoopback, onDemand, headers, connections };
      const options = optionsOf(inputs, traits);
      const listeners = [...entriesByAddress(entries, proxy.egressAddress)]
        .filter(({ at }) => !(proxy.unprivileged && isPrivileged(at.port)))
        .map(({ at, all }) => {
          const place = { at, bind: true, fallbackCluster: BLACK_HOLE_CLUSTER };
          return listenerOf(encoder, all, place, options);
        })
        .filter((listener) => listener !== undefined);
      const given = httpProxyPort(config, proxy);
      const ports = new Set([HTTP_PROXY_PORT, ...(given === 0 ? [] : [given])]);
      const proxies = [...ports].map((port) =>
        proxyOf(encoder, { address: proxy.egressAddress, port }, options),
      );
      return resourceSet([...listeners, ...proxies]);
    },
  );
}

/** An address and port of a listener, and what services ask of it. */
interface SharedAddress {
  readonly at: ListenerAddress;
  readonly all: readonly OutboundEntry[];
}

/** Entries by port, on the address that their listener names or else the proxy's, in the order of the ports. */
function entriesByAddress(
  entries: OutboundEntries,
  egressAddress: string,
): readonly SharedAddress[] {
  const shared = new Map<string, SharedAddress>();
  for (const group of entries.values()) {
    for (const entry of group.values()) {
      const at = { address: entry.bind ?? egressAddress, port: entry.port };
      const key = listenerName(at.address, at.port);
      const known = shared.get(key)?.all ?? [];
      shared.set(key, { at, all: [...known, onAnyAddress(entry)] });
    }
  }
  return [...shared.values()].sort((a, b) => a.at.port - b.at.port);
}

/** The ports of services that callers without capture cannot reach by a plain connection, since another service has the port. */
export const lostPortsIn = (entries: OutboundEntries): readonly LostPort[] =>
  entriesByAddress(entries, "").flatMap(({ all }) => lostPorts(all));

/** An entry as it is where connections are not captured: their address does not tell services apart, so all of a port share its routes. */
function onAnyAddress(entry: OutboundEntry): OutboundEntry {
  return entry.routes === undefined || entry.proxied === true
    ? entry
    : { ...entry, routes: String(entry.port) };
}
