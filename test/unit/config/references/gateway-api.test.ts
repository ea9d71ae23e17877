import { describe, expect, it } from "vitest";
import { parseOffline } from "../../../../src/config/parse-offline.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: http, port: 80 }] }`;

const POD = `apiVersion: v1
kind: Pod
metadata: { name: edge, namespace: front, labels: { gateway.networking.k8s.io/gateway-name: edge } }
spec: { containers: [] }`;

const SECRET = `apiVersion: v1
kind: Secret
metadata: { name: own, namespace: front }
stringData: {}`;

const HTTP =
  "{ name: http, port: 80, protocol: HTTP, hostname: '*.example', allowedRoutes: { namespaces: { from: All } } }";

const gateway = (listeners: string, more = "", name = "istio"): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: front }
spec: { gatewayClassName: ${name}, listeners: ${listeners}${more} }`;

const route = (spec: string, kind = "HTTPRoute"): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: one }
spec: ${spec}`;

const EDGE = "parentRefs: [{ name: edge, namespace: front }]";
const RULES = "rules: [{ backendRefs: [{ name: shop, port: 80 }] }]";

/** What is said of the last of some documents: codes, messages and the text at which it is said. */
function warningsOf(...texts: readonly string[]): readonly (readonly [string, string, string])[] {
  const files = texts.map((text, i) => ({ path: `${i}.yaml`, text }));
  const last = files.at(-1);
  return parseOffline(files)
    .diagnostics.filter(({ position }) => position?.file === last?.path)
    .map(({ code, message, position, severity }) => {
      expect(severity).toBe("warning");
      const line = last?.text.split("\n")[(position?.line ?? 1) - 1] ?? "";
      return [
        code,
        message,
        /^[^\s,}\]]*/.exec(line.slice((position?.column ?? 1) - 1))?.[0] ?? "",
      ];
    });
}

