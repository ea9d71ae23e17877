/** What callers in one network call in place of endpoints in others. See Istio, EndpointsByNetworkFilter. */
import { byKey } from "../../base/text/compare-text.js";
import { type LocalityCaller, networkOfCaller } from "../../mesh/routing/locality-balancing.js";
import type { EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { Service } from "../../mesh/service/service.js";
import { type NetworkGateway, type Networks, networkOf } from "../../mesh/workload/networks.js";
import type { Workload } from "../../mesh/workload/workload.js";
import type { ClusterEndpoint } from "./load-assignment.js";

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** By what all weights are multiplied, so that each network's gateways can share those of its endpoints. */
function scaleOf(gateways: readonly NetworkGateway[]): number {
  const counts = new Map<string, number>();
  for (const { network } of gateways) counts.set(network, (counts.get(network) ?? 0) + 1);
  return [...counts.values()].reduce((all, one) => (all * one) / divisor(all, one), 1);
}

/** A gateway, which stands for some workloads of its network that are in one place. */
function gatewayEndpoint(
  { network, address, port }: NetworkGateway,
  { locality }: Workload,
  weight: number,
): ClusterEndpoint {
  const workload: Workload = {
    name: "",
    namespace: "",
    address,
    labels: {},
    serviceAccount: "",
    locality,
    network,
    weight,
    ports: {},
    namedPorts: {},
    ready: true,
    meshTls: true,
    source: undefined,
  };
  return { workload, port, meshTls: true };
}

interface Reached {
  /** Those that are called themselves. */
  readonly near: readonly ClusterEndpoint[];
  /** Those that gateways stand for, each with the gateways of its network. */
  readonly far: readonly (readonly [ClusterEndpoint, readonly NetworkGateway[]])[];
}

function sorted(
  endpoints: readonly ClusterEndpoint[],
  network: string,
  networks: Networks,
): Reached {
  const ways = endpoints.map((endpoint) => {
    const own = networkOf(endpoint.workload, networks);
    const isNear = own === "" || own === network;
    const gateways = isNear ? [] : networks.gateways.filter((one) => one.network === own);
    return [endpoint, gateways] as const;
  });
  return {
    near: ways.flatMap(([endpoint, gateways]) => (gateways.length === 0 ? [endpoint] : [])),
    far: ways.filter(([, gateways]) => gateways.length > 0),
  };
}

/** Each gateway once for each place, with its share of the weights there. */
function gatewaysFor(far: Reached["far"], scale: number): readonly ClusterEndpoint[] {
  const shares = new Map<string, ClusterEndpoint>();
  for (const [{ workload }, gateways] of far) {
    const share = (workload.weight * scale) / gateways.length;
    for (const gateway of gateways) {
      const key = JSON.stringify([workload.locality, gateway]);
      const before = shares.get(key)?.workload.weight ?? 0;
      shares.set(key, gatewayEndpoint(gateway, workload, before + share));
    }
  }
  return [...shares].sort(byKey).map(([, one]) => one);
}

/** What is called, and how. */
interface Called {
  readonly service: Pick<Service, "external">;
  readonly policy: Pick<EffectivePolicy, "tls">;
}

/**
 * The endpoints of a cluster as callers reach them: those in another network that has gateways are these, with the weight of
 * the endpoints that they stand for. Gateways see nothing but the server name of mutual TLS, so that what does not take it,
 * or is not called by it, is not reached. Callers of which the network is not known reach all themselves, and what is outside
 * of the mesh is in none of its networks.
 */
export function reachedBy(
  caller: LocalityCaller | undefined,
  endpoints: readonly ClusterEndpoint[],
  { service, policy: { tls } }: Called,
): readonly ClusterEndpoint[] {
  if (caller === undefined || service.external) return endpoints;
  const { networks, autoMtls } = caller.policy;
  const network = networkOfCaller(caller);
  if (network === "" || networks.gateways.length === 0) return endpoints;
  const scale = scaleOf(networks.gateways);
  const { near, far } = sorted(endpoints, network, networks);
  const isMutual = tls?.mode === undefined ? autoMtls : tls.mode === "ISTIO_MUTUAL";
  const passed = isMutual ? far.filter(([one]) => one.meshTls && one.isUnready !== true) : [];
  const scaled = near.map((one) => ({
    ...one,
    workload: { ...one.workload, weight: one.workload.weight * scale },
  }));
  return [...scaled, ...gatewaysFor(passed, scale)];
}
