/** Worlds at random in which routes are at the same few listeners and Services, so that they get in each other's way. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "../routing/arbitraries.js";
import type {
  AllowedNamespaces,
  AllowedRoutes,
  Declared,
  Gateway,
  Listener,
  ListenerSet,
  Namespace,
  ParentRef,
  ReferenceGrant,
  Service,
  ServiceEntry,
  Workload,
  World,
} from "./objects.js";
import { connectionRules, grpcRules, httpRules } from "./route-arbitrary.js";

const TIMES = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
const [BEGIN = ""] = TIMES;

const NAMESPACES: readonly Namespace[] = [
  { metadata: { name: "edge" } },
  { metadata: { name: "a", labels: { team: "one" } } },
  { metadata: { name: "b", labels: { team: "two" } } },
];

const service = (
  name: string,
  namespace: string,
  clusterIP: string,
  ports: Service["spec"]["ports"],
): Service => ({
  metadata: { name, namespace, creationTimestamp: BEGIN },
  spec: { selector: { app: name }, clusterIP, ports },
});

const HTTP = { name: "http", port: 80, targetPort: 8080 };
const MORE = { name: "http-more", port: 8080, targetPort: 8080 };

const SERVICES: readonly Service[] = [
  service("shop", "a", "10.9.0.1", [HTTP, MORE]),
  service("shop", "b", "10.9.0.2", [HTTP]),
  service("cart", "a", "10.9.0.3", [HTTP]),
  // Nobody answers.
  service("cart", "b", "10.9.0.4", [HTTP]),
];

const ENTRY: ServiceEntry = {
  metadata: { name: "outside", namespace: "a", creationTimestamp: BEGIN },
  spec: {
    hosts: ["api.example.net", "www.example.net"],
    ports: [{ name: "http", number: 80, protocol: "HTTP", targetPort: 8080 }],
    resolution: "STATIC",
    workloadSelector: { labels: { app: "outside" } },
  },
};

const workload = (name: string, namespace: string): Workload => ({
  name: `${name}-0`,
  namespace,
  labels: { app: name },
});

/** Those who answer. */
export const WORKLOADS: readonly Workload[] = [
  workload("shop", "a"),
  workload("shop", "b"),
  workload("cart", "a"),
  workload("outside", "a"),
];

const HOSTS = ["api.example.com", "*.example.com", "www.example.com", "*.com", "api.example.org"];

const hostname = mostly(fc.constantFrom(...HOSTS), 3);

const allowedRoutes: Arbitrary<AllowedRoutes> = given({
  namespaces: mostly(
    fc.constantFrom<NonNullable<AllowedRoutes["namespaces"]>>(
      { from: "All" },
      { from: "All" },
      { from: "All" },
      { from: "All" },
      { from: "All" },
      { from: "All" },
      { from: "Same" },
      { from: "Selector", selector: { matchLabels: { team: "one" } } },
      { from: "Selector", selector: { matchLabels: { "kubernetes.io/metadata.name": "b" } } },
    ),
    10,
  ),
  kinds: seldom(
    fc.constantFrom(
      [{ kind: "HTTPRoute" }],
      [{ kind: "GRPCRoute" }],
      [{ kind: "TCPRoute" }],
      [{ group: "gateway.networking.k8s.io", kind: "TLSRoute" }],
    ),
    8,
  ),
});

const certificate = fc.constantFrom(
  { name: "tls" },
  { name: "tls" },
  { name: "tls", namespace: "a" },
  { name: "tls", namespace: "b" },
);

const terminated = fc
  .uniqueArray(certificate, { minLength: 1, maxLength: 2 })
  .map((certificateRefs) => ({ certificateRefs }));

type Given = Omit<Listener, "name">;

