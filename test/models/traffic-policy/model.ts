/**
 * An independent reading of Istio's documentation, and where it is silent of its code: the clusters by which a caller reaches
 * the hosts of a world, and the endpoints of each.
 */
import { selects } from "../routing/objects.js";
import {
  balancing,
  bytesWay,
  connections,
  defined,
  hashedBy,
  httpVersion,
  outliers,
} from "./cluster.js";
import { ordered, preferenceOf, weighsLocalities } from "./locality.js";
import { isGateway, reached } from "./networks.js";
import type { PlacedCaller, World } from "./objects.js";
import { type Host, hostsOf, type Instance, portOf } from "./registry.js";
import { policyFor, type Rule, ruleFor } from "./rules.js";
import { type Called, sockets, takesMutualTls } from "./tls.js";

/** A cluster in words that both the model and what Envoy is sent can be put into. */
export type Description = Readonly<Record<string, unknown>>;

/** An endpoint, `address:port`, its weight, and whether it takes mutual TLS. */
type EndpointText = string;

export interface GroupDescription {
  readonly locality: string;
  readonly priority: number;
  readonly weight: number;
  readonly endpoints: readonly EndpointText[];
}

/** Sorted by priority and locality; the order of others is nobody's business. */
export const sortedGroups = (groups: readonly GroupDescription[]): readonly GroupDescription[] =>
  groups
    .filter(({ endpoints }) => endpoints.length > 0)
    .map((group) => ({ ...group, endpoints: [...group.endpoints].sort() }))
    .sort((a, b) => a.priority - b.priority || (a.locality < b.locality ? -1 : 1));

/** An endpoint in one word. */
export const endpointText = (
  address: string,
  port: number,
  weight: number,
  isMutual: boolean,
): EndpointText => `${address}:${port} weight ${weight}${isMutual ? " mutual TLS" : ""}`;

function assignment(
  world: World,
  called: Called,
  caller: PlacedCaller,
): readonly GroupDescription[] {
  const { host, port, subset, rule, policy } = called;
  const { labels = {} } = rule?.subsets.find(({ name }) => name === subset) ?? {};
  const instances = host.instances.filter((one) => selects(labels, one.labels));
  const preference = preferenceOf(policy, host, world.meshConfig);
  const describe = (one: Instance): EndpointText => {
    const number = portOf(one, port);
    const isMutual = isGateway(one) || takesMutualTls(world, one, number);
    return endpointText(one.address, number, one.weight, isMutual);
  };
  return sortedGroups(
    ordered(reached(world, called, instances, caller), caller, preference).map(
      ({ members, ...group }) => ({
        ...group,
        endpoints: members.map(describe),
      }),
    ),
  );
}

/** Whether connections are passed on to a cluster as bytes: at gateways by ways to all, else where they may be no requests. */
const takesBytes = ({ subset, port }: Called, { type }: PlacedCaller): boolean =>
  type === "router" || (subset === "" && !["http", "http2"].includes(port.protocol));

function describeCluster(world: World, called: Called, caller: PlacedCaller): Description {
  const { host, policy, version } = called;
  const { meshConfig } = world;
  const isPassed = policy.loadBalancer?.simple === "PASSTHROUGH";
  const preference = preferenceOf(policy, host, meshConfig);
  const found = host.resolution === "STATIC" ? "EDS" : "DNS";
  return defined({
    discovery: isPassed ? "ORIGINAL_DST" : found,
    balancing: isPassed ? undefined : balancing(policy, host),
    weighsLocalities: isPassed ? undefined : weighsLocalities(preference),
    outliers: outliers(policy, host),
    connections: connections(policy, meshConfig),
    http: version,
    hashedBy: hashedBy(policy, host),
    bytes: takesBytes(called, caller) ? bytesWay(policy, host) : undefined,
    streams: version === "2" ? policy.connectionPool?.http?.maxConcurrentStreams : undefined,
    sockets: sockets(world, called, caller),
    endpoints: isPassed ? undefined : assignment(world, called, caller),
  });
}

function clustersOf(world: World, host: Host, caller: PlacedCaller) {
  const rule: Rule | undefined = ruleFor(world, host, caller);
  const subsets = ["", ...(rule?.subsets ?? []).map(({ name }) => name)];
  return host.ports.flatMap((port) =>
    subsets.map((subset): [string, Description] => {
      const policy = policyFor(rule, subset, port.number);
      const version = httpVersion(policy, port, world.meshConfig, caller);
      const called = { host, port, subset, rule, policy, version };
      return [
        `outbound|${port.number}|${subset}|${host.hostname}`,
        describeCluster(world, called, caller),
      ];
    }),
  );
}

/** By name, the clusters that a caller has for the hosts of the mesh. */
export const expectedClusters = (
  world: World,
  caller: PlacedCaller,
): ReadonlyMap<string, Description> =>
  new Map(hostsOf(world).flatMap((host) => clustersOf(world, host, caller)));
