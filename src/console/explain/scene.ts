/** What explanations are made of: the mesh at one moment, and what its proxies are sent. */
import { formatSpiffeId } from "../../ca/spiffe-id.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import type { Encoder } from "../../envoy/resource/encoder.js";
import type { ResourceSets } from "../../envoy/resource/resource-set.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { proxyConfiguration } from "../../simulator/configuration.js";
import type { Peer } from "../../simulator/journey.js";

/** See the top of this file. */
export interface Scene {
  readonly mesh: Mesh;
  readonly snapshot: Pick<ConfigSnapshot, "tables" | "locate">;
  readonly proxies: readonly Proxy[];
  /** What a proxy should hold; asked for the proxies that a question is about alone. */
  readonly resourcesOf: (proxy: Proxy) => ResourceSets;
  readonly encoder: Encoder;
}

/** A proxy as calls meet it. */
export function peerOf({ mesh, resourcesOf, encoder }: Scene, proxy: Proxy): Peer {
  const { id, address, namespace, serviceAccount, type, mode } = proxy;
  const { trustDomain } = mesh.config;
  return {
    id,
    address,
    identity: formatSpiffeId({ trustDomain, namespace, serviceAccount }),
    isGateway: type === "router",
    isCaptured: type === "sidecar" && mode !== "NONE",
    configuration: proxyConfiguration(resourcesOf(proxy), encoder),
  };
}

/** Finds the proxy at an address; each is read once. */
export function peersByAddress(scene: Scene): (address: string) => Peer | undefined {
  const byAddress = new Map(scene.proxies.map((proxy) => [proxy.address, proxy]));
  const peers = new Map<string, Peer>();
  return (address) => {
    const proxy = byAddress.get(address);
    if (proxy === undefined) return undefined;
    const peer = peers.get(address) ?? peerOf(scene, proxy);
    peers.set(address, peer);
    return peer;
  };
}

/** The proxy that a name means: a pod `NAME.NAMESPACE`, or a workload, of whose pods the first. */
export function findProxy({ proxies }: Scene, name: string): Proxy | undefined {
  const whole = name.includes(".") ? name : `${name}.default`;
  return (
    proxies.find(({ id }) => id === whole) ??
    proxies.find(({ workloadName, namespace }) => `${workloadName}.${namespace}` === whole)
  );
}

/** What a pod is called of which only its address is known. */
export function nameOf({ mesh, proxies }: Scene, address: string): string {
  const proxy = proxies.find((one) => one.address === address);
  if (proxy !== undefined) return proxy.id;
  const known = [...mesh.workloadsByAddress.values()].flatMap((one) => [...one.values()]);
  const workload = known.find((one) => one.address === address && one.name !== "");
  return workload === undefined ? "" : `${workload.name}.${workload.namespace}`;
}
