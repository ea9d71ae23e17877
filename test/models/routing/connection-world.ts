/** Worlds at random in which services of many protocols share addresses and ports, and VirtualServices route connections. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "./arbitraries.js";
import { common, complete } from "./hosts.js";
import type {
  Gateway,
  IstioEgressListener,
  L4MatchAttributes,
  RouteDestination,
  Server,
  Service,
  ServiceEntry,
  Sidecar,
  TCPRoute,
  TLSmode,
  TLSRoute,
  VirtualService,
  World,
} from "./objects.js";
import { WORKLOADS } from "./still-world.js";
import {
  destinationRules,
  exportedAlike,
  exportTo,
  isClear,
  mode,
  OUTSIDE,
  objects,
  SHOP,
  TIMES,
} from "./world-arbitrary.js";

/** The ports of all hosts, and one that none has. */
export const PORTS = [443, 9000] as const;

const PROTOCOLS = ["tcp", "tcp", "tls", "tls", "https", "mongo", "mysql", "http", "what"];

const servicePort = (port: number): Arbitrary<Service["spec"]["ports"][number]> =>
  fc
    .tuple(fc.constantFrom(...PROTOCOLS), fc.boolean())
    .map(([protocol, byName]) =>
      byName || protocol === "what"
        ? { name: `${protocol}-${port}`, port, targetPort: 8080 }
        : { name: `http-${port}`, appProtocol: protocol, port, targetPort: 8080 },
    );

const service = (name: string, namespace: string, clusterIP: string): Arbitrary<Service> =>
  fc
    .record({
      clusterIP: fc.oneof(
        { arbitrary: fc.constant(clusterIP), weight: 4 },
        { arbitrary: fc.constant("None"), weight: 1 },
      ),
      ports: fc.tuple(mostly(servicePort(443), 3), servicePort(9000)),
      creationTimestamp: fc.constantFrom(...TIMES),
    })
    .map(({ ports, creationTimestamp, clusterIP: address }) => ({
      metadata: { name, namespace, creationTimestamp },
      spec: {
        selector: { app: name },
        clusterIP: address,
        ports: ports.filter((one) => one !== undefined),
      },
    }));

/** Addresses of services, of ServiceEntries, of blocks of these, and of nobody. */
export const ADDRESSES = [
  "10.9.0.1",
  "10.9.0.2",
  "10.9.0.3",
  "10.8.0.1",
  "10.8.0.2",
  "10.8.1.7",
  "10.8.9.9",
  "192.0.2.1",
];

const ENTRY_ADDRESSES = [
  [],
  [],
  ["10.8.0.1"],
  ["10.8.0.1", "10.8.0.2"],
  ["10.8.0.2/32"],
  ["10.8.1.0/24"],
  ["10.8.0.0/16"],
  ["10.8.1.7/24", "10.8.0.1"],
];

const TOLD = ["HTTP", "HTTPS", "TLS"];

const entryPort = (number: number): Arbitrary<ServiceEntry["spec"]["ports"][number]> =>
  fc
    .constantFrom("TCP", "TCP", "TLS", "TLS", "HTTPS", "MONGO", "HTTP", undefined)
    .map((protocol) => ({
      name: `port-${number}`,
      number,
      ...(protocol === undefined ? {} : { protocol }),
    }));

const PLACES: readonly Pick<ServiceEntry["spec"], "resolution" | "workloadSelector">[] = [
  { resolution: "STATIC", workloadSelector: { labels: { app: "outside" } } },
  { resolution: "NONE", workloadSelector: { labels: { app: "outside" } } },
  { resolution: "NONE" },
  { resolution: "DNS" },
];

const entrySpec: Arbitrary<ServiceEntry["spec"]> = fc
  .record({
    hosts: fc.uniqueArray(fc.constantFrom(...OUTSIDE), { minLength: 1, maxLength: 2 }),
    addresses: fc.constantFrom(...ENTRY_ADDRESSES),
    ports: fc.tuple(mostly(entryPort(443), 3), entryPort(9000)),
    place: fc.constantFrom(...PLACES),
    seenBy: exportTo,
  })
  .map(({ hosts, addresses, ports, place, seenBy }) => {
    const isWild = hosts.some((one) => one.startsWith("*"));
    const isBlock = addresses.some((one) => one.includes("/"));
    // Istio refuses several hosts where nothing tells them apart.
    const isTold =
      place.resolution === "NONE" ||
      ports.every((one) => one === undefined || TOLD.includes(one.protocol ?? ""));
    const chosen = place.resolution === "DNS" && (isWild || isBlock) ? PLACES[2] : place;
    return {
      hosts: isTold ? hosts : hosts.slice(0, 1),
      ports: ports.filter((one) => one !== undefined),
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(chosen ?? place),
      ...(seenBy === undefined ? {} : { exportTo: seenBy }),
    };
  });