const listener: Arbitrary<Given> = fc.oneof(
  {
    arbitrary: given({
      port: fc.constantFrom(80, 80, 80, 8080),
      protocol: fc.constant("HTTP" as const),
      hostname,
      allowedRoutes: mostly(allowedRoutes, 12),
    }),
    weight: 6,
  },
  {
    arbitrary: given({
      port: fc.constant(443),
      protocol: fc.constant("HTTPS" as const),
      hostname,
      tls: terminated,
      allowedRoutes: mostly(allowedRoutes, 12),
    }),
    weight: 3,
  },
  {
    arbitrary: given({
      port: fc.constantFrom(443, 8443),
      protocol: fc.constant("TLS" as const),
      hostname,
      tls: fc.oneof(
        fc.constant({ mode: "Passthrough" as const }),
        terminated.map((one) => ({ ...one, mode: "Terminate" as const })),
      ),
      allowedRoutes: mostly(allowedRoutes, 12),
    }),
    weight: 2,
  },
  {
    arbitrary: given({
      port: fc.constantFrom(9000, 9000, 80),
      protocol: fc.constant("TCP" as const),
      allowedRoutes: mostly(allowedRoutes, 12),
    }),
    weight: 1,
  },
);

const gateway = (name: string, namespace: string): Arbitrary<Gateway> =>
  fc
    .uniqueArray(listener, {
      minLength: 2,
      maxLength: 5,
      size: "max",
      // Kubernetes refuses those.
      selector: ({ port, protocol, hostname: host = "" }) => `${port} ${protocol} ${host}`,
    })
    .chain((listeners) =>
      given({
        gatewayClassName: fc.constant("istio"),
        listeners: fc.constant(named(listeners)),
        allowedListeners: mostly(
          fc.constantFrom<AllowedNamespaces>(
            { from: "All" },
            { from: "All" },
            { from: "Same" },
            { from: "Selector", selector: { matchLabels: { team: "one" } } },
          ),
          4,
        ).map((namespaces) => namespaces && { namespaces }),
      }),
    )
    .map((spec) => ({ metadata: { name, namespace, creationTimestamp: BEGIN }, spec }));

const named = (listeners: readonly Given[]): readonly Listener[] =>
  listeners.map((one, i) => ({ name: `listener-${i}`, ...one }));

const setSpec: Arbitrary<ListenerSet["spec"]> = fc.record({
  parentRef: fc.constantFrom(
    { name: "one", namespace: "edge" },
    { name: "one", namespace: "edge" },
    { name: "two", namespace: "a" },
  ),
  listeners: fc.array(listener, { minLength: 1, maxLength: 1 }).map(named),
});

const ofGateway: Arbitrary<ParentRef> = fc
  .tuple(
    fc.constantFrom(
      { name: "one", namespace: "edge" },
      { name: "one", namespace: "edge" },
      { name: "one", namespace: "edge" },
      { name: "two", namespace: "a" },
      { name: "two" },
    ),
    given({
      sectionName: seldom(
        fc.constantFrom("listener-0", "listener-1", "listener-2", "listener-3"),
        5,
      ),
      port: seldom(fc.constantFrom(80, 443, 8080), 8),
    }),
  )
  .map(([name, part]) => ({ ...name, ...part }));

/** Sets are named by their number. */
const ofSet: Arbitrary<ParentRef> = fc
  .tuple(
    fc.constantFrom("set-0", "set-1"),
    given({ namespace: mostly(fc.constantFrom("a", "b", "edge"), 2) }),
  )
  .map(([name, more]) => ({
    group: "gateway.networking.k8s.io",
    kind: "ListenerSet",
    name,
    ...more,
  }));

const ofService: Arbitrary<ParentRef> = fc
  .tuple(
    fc.constantFrom(
      { name: "shop", namespace: "a" },
      { name: "shop", namespace: "a" },
      { name: "shop", namespace: "b" },
      { name: "cart", namespace: "a" },
      { name: "shop" },
    ),
    given({
      sectionName: seldom(fc.constantFrom("http", "http-more"), 8),
      port: seldom(fc.constantFrom(80, 8080), 3),
    }),
  )
  .map(([name, part]) => ({ group: "", kind: "Service", ...name, ...part }));

/** Of those that name one object each has to name another part of it. */
const isAnother = (one: ParentRef, other: ParentRef): boolean => {
  const isSame = one.kind === other.kind && one.name === other.name;
  const isPart = ({ sectionName, port }: ParentRef): boolean => (sectionName ?? port) !== undefined;
  const isOtherPart = one.sectionName !== other.sectionName || one.port !== other.port;
  return !isSame || (isPart(one) && isPart(other) && isOtherPart);
};