describe("a route", () => {
  it("is told nothing of where everything is there", () => {
    expect(warningsOf(SHOP, POD, gateway(`[${HTTP}]`), route(`{ ${EDGE}, ${RULES} }`))).toEqual([]);
  });

  it.each([
    ["without parents", `{ ${RULES} }`, "unattached-route", /attached to nothing/, "spec"],
    [
      "at a Gateway that there is not",
      `{ parentRefs: [{ name: egde, namespace: front }], ${RULES} }`,
      "IST0101",
      /no Gateway "front\/egde" \(did you mean "edge"\?\)/,
      "egde",
    ],
    [
      "at a Service that there is not",
      `{ parentRefs: [{ group: "", kind: Service, name: gone }], ${RULES} }`,
      "IST0101",
      /no Service "default\/gone"/,
      "gone",
    ],
    [
      "at a kind that takes no routes",
      `{ parentRefs: [{ group: apps, kind: Deployment, name: shop }], ${RULES} }`,
      "unattached-route",
      /a Deployment of "apps" takes no routes/,
      "Deployment",
    ],
    [
      "at a port of a Service by a name that there is not",
      `{ parentRefs: [{ group: "", kind: Service, name: shop, sectionName: grpc }], ${RULES} }`,
      "unattached-route",
      /no port "grpc": there is http/,
      "grpc",
    ],
    [
      "at a port of a Service that there is not",
      `{ parentRefs: [{ group: "", kind: Service, name: shop, port: 81 }], ${RULES} }`,
      "unattached-route",
      /no port 81: there is 80/,
      "81",
    ],
    [
      "at a listener that there is not",
      `{ parentRefs: [{ name: edge, namespace: front, sectionName: htp }], ${RULES} }`,
      "unattached-route",
      /no listener "htp": it has http/,
      "htp",
    ],
    [
      "at a port on which no listener is",
      `{ parentRefs: [{ name: edge, namespace: front, port: 81 }], ${RULES} }`,
      "unattached-route",
      /on port 81: there is 80/,
      "81",
    ],
    [
      "of hosts that no listener serves",
      `{ ${EDGE}, hostnames: [a.other], ${RULES} }`,
      "unattached-route",
      /which is for \*\.example/,
      "hostnames",
    ],
  ] as const)("%s is told so", (...[, spec, code, message, at]) => {
    const [found, ...more] = warningsOf(SHOP, POD, gateway(`[${HTTP}]`), route(spec));
    expect(more).toEqual([]);
    expect(found).toEqual([code, expect.stringMatching(message), expect.stringContaining(at)]);
  });

  it("of another namespace than a listener takes is told so", () => {
    const closed = "{ name: http, port: 80, protocol: HTTP }";
    const [found] = warningsOf(SHOP, gateway(`[${closed}]`), route(`{ ${EDGE}, ${RULES} }`));
    expect(found?.[1]).toMatch(/takes no routes of namespace default/);
  });

  it("of a kind that a listener does not take is told so", () => {
    const text = route(`{ ${EDGE}, ${RULES} }`, "TCPRoute");
    const [found] = warningsOf(SHOP, gateway(`[${HTTP}]`), text);
    expect(found?.[1]).toMatch(/takes no TCPRoute: it takes HTTPRoute and GRPCRoute/);
  });

  it("is not asked about a Gateway of another controller", () => {
    const foreign = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: foreign }
spec: { controllerName: example.com/other }`;
    const closed = "[{ name: http, port: 80, protocol: HTTP }]";
    const texts = [SHOP, foreign, gateway(closed, "", "foreign"), route(`{ ${EDGE}, ${RULES} }`)];
    expect(warningsOf(...texts)).toEqual([]);
  });

  it.each([
    [
      "there is not",
      "name: shpo, port: 80",
      "IST0101",
      /no Service "default\/shpo" \(did you mean "shop"/,
    ],
    [
      "is called by its host",
      "name: shop.default, port: 80",
      "IST0101",
      /a Service is called by its name/,
    ],
    [
      "is of a kind that is none",
      "group: a.b, kind: C, name: d, port: 80",
      "IST0101",
      /is no backend/,
    ],
    [
      "is of a namespace that did not grant it",
      "name: shop, namespace: other, port: 80",
      "reference-not-granted",
      /no ReferenceGrant of namespace other lets a HTTPRoute of namespace default/,
    ],
    [
      "is a host that nobody knows",
      "group: networking.istio.io, kind: Hostname, name: a.example, port: 80",
      "IST0101",
      /host "a.example" is no Service/,
    ],
  ] as const)(
    "is told of a backend that %s, and what comes of it",
    (_what, backend, code, message) => {
      const spec = `{ ${EDGE}, rules: [{ backendRefs: [{ ${backend} }] }] }`;
      const [found, ...more] = warningsOf(SHOP, gateway(`[${HTTP}]`), route(spec));
      expect(more).toEqual([]);
      expect(found?.[0]).toBe(code);
      expect(found?.[1]).toMatch(message);
      expect(found?.[1]).toMatch(/: its requests are answered with 500$/);
    },
  );

  it.each([
    ["there is not", "name: gone, port: 80", "IST0101"],
    ["may not be asked", "name: shop, namespace: other, port: 80", "reference-not-granted"],
  ])("is told of an authorizer that %s", (_what, backend, code) => {
    const auth = `{ protocol: HTTP, http: {}, backendRef: { ${backend} } }`;
    const filters = `filters: [{ type: ExternalAuth, externalAuth: ${auth} }]`;
    const spec = `{ ${EDGE}, rules: [{ ${filters}, backendRefs: [{ name: shop, port: 80 }] }] }`;
    const found = warningsOf(SHOP, gateway(`[${HTTP}]`), route(spec));
    expect(found.map(([one]) => one)).toEqual([code]);
  });

  it("needs no grant for calls in the mesh", () => {
    const spec = `{ parentRefs: [{ group: "", kind: Service, name: shop }], rules: [{ backendRefs: [{ name: a, namespace: other, port: 80 }] }] }`;
    const other = SHOP.replace("name: shop", "name: a, namespace: other");
    expect(warningsOf(SHOP, other, route(spec))).toEqual([]);
  });
});

describe("a Gateway", () => {
  it("is told nothing of where everything is there", () => {
    const tls =
      "{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: own }] } }";
    expect(warningsOf(POD, SECRET, gateway(`[${HTTP}, ${tls}]`))).toEqual([]);
  });

  it.each([
    ["that there is not", "name: gone", "IST0101", /no Secret "front\/gone"/],
    [
      "that is not granted",
      "name: own, namespace: other",
      "unshown-certificate",
      /no ReferenceGrant lets Gateways of namespace front read Secret "other\/own"/,
    ],
    ["of another kind", "kind: ConfigMap, name: own", "unshown-certificate", /is in a Secret/],
  ] as const)("is told of a certificate for backends %s", (_what, secret, code, message) => {
    const tls = `, tls: { backend: { clientCertificateRef: { ${secret} } } }`;
    const [found, ...more] = warningsOf(POD, SECRET, gateway(`[${HTTP}]`, tls));
    expect(more).toEqual([]);
    expect(found?.[0]).toBe(code);
    expect(found?.[1]).toMatch(message);
  });

  it.each([
    [
      "of a class that there is not",
      gateway(`[${HTTP}]`, "", "isto"),
      "IST0101",
      /no GatewayClass "isto"/,
    ],
    ["of waypoints", gateway(`[${HTTP}]`, "", "istio-waypoint"), "not-applied", /istio-waypoint/],
    [
      "with protocols that cannot share a port",
      gateway(`[${HTTP}, { name: tcp, port: 80, protocol: TCP }]`),
      "unserved-listener",
      /TCP cannot be beside it/,
    ],
    [
      "without the Secret of a certificate",
      gateway(
        "[{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: gone }] } }]",
      ),
      "IST0101",
      /no Secret "front\/gone"/,
    ],
    [
      "with a certificate that is not granted",
      gateway(
        "[{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: a, namespace: b }] } }]",
      ),
      "unserved-listener",
      /no ReferenceGrant lets Gateways of namespace front read Secret "b\/a"; the listener is not served/,
    ],
    [
      "with kinds of routes that cannot be",
      gateway(
        "[{ name: http, port: 80, protocol: HTTP, allowedRoutes: { kinds: [{ kind: TCPRoute }] } }]",
      ),
      "unserved-listener",
      /none of these kinds/,
    ],
    [
      "with one kind of routes that cannot be",
      gateway(
        "[{ name: http, port: 80, protocol: HTTP, allowedRoutes: { kinds: [{ kind: HTTPRoute }, { kind: TCPRoute }] } }]",
      ),
      "unserved-listener",
      /a TCPRoute of "gateway.networking.k8s.io" cannot be at a listener of HTTP: HTTPRoute can/,
    ],
    [
      "with a Service that there is not",
      gateway(`[${HTTP}]`, ", addresses: [{ type: Hostname, value: gone }]"),
      "IST0101",
      /no Service "gone" of namespace front/,
    ],
  ] as const)("%s is told so", (_what, text, code, message) => {
    const [found, ...more] = warningsOf(POD, text);
    expect(more).toEqual([]);
    expect([found?.[0], found?.[1]]).toEqual([code, expect.stringMatching(message)]);
  });

  it("without a workload is told by which label there would be one", () => {
    const [found] = warningsOf(gateway(`[${HTTP}]`));
    expect(found?.[1]).toMatch(/has the label gateway\.networking\.k8s\.io\/gateway-name=edge/);
  });
});

describe("a ListenerSet", () => {
  const OPEN = gateway(`[${HTTP}]`, ", allowedListeners: { namespaces: { from: All } }");
  const CLOSED = gateway(`[${HTTP}]`);
  const ASKING = gateway(
    `[${HTTP}]`,
    ", allowedListeners: { namespaces: { from: All } }, tls: { frontend: { default: { validation: { caCertificateRefs: [] } } } }",
  );
  const set = (listeners: string, parent = "name: edge, namespace: front"): string =>
    `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: more }
spec: { parentRef: { ${parent} }, listeners: ${listeners} }`;
  const OWN = "{ name: own, port: 80, protocol: HTTP, hostname: own.example }";

  it("is told nothing of where everything is there", () => {
    expect(warningsOf(POD, OPEN, set(`[${OWN}]`))).toEqual([]);
  });

  it.each([
    [
      "at a Gateway that there is not",
      [OPEN, set(`[${OWN}]`, "name: egde, namespace: front")],
      "IST0101",
      /no Gateway "front\/egde" \(did you mean "edge"\?\)/,
    ],
    [
      "at a kind that takes no listeners",
      [OPEN, set(`[${OWN}]`, 'group: "", kind: Service, name: edge')],
      "unserved-listener",
      /a Service of "" takes no listeners: a Gateway does/,
    ],
    [
      "at a Gateway that takes none of its namespace",
      [CLOSED, set(`[${OWN}]`)],
      "unserved-listener",
      /Gateway "front\/edge" takes no listeners of namespace default: see its allowedListeners/,
    ],
    [
      "with a listener that cannot be beside another",
      [OPEN, set("[{ name: own, port: 80, protocol: TCP }]")],
      "unserved-listener",
      /listener "http" of Gateway "front\/edge" has port 80 for HTTP: TCP cannot be beside it; the listener is not served/,
    ],
    [
      "with a listener for a host that another has",
      [OPEN, set(`[${OWN.replace("own.example", '"*.example"')}]`)],
      "unserved-listener",
      /listener "http" of Gateway "front\/edge" has port 80 for \*\.example already/,
    ],
    [
      "without the Secret of a certificate",
      [
        OPEN,
        set(
          "[{ name: own, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: gone }] } }]",
        ),
      ],
      "IST0101",
      /no Secret "default\/gone"/,
    ],
    [
      "with a certificate that is not granted",
      [
        OPEN,
        set(
          "[{ name: own, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: own, namespace: front }] } }]",
        ),
      ],
      "unserved-listener",
      /no ReferenceGrant lets ListenerSets of namespace default read Secret "front\/own"/,
    ],
    [
      "with clients that could not be checked",
      [
        ASKING,
        set(
          "[{ name: own, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: own }] } }]",
        ),
      ],
      "unserved-listener",
      /the roots of clients' certificates have to be in one ConfigMap/,
    ],
  ] as const)("%s is told so", (_what, texts, code, message) => {
    const [found, ...others] = warningsOf(POD, SECRET, ...texts);
    expect(others).toEqual([]);
    expect([found?.[0], found?.[1]]).toEqual([code, expect.stringMatching(message)]);
  });

  it("of a Gateway of another controller is not asked about", () => {
    const foreign = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: foreign }
spec: { controllerName: example.com/other }`;
    expect(warningsOf(foreign, gateway(`[${HTTP}]`, "", "foreign"), set(`[${OWN}]`))).toEqual([]);
  });

  const at = (name: string, more = ""): string =>
    route(
      `{ parentRefs: [{ group: gateway.networking.k8s.io, kind: ListenerSet, name: ${name}${more} }], ${RULES} }`,
    );

  it.each([
    [
      "there is not",
      [OPEN, set(`[${OWN}]`), at("mroe")],
      /no ListenerSet "default\/mroe" \(did you mean "more"/,
    ],
    [
      "no Gateway takes",
      [CLOSED, set(`[${OWN}]`), at("more")],
      /not taken by the Gateway that it names/,
    ],
    [
      "has no such listener",
      [OPEN, set(`[${OWN}]`), at("more", ", sectionName: gone")],
      /the ListenerSet has no listener "gone": it has own/,
    ],
    [
      "has a listener that is not served",
      [OPEN, set("[{ name: own, port: 80, protocol: TCP }]"), at("more")],
      /listener "own" is not served: listener "http" of Gateway "front\/edge" has port 80/,
    ],
  ])("has its routes told that it %s", (_what, texts, message) => {
    const [found, ...others] = warningsOf(SHOP, POD, ...texts);
    expect(others).toEqual([]);
    expect(found?.[1]).toMatch(message);
  });

  it("takes backends of other namespaces where these are granted alone", () => {
    const backends = "rules: [{ backendRefs: [{ name: a, namespace: other, port: 80 }] }]";
    const other = SHOP.replace("name: shop", "name: a, namespace: other");
    const text = at("more").replace(RULES, backends);
    const [found] = warningsOf(other, POD, OPEN, set(`[${OWN}]`), text);
    expect(found?.[0]).toBe("reference-not-granted");
  });
});