/** Each host once: what several of one host in a namespace come to together the documentation leaves open. */
const serviceEntries: Arbitrary<ServiceEntry[]> = objects("entry", ["a", "b"], () => entrySpec, {
  most: 4,
}).map((all) => {
  const seen = new Set<string>();
  return all.flatMap((one) => {
    const hosts = one.spec.hosts.filter((host) => !seen.has(`${one.metadata.namespace} ${host}`));
    for (const host of hosts) seen.add(`${one.metadata.namespace} ${host}`);
    return hosts.length === 0 ? [] : [{ ...one, spec: { ...one.spec, hosts } }];
  });
});

const SUBNETS = ["10.8.0.0/16", "10.8.1.0/24", "10.8.1.7", "10.9.0.1", "10.9.0.0/24", "0.0.0.0/0"];

const l4Match = (gateways: readonly string[]): Arbitrary<L4MatchAttributes> =>
  given({
    destinationSubnets: seldom(
      fc.uniqueArray(fc.constantFrom(...SUBNETS), { minLength: 1, maxLength: 2 }),
      3,
    ),
    port: seldom(fc.constantFrom(...PORTS), 3),
    sourceLabels: seldom(fc.constantFrom({ app: "caller" }, { app: "x" }), 5),
    sourceNamespace: seldom(fc.constantFrom("a", "b"), 6),
    gateways: seldom(
      fc.constantFrom(...gateways).map((one) => [one]),
      5,
    ),
  });

const destination = fc
  .record({
    host: fc.constantFrom("shop", SHOP, SHOP, "shop.b.svc.cluster.local", "api.example.com"),
    subset: seldom(fc.constantFrom("v1", "v2"), 3),
    port: mostly(fc.constantFrom(...PORTS), 2),
  })
  .map(
    ({ host, subset, port }): RouteDestination => ({
      destination: {
        host,
        ...(subset === undefined || host === "api.example.com" ? {} : { subset }),
        ...(port === undefined ? {} : { port: { number: port } }),
      },
    }),
  );

const routed: Arbitrary<RouteDestination[]> = fc.oneof(
  { arbitrary: destination.map((one) => [one]), weight: 4 },
  {
    arbitrary: fc
      .tuple(destination, destination, fc.constantFrom(0, 30, 100))
      .map(([one, other, weight]) => [
        { ...one, weight },
        { ...other, weight: 100 - weight },
      ]),
    weight: 1,
  },
);

/** Names of servers that hosts of a VirtualService cover, as Istio asks for it. */
function sniHosts(hosts: readonly string[]): Arbitrary<string[]> {
  const names = hosts.flatMap((host) =>
    host.startsWith("*")
      ? [host, ...NAMED.filter((one) => one !== host && common(host, one) === one)]
      : [host],
  );
  return fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });
}

const tlsRoute = (hosts: readonly string[], gateways: readonly string[]): Arbitrary<TLSRoute> =>
  fc.record({
    match: fc.array(
      fc
        .tuple(sniHosts(hosts), l4Match(gateways))
        .map(([names, rest]) => ({ sniHosts: names, ...rest })),
      { minLength: 1, maxLength: 2 },
    ),
    route: routed,
  });

const tcpRoute = (gateways: readonly string[]): Arbitrary<TCPRoute> =>
  given({
    match: mostly(fc.array(l4Match(gateways), { minLength: 1, maxLength: 2 }), 4),
    route: routed,
  });

const NAMED = ["shop", SHOP, "shop.b.svc.cluster.local", "*.a.svc.cluster.local", ...OUTSIDE];

const GATEWAYS: readonly (string[] | undefined)[] = [
  undefined,
  ["mesh"],
  ["edge/one", "mesh"],
  ["edge/one", "mesh"],
  ["edge/one"],
  ["edge/two", "edge/one"],
];

const virtualServiceSpec = (namespace: string): Arbitrary<VirtualService["spec"]> =>
  fc
    .constantFrom(...GATEWAYS)
    .chain((gateways) => {
      const isInMesh = gateways === undefined || gateways.includes("mesh");
      const hosts = fc.uniqueArray(fc.constantFrom(...NAMED, ...(isInMesh ? [] : ["*"])), {
        minLength: 1,
        maxLength: 2,
        selector: (host) => complete(host, namespace),
        comparator: (one, other) => common(one, other) !== undefined,
      });
      return fc.record({ gateways: fc.constant(gateways), hosts });
    })
    .chain(({ gateways, hosts }) => {
      const through = gateways ?? ["mesh"];
      return given({
        hosts: fc.constant(hosts),
        gateways: fc.constant(gateways),
        exportTo,
        tls: mostly(fc.array(tlsRoute(hosts, through), { minLength: 1, maxLength: 2 }), 4),
        tcp: fc.array(tcpRoute(through), { minLength: 1, maxLength: 2 }),
      });
    });

