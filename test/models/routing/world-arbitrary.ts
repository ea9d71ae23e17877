/** Worlds at random in which objects are about the same few hosts, so that they get in each other's way. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "./arbitraries.js";
import { common, complete } from "./hosts.js";
import { httpRoutes } from "./http-arbitrary.js";
import type {
  DestinationRule,
  Gateway,
  Metadata,
  OutboundMode,
  Service,
  ServiceEntry,
  Sidecar,
  VirtualService,
  World,
} from "./objects.js";
import { WORKLOADS } from "./still-world.js";

export const TIMES = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];

export const SHOP = "shop.a.svc.cluster.local";
const OTHER_SHOP = "shop.b.svc.cluster.local";
const CART = "cart.a.svc.cluster.local";

export const exportTo = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 8 },
  {
    arbitrary: fc.constantFrom<string[]>(["."], ["*"], ["a"], ["b"], ["edge", "b"], ["edge", "b"]),
    weight: 3,
  },
);

/** Objects of one kind, each with a name of its own. */
export function objects<Spec>(
  name: string,
  namespaces: readonly string[],
  spec: (namespace: string) => Arbitrary<Spec>,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): Arbitrary<{ readonly metadata: Metadata; readonly spec: Spec }[]> {
  const one = fc
    .constantFrom(...namespaces)
    .chain((namespace) =>
      fc.tuple(fc.constant(namespace), fc.constantFrom(...TIMES), spec(namespace)),
    );
  return fc.array(one, { minLength: least, maxLength: most, size: "max" }).map((all) =>
    all.map(([namespace, creationTimestamp, own], i) => ({
      metadata: { name: `${name}-${i}`, namespace, creationTimestamp },
      spec: own,
    })),
  );
}

const service = (
  name: string,
  namespace: string,
  clusterIP: string,
  ports: Service["spec"]["ports"],
): Arbitrary<Service> =>
  fc
    .oneof(
      { arbitrary: fc.constant(""), weight: 4 },
      { arbitrary: fc.constantFrom(".", "*", "a,edge", "b"), weight: 1 },
    )
    .map(
      (to): Service => ({
        metadata: {
          name,
          namespace,
          creationTimestamp: TIMES[0] ?? "",
          ...(to === "" ? {} : { annotations: { "networking.istio.io/exportTo": to } }),
        },
        spec: { selector: { app: name }, clusterIP, ports },
      }),
    );

const HTTP = { name: "http", port: 80, targetPort: 8080 };
const MORE = { name: "http-more", port: 8080, targetPort: 8080 };

const services: Arbitrary<readonly Service[]> = fc.tuple(
  service("shop", "a", "10.9.0.1", [HTTP, MORE]),
  service("shop", "b", "10.9.0.2", [HTTP]),
  service("cart", "a", "10.9.0.3", [HTTP]),
);

export const OUTSIDE = [
  "api.example.com",
  "www.example.com",
  "*.example.com",
  "*.com",
  "api.example.org",
];

const serviceEntries: Arbitrary<ServiceEntry[]> = objects(
  "entry",
  ["a", "b"],
  () =>
    given({
      hosts: fc.uniqueArray(fc.constantFrom(...OUTSIDE), { minLength: 1, maxLength: 2 }),
      ports: fc.constant([{ name: "http", number: 80, protocol: "HTTP", targetPort: 8080 }]),
      resolution: fc.constant("STATIC" as const),
      workloadSelector: fc.constant({ labels: { app: "outside" } }),
      exportTo,
    }),
  { most: 3 },
)
  // Several of one host in one namespace are put together, of which the documentation says nothing.
  .map((all) => {
    const seen = new Set<string>();
    return all.flatMap((one) => {
      const hosts = one.spec.hosts.filter((host) => !seen.has(`${one.metadata.namespace} ${host}`));
      for (const host of hosts) seen.add(`${one.metadata.namespace} ${host}`);
      return hosts.length === 0 ? [] : [{ ...one, spec: { ...one.spec, hosts } }];
    });
  });

const NAMED = ["shop", SHOP, OTHER_SHOP, CART, "*.a.svc.cluster.local", ...OUTSIDE];

const GATEWAYS: readonly (string[] | undefined)[] = [
  undefined,
  ["mesh"],
  ["edge/one"],
  ["edge/one", "mesh"],
  ["edge/one", "mesh"],
  ["edge/two", "edge/one"],
  ["two"],
];

function virtualServiceSpec(namespace: string): Arbitrary<VirtualService["spec"]> {
  return fc.constantFrom(...GATEWAYS).chain((gateways) => {
    const isInMesh = gateways === undefined || gateways.includes("mesh");
    const hosts = isInMesh ? NAMED : [...NAMED, "*"];
    return given({
      hosts: fc.uniqueArray(fc.constantFrom(...hosts), {
        minLength: 1,
        maxLength: 2,
        selector: (host) => complete(host, namespace),
        // Istio refuses those that stand for the same.
        comparator: (one, other) => common(one, other) !== undefined,
      }),
      gateways: fc.constant(gateways),
      exportTo,
      http: httpRoutes(gateways ?? ["mesh"]),
    });
  });
}

/** Those to which others leave requests: `delegate-0` and so on. */
const delegateSpec = (): Arbitrary<VirtualService["spec"]> =>
  given({
    exportTo,
    http: httpRoutes([]),
  });

