/**
 * Ways to all ports and subsets of the hosts of a world, which do not change: by a path of a host of their own for requests, and
 * for connections that come in at gateways by a port. What of policies is no matter of clusters shows on these.
 */
import type { DestinationRule, World } from "./objects.js";
import { hostsOf } from "./registry.js";

/** A port of a subset, `""` for all. */
interface WayEnd {
  readonly hostname: string;
  readonly port: number;
  readonly subset: string;
}

const NETWORKING = "networking.istio.io/v1";
const REQUESTED = "ways.example.org";
const FIRST_PORT = 20_000;

/** The gateways of the callers. */
const GATEWAYS = [
  { namespace: "edge", selector: { istio: "ingress" } },
  { namespace: "istio-system", selector: { istio: "root" } },
] as const;

const subsetNames = (rules: readonly DestinationRule[]): readonly string[] => [
  ...new Set(rules.flatMap(({ spec }) => (spec.subsets ?? []).map(({ name }) => name))),
];

function endsOf(world: World): readonly WayEnd[] {
  const subsets = ["", ...subsetNames(world.destinationRules)];
  return hostsOf(world).flatMap(({ hostname, ports }) =>
    ports.flatMap(({ number: port }) => subsets.map((subset) => ({ hostname, port, subset }))),
  );
}

const routeTo = ({ hostname: host, port: number, subset }: WayEnd) => [
  { destination: { host, port: { number }, ...(subset === "" ? {} : { subset }) } },
];

/** The objects that make the ways. */
export function waysOf(world: World): readonly object[] {
  const ends = endsOf(world);
  const keys = GATEWAYS.map(({ namespace }) => `${namespace}/ways`);
  const gateways = GATEWAYS.map(({ namespace, selector }) => ({
    apiVersion: NETWORKING,
    kind: "Gateway",
    metadata: { name: "ways", namespace },
    spec: {
      selector,
      servers: [
        { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] },
        ...ends.map((_, i) => ({
          port: { number: FIRST_PORT + i, name: `tcp-${i}`, protocol: "TCP" },
          hosts: ["*"],
        })),
      ],
    },
  }));
  const ofRequests = ends.map((end, i) => ({
    match: [{ uri: { prefix: `/${i}/` } }],
    route: routeTo(end),
  }));
  const ofConnections = ends.map((end, i) => ({
    match: [{ port: FIRST_PORT + i }],
    route: routeTo(end),
  }));
  const virtualService = (name: string, spec: object): object => ({
    apiVersion: NETWORKING,
    kind: "VirtualService",
    metadata: { name, namespace: "istio-system" },
    spec,
  });
  return [
    ...gateways,
    virtualService("requests", {
      hosts: [REQUESTED],
      gateways: ["mesh", ...keys],
      http: ofRequests,
    }),
    virtualService("connections", { hosts: ["*"], gateways: keys, tcp: ofConnections }),
  ];
}