const EGRESS = ["./*", "*/*", "b/*", "a/*", `*/${SHOP}`, "*/*.example.com", "*/api.example.com"];
const egressHosts = fc.uniqueArray(fc.constantFrom(...EGRESS), { minLength: 1, maxLength: 2 });

/** The address of a Sidecar's listeners. */
export const BOUND = "10.7.7.7";

const egressListener: Arbitrary<IstioEgressListener> = given({
  hosts: egressHosts,
  port: fc
    .tuple(fc.constantFrom(...PORTS), fc.constantFrom("TCP", "TLS", "HTTP", "MONGO"))
    .map(([number, protocol]) => ({ number, name: "some", protocol })),
  bind: seldom(fc.constant(BOUND), 3),
});

const sidecars: Arbitrary<Sidecar[]> = fc.oneof(
  { arbitrary: fc.constant<Sidecar[]>([]), weight: 3 },
  {
    arbitrary: objects(
      "sidecar",
      ["a", "b"],
      (): Arbitrary<Sidecar["spec"]> =>
        given({
          workloadSelector: mostly(fc.constant({ labels: { app: "caller" } }), 2),
          egress: fc
            .tuple(seldom(egressListener, 2), given({ hosts: egressHosts }))
            .map((both) => both.filter((one) => one !== undefined)),
          outboundTrafficPolicy: mostly(fc.record({ mode }), 2),
        }),
      { most: 2 },
    ),
    weight: 2,
  },
);

const SERVED = [
  "*",
  "*",
  "*/*",
  "*.example.com",
  "api.example.com",
  "a/*",
  "./*.com",
  "b/*.example.com",
  "shop.a.svc.cluster.local",
  "*.svc.cluster.local",
];

/** What a server may be: its protocol, and the mode of its TLS. */
const SERVERS: readonly (readonly [protocol: string, mode?: TLSmode])[] = [
  ["TCP"],
  ["TCP"],
  ["HTTP"],
  ["TLS", "PASSTHROUGH"],
  ["TLS", "PASSTHROUGH"],
  ["TLS", "AUTO_PASSTHROUGH"],
  ["TLS", "SIMPLE"],
  ["TLS", "ISTIO_MUTUAL"],
  ["HTTPS", "PASSTHROUGH"],
  ["HTTPS", "SIMPLE"],
  ["HTTPS", "MUTUAL"],
  ["HTTPS", "OPTIONAL_MUTUAL"],
  ["HTTPS", "ISTIO_MUTUAL"],
];

const OF_CREDENTIALS: readonly TLSmode[] = ["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"];

const server = (at: number): Arbitrary<Server> =>
  fc
    .record({
      number: fc.constantFrom(443, 443, 9000),
      kind: fc.constantFrom(...SERVERS),
      hosts: fc.uniqueArray(fc.constantFrom(...SERVED), { minLength: 1, maxLength: 2 }),
    })
    .map(({ number, kind: [protocol, tlsMode], hosts }) => ({
      // What comes of HTTP in plaintext beside TLS the documentation does not say.
      port: {
        number: protocol === "HTTP" ? 9000 : protocol === "TCP" ? number : 443,
        name: `port-${at}`,
        protocol,
      },
      hosts,
      ...(tlsMode === undefined
        ? {}
        : {
            tls: {
              mode: tlsMode,
              ...(OF_CREDENTIALS.includes(tlsMode) ? { credentialName: "some" } : {}),
            },
          }),
    }));

const gateway = (name: string): Arbitrary<Gateway> =>
  fc
    .record({
      creationTimestamp: fc.constantFrom(...TIMES),
      servers: fc.tuple(server(0), mostly(server(1), 3), mostly(server(2), 2)),
    })
    .map(({ creationTimestamp, servers }) => ({
      metadata: { name, namespace: "edge", creationTimestamp },
      spec: {
        selector: { istio: "ingress" },
        servers: servers.filter((one) => one !== undefined),
      },
    }));

/** See the top of this file. */
export const connectionWorld: Arbitrary<World> = fc.noBias(
  fc
    .record({
      services: fc.tuple(
        service("shop", "a", "10.9.0.1"),
        service("shop", "b", "10.9.0.2"),
        service("cart", "a", "10.9.0.3"),
      ),
      serviceEntries,
      virtualServices: objects("route", ["a", "b", "edge"], virtualServiceSpec, { most: 4 }),
      destinationRules,
      gateways: fc.tuple(gateway("one"), gateway("two")),
      sidecars,
      mode,
    })
    .map(
      ({ mode: outbound, ...rest }): World => ({
        ...rest,
        destinationRules: exportedAlike(rest.destinationRules),
        meshConfig: { outboundTrafficPolicy: { mode: outbound } },
        workloads: WORKLOADS,
      }),
    )
    .filter(isClear),
);
