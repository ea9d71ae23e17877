/** The resources that a proxy should hold and what they are made of, each piece with what decided it. */
import type {
  FilterChainJson,
  ListenerJson,
  RouteConfigurationJson,
  RouteJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { chainsOf } from "../proxy-config/filter-chain.js";
import {
  chainPartsIn,
  type PatchesOf,
  patchesIn,
  resourceDecisions,
  routeDecisions,
} from "./provenance.js";
import type { Scene } from "./scene.js";

/** A proxy, and the moment at which it is looked at. */
export interface Holder {
  readonly scene: Scene;
  readonly proxy: Proxy;
}

/** A resource as it is decoded, and what decided it as a whole. */
export interface DecidedResource {
  readonly json: object;
  readonly decisions: readonly Decision[];
}

/** A virtual host, and what decided it and each of its routes. */
export interface DecidedHost {
  readonly host: VirtualHostJson;
  readonly decisions: readonly Decision[];
  readonly routes: readonly {
    readonly route: RouteJson;
    /** None of a route of which nothing is known by itself. */
    readonly decisions: readonly Decision[];
  }[];
}

/** A filter chain of a listener, and what decided it. */
export interface DecidedChain {
  readonly chain: FilterChainJson;
  readonly decisions: readonly Decision[];
  /** Those of them that are not patches: they decided what stands in it, too. */
  readonly parts: readonly Decision[];
  /** What patches did to what stands in it. */
  readonly patchesOf: PatchesOf;
}

/** A resource of the type that a message is of. */
export function decidedResource(
  { scene, proxy }: Holder,
  type: string,
  resource: EnvoyResource,
): DecidedResource {
  const json = scene.encoder.decode(type, resource.bytes);
  return { json, decisions: resourceDecisions(scene, { resource, type, json }, proxy.namespace) };
}

/** A virtual host of which it is known what decided it as a whole. */
export function decidedHost(
  { scene, proxy }: Holder,
  host: VirtualHostJson,
  decisions: readonly Decision[],
  patchesOf: PatchesOf,
): DecidedHost {
  const routes = (host.routes ?? []).map((route) => {
    const about = { route, virtualHost: host, patchesOf };
    return { route, decisions: routeDecisions(scene, about, proxy.namespace) };
  });
  return { host, decisions, routes };
}

/** The virtual hosts that stand in a table: what no patch made or changed was decided by what decided the table. */
export function hostsInTable(
  holder: Holder,
  { virtualHosts = [] }: RouteConfigurationJson,
  { decisions, patchesOf }: { decisions: readonly Decision[]; patchesOf: PatchesOf },
): readonly DecidedHost[] {
  return virtualHosts.map((host) => {
    const patches = patchesOf(host).decisions;
    return decidedHost(holder, host, patches.length > 0 ? patches : decisions, patchesOf);
  });
}

/** The filter chains of a listener. */
export function decidedChains(
  resource: EnvoyResource,
  listener: ListenerJson,
): readonly DecidedChain[] {
  const patchesOf = patchesIn(resource);
  const partsOf = chainPartsIn(resource, listener);
  return chainsOf(listener).map((chain) => {
    const parts = partsOf(chain);
    return { chain, decisions: [...patchesOf(chain).decisions, ...parts], parts, patchesOf };
  });
}