describe("a BackendTLSPolicy", () => {
  const policy = (target: string, validation: string): string =>
    `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: one }
spec:
  targetRefs: [{ group: "", kind: Service, ${target} }]
  validation: { hostname: one.example, ${validation} }`;
  const ROOTS = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: roots }]';
  const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata: { name: roots }
data: {}`;

  it("is told nothing of where everything is there", () => {
    expect(warningsOf(SHOP, CONFIG_MAP, policy("name: shop, sectionName: http", ROOTS))).toEqual(
      [],
    );
  });

  it("is told nothing of when it is for other controllers", () => {
    const ignored = policy("name: gone", ROOTS).replace(
      "metadata: {",
      'metadata: { annotations: { istio.io/ignore-policy-attachment: "true" },',
    );
    expect(warningsOf(SHOP, ignored)).toEqual([]);
  });

  it.each([
    ["a Service", policy("name: gone", ROOTS), /no Service "default\/gone"/],
    ["a port", policy("name: shop, sectionName: gone", ROOTS), /no port "gone": there is http/],
    [
      "a kind of target",
      policy("name: shop", ROOTS).replace("kind: Service", "kind: Pod"),
      /a Pod of "" is no target/,
    ],
    [
      "a ConfigMap",
      policy("name: shop", ROOTS.replace("roots", "gone")),
      /no ConfigMap "default\/gone": calls fail until there is/,
    ],
    [
      "a kind of roots",
      policy("name: shop", ROOTS.replace("ConfigMap", "Secret")),
      /a Secret of "" has no roots/,
    ],
    [
      "known roots",
      policy("name: shop", "wellKnownCACertificates: Others"),
      /"Others" are no roots that are known/,
    ],
    [
      "one list of roots alone",
      policy("name: shop", ROOTS.replace("}]", '}, { group: "", kind: ConfigMap, name: more }]')),
      /the first of several roots counts alone/,
    ],
  ])("without %s that there is is told so", (_what, text, message) => {
    const [found, ...more] = warningsOf(SHOP, CONFIG_MAP, text);
    expect(more).toEqual([]);
    expect([found?.[0], found?.[1]]).toEqual(["IST0101", expect.stringMatching(message)]);
  });
});
