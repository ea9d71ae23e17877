/**
 * The networks of the mesh. A workload in another network is reached only through a gateway of that network, which passes mutual
 * TLS on as it is. See Istio, MeshNetworks, and "Install Multicluster".
 */
import ipaddr from "ipaddr.js";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { byKey } from "../../base/text/compare-text.js";
import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import type { ResourceOf } from "../../config/kinds.js";
import { MESH_CONFIG_MAP } from "../../config/mesh-config/mesh-config.js";
import { type MeshNetworks, meshNetworksOf } from "../../config/mesh-config/mesh-networks.js";
import { keyOf } from "../../config/resource.js";
import { CLUSTER, NETWORK_LABEL, type Workload } from "./workload.js";

/** A way into a network. */
export interface NetworkGateway {
  readonly network: string;
  readonly address: string;
  readonly port: number;
}

/** See the top of this file. */
export interface Networks {
  /** Sorted. */
  readonly gateways: readonly NetworkGateway[];
  /** Blocks of addresses that are in a network. */
  readonly blocks: readonly { readonly network: string; readonly cidr: string }[];
  /** The network of workloads of which nothing else is known; `""` when nothing is said of these. */
  readonly home: string;
}

/** The label by which a Service says on which of its ports other networks call, and that port if it says none. */
const PORT_LABEL = "networking.istio.io/gatewayPort";
const GATEWAY_PORT = 15443;

type Service = ResourceOf<"Service">;

/** The addresses at which those outside find a service. */
function externalAddresses({ spec, status }: Service): readonly string[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const all = [
    ...ingress.map(({ ip = "" }) => ip),
    ...(spec.externalIPs ?? []),
    spec.loadBalancerIP ?? "",
  ];
  return [...new Set(all.filter(isIpAddress))];
}

/** The gateways that a Service is which names its network. */
function labelledGateways(service: Service): readonly NetworkGateway[] {
  const { labels } = service.metadata;
  const network = labels[NETWORK_LABEL] ?? "";
  if (network === "") return [];
  const port = gatewayPort(labels[PORT_LABEL]);
  return externalAddresses(service).map((address) => ({ network, address, port }));
}

/** The port that a label names; the usual one where it names none. */
function gatewayPort(text: string | undefined): number {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : GATEWAY_PORT;
}

function listedGateways(
  networks: MeshNetworks,
  services: Table<Service>,
): readonly NetworkGateway[] {
  return Object.entries(networks).flatMap(([network, { gateways = [] }]) =>
    gateways.flatMap(({ address = "", registryServiceName = "", port = 0 }) => {
      const service = services.get(keyOfHost(registryServiceName));
      const addresses = isIpAddress(address)
        ? [address]
        : service === undefined
          ? []
          : externalAddresses(service);
      return addresses.map((one) => ({ network, address: one, port }));
    }),
  );
}

/** `namespace/name` of a Service by its host. */
function keyOfHost(hostname: string): string {
  const [, name = "", namespace = ""] = /^([^.]+)\.([^.]+)\.svc\./.exec(hostname) ?? [];
  return `${namespace}/${name}`;
}

const textOf = ({ network, address, port }: NetworkGateway): string =>
  `${network} ${address} ${String(port)}`;

/** Where networks are written. */
interface NetworkTables {
  readonly ConfigMap: Table<ResourceOf<"ConfigMap">>;
  readonly Service: Table<Service>;
}

/** The builder of the networks, from the ConfigMap of the mesh and the Services; the same until they are others. */
export function createNetworks(engine: Engine): (tables: NetworkTables) => Networks {
  const labelled = engine.derive<[Service], [], readonly NetworkGateway[]>(
    "gateways of networks",
    (_key, [service]) => {
      const found = service === undefined ? [] : labelledGateways(service);
      return found.length === 0 ? undefined : found;
    },
  );
  const listed = engine.memo("networks of the mesh", meshNetworksOf);
  const settle = engine.settle<Networks>((a, b) => JSON.stringify(a) === JSON.stringify(b));
  return ({ ConfigMap: configMaps, Service: services }) => {
    const configMap = configMaps.get(keyOf(MESH_CONFIG_MAP));
    const networks = configMap === undefined ? {} : listed(configMap);
    const all = [
      ...listedGateways(networks, services),
      ...[...labelled([services]).values()].flat(),
    ];
    const distinct = new Map(all.map((one) => [textOf(one), one]));
    const endpoints = Object.entries(networks).flatMap(([network, { endpoints: of = [] }]) =>
      of.map((one) => ({ network, ...one })),
    );
    return settle({
      gateways: [...distinct].sort(byKey).map(([, one]) => one),
      blocks: endpoints.flatMap(({ network, fromCidr: cidr = "" }) =>
        cidr === "" ? [] : [{ network, cidr }],
      ),
      home: endpoints.find(({ fromRegistry }) => fromRegistry === CLUSTER)?.network ?? "",
    });
  };
}

/** Whether an address is in a block, `10.0.0.0/8`; a block without a length is one address. */
function isInBlock(address: string, block: string): boolean {
  const [first = "", bits] = block.split("/");
  const start = ipaddr.parse(first);
  const length = bits === undefined ? start.toByteArray().length * 8 : Number(bits);
  const parsed = ipaddr.parse(address);
  return parsed.kind() === start.kind() && parsed.match(start, length);
}

/**
 * The network that a workload is in: what it says itself, else what is said of its address; `""` when nobody knows. A name
 * may lead anywhere, and a socket is beside whoever calls it.
 */
export function networkOf(
  { network, address }: Pick<Workload, "network" | "address">,
  { blocks, home }: Networks,
): string {
  if (network !== "" || !isIpAddress(address)) return network;
  return blocks.find(({ cidr }) => isInBlock(address, cidr))?.network ?? home;
}