const version = fc.constantFrom({ version: "v1" }, { version: "v2" });

/** Mostly both of those that routes name. */
const subsets = fc
  .tuple(seldom(fc.constantFrom("v1", "v2"), 5), version, version)
  .map(([missing, first, second]) =>
    [
      { name: "v1", labels: first },
      { name: "v2", labels: second },
    ].filter(({ name }) => name !== missing),
  );

const RULED = [
  "shop",
  SHOP,
  SHOP,
  OTHER_SHOP,
  "*.a.svc.cluster.local",
  "*.local",
  "api.example.com",
  "*.example.com",
];

export const destinationRules: Arbitrary<DestinationRule[]> = objects(
  "rule",
  ["a", "b", "edge", "istio-system"],
  (namespace) =>
    given({
      host: fc.constantFrom(
        ...RULED.filter((host) => host !== "shop" || namespace === "a" || namespace === "b"),
      ),
      exportTo,
      workloadSelector: seldom(
        fc.constantFrom({ matchLabels: { app: "caller" } }, { matchLabels: { app: "x" } }),
        6,
      ),
      subsets,
    }).map(({ exportTo: seenBy, ...spec }) =>
      // One with a selector is refused that is exported beyond its namespace.
      spec.workloadSelector === undefined && seenBy !== undefined
        ? { ...spec, exportTo: seenBy }
        : spec,
    ),
  { least: 2, most: 6 },
);

const SERVED = [
  "*",
  "*",
  "*",
  "*/*",
  "*.example.com",
  "api.example.com",
  "a/*",
  "./*.com",
  "b/shop.b.svc.cluster.local",
];

const gateway = (name: string): Arbitrary<Gateway> =>
  fc.uniqueArray(fc.constantFrom(...SERVED), { minLength: 1, maxLength: 2 }).map((hosts) => ({
    metadata: { name, namespace: "edge", creationTimestamp: TIMES[0] ?? "" },
    spec: {
      selector: { istio: "ingress" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts }],
    },
  }));

const gateways: Arbitrary<readonly Gateway[]> = fc
  .tuple(gateway("one"), mostly(gateway("two"), 2))
  .map((both) => both.filter((one) => one !== undefined));

const EGRESS = [
  "./*",
  "*/*",
  "b/*",
  "a/*",
  "~/*",
  `*/${SHOP}`,
  "*/*.example.com",
  "*/api.example.com",
];

export const mode = fc.constantFrom<OutboundMode>("ALLOW_ANY", "REGISTRY_ONLY");

const sidecars: Arbitrary<Sidecar[]> = fc.oneof(
  { arbitrary: fc.constant<Sidecar[]>([]), weight: 6 },
  {
    arbitrary: objects(
      "sidecar",
      ["a", "b", "istio-system"],
      (namespace): Arbitrary<Sidecar["spec"]> =>
        given({
          workloadSelector:
            namespace === "istio-system"
              ? fc.constant(undefined)
              : mostly(fc.constantFrom({ labels: { app: "caller" } }, { labels: { app: "x" } }), 2),
          egress: fc
            .uniqueArray(fc.constantFrom(...EGRESS), { minLength: 1, maxLength: 2 })
            .map((hosts) => [{ hosts }]),
          outboundTrafficPolicy: mostly(fc.record({ mode }), 2),
        }),
      { most: 2 },
    ),
    weight: 2,
  },
);

/** Those of one namespace and host are exported alike: the documentation does not say which of others are merged. */
export function exportedAlike(rules: readonly DestinationRule[]): readonly DestinationRule[] {
  const keyOf = ({ metadata, spec }: DestinationRule): string =>
    [metadata.namespace, complete(spec.host, metadata.namespace)].join(" ");
  return rules.map((rule) => {
    const alike = rules.filter(
      (one) => keyOf(one) === keyOf(rule) && one.spec.workloadSelector === undefined,
    );
    const { exportTo: seenBy } = alike[0]?.spec ?? {};
    const { exportTo: _, ...spec } = rule.spec;
    const isFirst = seenBy === undefined || spec.workloadSelector !== undefined;
    return { ...rule, spec: isFirst ? spec : { ...spec, exportTo: seenBy } };
  });
}

/** Of several without a selector in one namespace the documentation leaves open which counts. */
export const isClear = ({ sidecars: all }: World): boolean => {
  const places = all.map(({ metadata, spec }) =>
    JSON.stringify([metadata.namespace, spec.workloadSelector]),
  );
  return new Set(places).size === places.length;
};

/** See the top of this file. */
export const world: Arbitrary<World> = fc.noBias(
  fc
    .record({
      services,
      serviceEntries,
      ofHosts: objects("route", ["a", "b", "edge"], virtualServiceSpec, { least: 2, most: 5 }),
      delegates: objects("delegate", ["a", "b"], delegateSpec, { most: 2 }),
      destinationRules,
      gateways,
      sidecars,
      mode,
    })
    .map(
      ({ ofHosts, delegates, mode: outbound, ...rest }): World => ({
        ...rest,
        destinationRules: exportedAlike(rest.destinationRules),
        virtualServices: [...ofHosts, ...delegates],
        meshConfig: { outboundTrafficPolicy: { mode: outbound } },
        workloads: WORKLOADS,
      }),
    )
    .filter(isClear),
);