const ofEntry: Arbitrary<ParentRef> = given({
  group: fc.constant("networking.istio.io"),
  kind: fc.constant("ServiceEntry"),
  name: fc.constantFrom("outside", "outside", "unknown"),
  namespace: mostly(fc.constant("a"), 4),
  port: seldom(fc.constantFrom(80, 8080), 4),
});

const parentRefs = (...of: readonly Arbitrary<ParentRef>[]): Arbitrary<ParentRef[]> =>
  fc.uniqueArray(fc.oneof(...of), {
    minLength: 1,
    maxLength: 3,
    comparator: (one, other) => !isAnother(one, other),
  });

const hostnames = mostly(
  fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 2 }),
  3,
);

/** Objects of one kind, each with a name of its own, in the order of no name. */
function objects<Spec>(
  name: string,
  spec: Arbitrary<Spec>,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): Arbitrary<Declared<Spec>[]> {
  const one = fc.tuple(
    fc.constantFrom("a", "b", "edge"),
    mostly(fc.constantFrom(...TIMES), 4),
    fc.constantFrom("x", "y", "z"),
    spec,
  );
  return fc.array(one, { minLength: least, maxLength: most, size: "max" }).map((all) =>
    all.map(([namespace, creationTimestamp, letter, own], i) => ({
      metadata: {
        name: `${name}-${letter}-${i}`,
        namespace,
        ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      },
      spec: own,
    })),
  );
}

const kindsThatName = fc.constantFrom(
  "HTTPRoute",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "Gateway",
  "ListenerSet",
);

const referenceGrants: Arbitrary<ReferenceGrant[]> = objects(
  "grant",
  fc.record({
    from: fc.array(
      fc.record({
        group: fc.constant("gateway.networking.k8s.io"),
        kind: kindsThatName,
        namespace: fc.constantFrom("a", "b", "edge"),
      }),
      { minLength: 1, maxLength: 4, size: "max" },
    ),
    to: fc.uniqueArray(
      fc.constantFrom(
        { group: "", kind: "Service" },
        { group: "", kind: "Service" },
        { group: "", kind: "Service", name: "shop" },
        { group: "", kind: "Secret", name: "tls" },
        { group: "", kind: "Secret", name: "other" },
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { least: 1, most: 4 },
);

/** See the top of this file. */
export const world: Arbitrary<World> = fc.noBias(
  fc
    .record({
      one: gateway("one", "edge"),
      two: mostly(gateway("two", "a"), 2),
      listenerSets: objects("set", setSpec, { most: 2 }).map((sets) =>
        sets.map(({ metadata, spec }, i) => ({
          metadata: { ...metadata, name: `set-${i}` },
          spec,
        })),
      ),
      httpRoutes: objects(
        "http",
        given({
          parentRefs: parentRefs(ofGateway, ofGateway, ofService, ofSet, ofEntry),
          hostnames,
          rules: mostly(httpRules, 15),
        }),
        { least: 2, most: 5 },
      ),
      grpcRoutes: objects(
        "grpc",
        given({
          parentRefs: parentRefs(ofGateway, ofService),
          hostnames,
          rules: mostly(grpcRules, 15),
        }),
        { most: 2 },
      ),
      tlsRoutes: objects(
        "tls",
        given({
          parentRefs: parentRefs(ofGateway),
          hostnames: fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 2 }),
          rules: connectionRules,
        }),
        { most: 2 },
      ),
      tcpRoutes: objects(
        "tcp",
        given({ parentRefs: parentRefs(ofGateway), rules: connectionRules }),
        { most: 2 },
      ),
      referenceGrants,
    })
    .map(
      ({ one, two, ...rest }): World => ({
        ...rest,
        namespaces: NAMESPACES,
        services: SERVICES,
        serviceEntries: [ENTRY],
        gateways: two === undefined ? [one] : [one, two],
        workloads: WORKLOADS,
      }),
    ),
);
