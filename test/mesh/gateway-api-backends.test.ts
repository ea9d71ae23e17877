/** Where routes of the Gateway API lead, by TLS and in the mesh: the cases that the Gateway API asks of all who serve it. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DevelopmentCertificate } from "../../src/up/made/development-certificates.js";
import { openCertificates } from "./harness/certificates.js";
import { application, documents } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { type Answer, call, callAddress, callTls, echoOf } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const EDGE_TLS = await certificates.certificateFor(["*.example.com"]);
const BACKEND_TLS = await certificates.certificateFor(["backend.internal"]);
const CLIENT_TLS = await certificates.certificateFor(["edge.internal"]);

/** An address outside of the mesh. */
const OUTSIDE = ownAddress(39);
/** Servers there, which answer with their names. */
const PORTS = {
  plain: 9001,
  bytes: 9002,
  copies: 9011,
  "more-copies": 9012,
  secure: 9443,
  other: 9444,
  /** Asks clients for a certificate. */
  asking: 9445,
};

const TLS = "certificateRefs: [{ name: edge-tls }]";

const GATEWAY = `
apiVersion: v1
kind: Service
metadata: { name: edge }
spec:
  selector: { gateway.networking.k8s.io/gateway-name: edge }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
  - { name: https, port: 443, targetPort: 8443 }
  - { name: ending, port: 8444 }
  - { name: passing, port: 8445 }
  - { name: chosen, port: 8091 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  tls: { backend: { clientCertificateRef: { name: edge-client } } }
  listeners:
  - { name: http, port: 80, protocol: HTTP }
  - { name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: { ${TLS} } }
  - { name: passed, port: 443, protocol: TLS, hostname: passed.example.com, tls: { mode: Passthrough } }
  - { name: ended, port: 443, protocol: TLS, hostname: ended.example.com, tls: { ${TLS} } }
  - { name: ending, port: 8444, protocol: TLS, tls: { ${TLS} } }
  - { name: passing, port: 8445, protocol: TLS, hostname: "*.example.com", tls: { mode: Passthrough } }
  - name: chosen
    port: 8091
    protocol: HTTP
    allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { routes: "yes" } } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: roots }
data: { ca.crt: ${JSON.stringify(BACKEND_TLS.root)} }
`;

/** A route of some kind, `NAME` or `NAME.NAMESPACE`, at one parent. */
const route = (kind: string, id: string, parent: string, spec: string): string => {
  const [name = "", namespace = "default"] = id.split(".");
  return `
apiVersion: gateway.networking.k8s.io/${kind === "TLSRoute" ? "v1alpha2" : "v1"}
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  parentRefs: [{ ${parent} }]
  ${spec}
`;
};
const at = (listener: string): string => `name: edge, namespace: default, sectionName: ${listener}`;
const to = (name: string, port = 80): string => `backendRefs: [{ name: ${name}, port: ${port} }]`;
const toHost = (name: keyof typeof PORTS): string =>
  `backendRefs: [{ group: networking.istio.io, kind: Hostname, name: ${name}.example, port: ${PORTS[name]} }]`;
const copying = (path: string, ...mirrors: readonly string[]): string =>
  `{ matches: [{ path: { value: ${path} } }], filters: [${mirrors
    .map((mirror) => `{ type: RequestMirror, requestMirror: { ${mirror} } }`)
    .join(", ")}], ${to("alpha")} }`;
const COPIES = "backendRef: { name: copies, port: 80 }";

const TLS_ROUTES = documents(
  route("TLSRoute", "passed", at("passed"), `rules: [{ ${toHost("secure")} }]`),
  route("TLSRoute", "ended", at("ended"), `rules: [{ ${toHost("plain")} }]`),
  ...(["ending", "passing"] as const).flatMap((listener) => [
    route(
      "TLSRoute",
      `${listener}-one`,
      at(listener),
      `hostnames: [one.example.com]\n  rules: [{ ${toHost(listener === "ending" ? "plain" : "secure")} }]`,
    ),
    route(
      "TLSRoute",
      `${listener}-more`,
      at(listener),
      `hostnames: ["*.more.example.com"]\n  rules: [{ ${toHost(listener === "ending" ? "bytes" : "other")} }]`,
    ),
  ]),
);

const verified = (path: string, name: string): string =>
  `{ matches: [{ path: { value: ${path} } }], ${to(name, 443)} }`;
const HTTP_ROUTES = documents(
  route(
    "HTTPRoute",
    "copied",
    at("http"),
    `hostnames: [copied.test]
  rules:
  - ${copying("/two", COPIES, "backendRef: { name: more-copies, port: 80 }")}
  - ${copying("/percent", `percent: 30, ${COPIES}`)}
  - ${copying("/fraction", `fraction: { numerator: 1, denominator: 2 }, ${COPIES}`)}
  - ${copying("/none", `percent: 0, ${COPIES}`)}`,
  ),
  route(
    "HTTPRoute",
    "services",
    at("http"),
    `hostnames: [services.test]
  rules:
  - { matches: [{ path: { value: /headless } }], ${to("headless", 8080)} }
  - { matches: [{ path: { value: /without-selector } }], ${to("plain")} }`,
  ),
  route(
    "HTTPRoute",
    "verified",
    at("http"),
    `hostnames: [verified.test]
  rules: [${["named", "named-otherwise", "misnamed", "disputed", "asking"].map((name) => verified(`/${name}`, name)).join(", ")}]`,
  ),
  route("HTTPRoute", "secure", at("https"), `rules: [{ ${to("named", 443)} }]`),
  route("HTTPRoute", "chosen.open", at("chosen"), `rules: [{ ${to("gamma")} }]`),
  route(
    "HTTPRoute",
    "not-chosen.closed",
    at("chosen"),
    `hostnames: [a.test]\n  rules: [{ ${to("delta")} }]`,
  ),
);

const policy = (name: string, target: string, validation: string, year = 2020): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${target} }]
  validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: roots }], ${validation} }
`;
const named = (hostname: string): string =>
  `subjectAltNames: [{ type: Hostname, hostname: ${hostname} }]`;
const POLICIES = documents(
  policy("named", "named", "hostname: backend.internal"),
  policy(
    "named-otherwise",
    "named-otherwise",
    `hostname: asked.internal, ${named("backend.internal")}`,
  ),
  policy("misnamed", "misnamed", `hostname: backend.internal, ${named("asked.internal")}`),
  policy("asking", "asking", "hostname: backend.internal"),
  policy("older", "disputed", "hostname: backend.internal"),
  policy("newer", "disputed", "hostname: asked.internal", 2021),
);

const filters = (type: string, field: string, settings: string): string =>
  `filters: [{ type: ${type}, ${field}: { ${settings} } }]`;
const redirecting = (path: string, settings: string): string =>
  `{ matches: [{ path: { value: ${path} } }], ${filters("RequestRedirect", "requestRedirect", settings)} }`;
const said = (by: string): string =>
  filters(
    "ResponseHeaderModifier",
    "responseHeaderModifier",
    `set: [{ name: x-by, value: ${by} }]`,
  );
const IN_MESH = documents(
  route(
    "HTTPRoute",
    "in-mesh",
    'group: "", kind: Service, name: meshed',
    `rules:
  - ${redirecting("/host", "hostname: example.org")}
  - ${redirecting("/scheme", "scheme: https, statusCode: 308")}
  - ${redirecting("/port", "port: 8083")}
  - ${redirecting("/prefix", "path: { type: ReplacePrefixMatch, replacePrefixMatch: /new }")}
  - { matches: [{ path: { value: /rewrite } }], ${filters("URLRewrite", "urlRewrite", "hostname: other.test, path: { type: ReplacePrefixMatch, replacePrefixMatch: / }")}, ${to("alpha")} }
  - { matches: [{ queryParams: [{ name: animal, value: whale }] }], ${to("beta")} }
  - ${copying("/copied", COPIES)}
  - { matches: [{ path: { value: /nowhere } }] }
  - ${to("alpha")}`,
  ),
  route(
    "HTTPRoute",
    "one-port",
    'group: "", kind: Service, name: ported, port: 80',
    `rules: [{ ${said("port")}, ${to("alpha")} }]`,
  ),
  route(
    "HTTPRoute",
    "named-port",
    'group: "", kind: Service, name: ported, sectionName: other',
    `rules: [{ ${said("name")}, ${to("beta")} }]`,
  ),
  route(
    "HTTPRoute",
    "entry",
    "group: networking.istio.io, kind: ServiceEntry, name: plain",
    `rules: [{ ${said("entry")}, ${toHost("plain")} }]`,
  ),
);

/** A host of a server outside. */
const entry = (name: keyof typeof PORTS, protocol: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  ports: [{ number: ${PORTS[name]}, name: p, protocol: ${protocol} }]
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE} }]
`;
const TLS_SERVERS: readonly (keyof typeof PORTS)[] = ["secure", "asking"];
/** A Service without a selector in front of a server outside. */
const service = (name: string, server: keyof typeof PORTS): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: p, port: ${TLS_SERVERS.includes(server) ? 443 : 80}, targetPort: ${PORTS[server]}, appProtocol: http }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: p, port: ${PORTS[server]} }]
endpoints: [{ addresses: ["${OUTSIDE}"] }]
`;
const ofAlpha = (name: string, ports: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: alpha }, ${ports} }
`;
const namespace = (name: string, labels: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio-injection: enabled, ${labels} } }
`;

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(
      namespace("open", 'routes: "yes"'),
      namespace("closed", 'routes: "no"'),
      application("alpha"),
      application("beta"),
      application("gamma", { namespace: "open" }),
      application("delta", { namespace: "closed" }),
      entry("plain", "HTTP"),
      entry("bytes", "TCP"),
      entry("secure", "TLS"),
      entry("other", "TLS"),
      service("plain", "plain"),
      service("copies", "copies"),
      service("more-copies", "more-copies"),
      ...["named", "named-otherwise", "misnamed", "disputed"].map((name) =>
        service(name, "secure"),
      ),
      service("asking", "asking"),
      ofAlpha("headless", "clusterIP: None, ports: [{ name: http, port: 8080 }]"),
      ofAlpha("meshed", "ports: [{ name: http, port: 80, targetPort: 8080 }]"),
      ofAlpha(
        "ported",
        "ports: [{ name: http, port: 80, targetPort: 8080 }, { name: other, port: 81, targetPort: 8080, appProtocol: http }]",
      ),
    ),
    "gateway.yaml": GATEWAY,
    "routes.yaml": documents(TLS_ROUTES, HTTP_ROUTES, IN_MESH),
    "policies.yaml": POLICIES,
  },
  {
    secrets: {
      "default/edge-tls/tls.crt": EDGE_TLS.certificate,
      "default/edge-tls/tls.key": EDGE_TLS.key,
      "default/edge-client/tls.crt": CLIENT_TLS.certificate,
      "default/edge-client/tls.key": CLIENT_TLS.key,
    },
  },
);

const servers: Server[] = [];
/** How many requests each server got for each path: copies come late, and may be those of an earlier test. */
const counts = new Map<string, number>();

async function serve(name: keyof typeof PORTS, tls?: DevelopmentCertificate): Promise<void> {
  const answer = (
    { url = "" }: { readonly url?: string | undefined },
    response: { end: (text: string) => void },
  ): void => {
    const key = name + url;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    response.end(name);
  };
  const server =
    tls === undefined
      ? createServer(answer)
      : createTlsServer(
          {
            cert: tls.certificate,
            key: tls.key,
            ...(name === "asking" ? { requestCert: true, ca: tls.root } : {}),
          },
          answer,
        );
  servers.push(server);
  server.listen(PORTS[name], OUTSIDE);
  await once(server, "listening");
}

beforeAll(async () => {
  await Promise.all([
    serve("plain"),
    serve("bytes"),
    serve("copies"),
    serve("more-copies"),
    serve("secure", BACKEND_TLS),
    serve("other", BACKEND_TLS),
    serve("asking", BACKEND_TLS),
  ]);
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const edgeAt = (port: number) => ({ address: mesh().pod("edge-0").addresses.pod, port });
const ask = (url: string, port = 8080): Promise<Answer> => callAddress(edgeAt(port), url);
const callMeshed = (path: string): Promise<Answer> =>
  call(mesh().pod("beta-0"), `http://meshed${path}`);
const applicationOf = (answer: Answer): string => echoOf(answer).pod.replace(/-.*/, "");

test("every copy of a request goes to its mirror", async () => {
  counts.clear();
  await Promise.all(Array.from({ length: 10 }, () => ask("http://copied.test/two")));
  await expect
    .poll(() => [counts.get("copies/two"), counts.get("more-copies/two")])
    .toEqual([10, 10]);
});

test.each([
  ["/percent", 30],
  ["/fraction", 50],
])("of the requests for %s about %i in a hundred are copied", async (path, share) => {
  counts.clear();
  const total = 400;
  await Promise.all(Array.from({ length: total }, () => ask(`http://copied.test${path}`)));
  // Outside of this once in a million times.
  const expected = (total * share) / 100;
  await expect.poll(() => counts.get(`copies${path}`)).toBeGreaterThan(expected - 50);
  expect(counts.get(`copies${path}`)).toBeLessThan(expected + 50);
});

test("a share of nothing is no copy", async () => {
  counts.clear();
  await Promise.all(Array.from({ length: 20 }, () => ask("http://copied.test/none")));
  await ask("http://copied.test/two");
  await expect.poll(() => counts.get("copies/two")).toBe(1);
  expect(counts.get("copies/none")).toBeUndefined();
});

test("backends are Services of all kinds", async () => {
  expect(applicationOf(await ask("http://services.test/headless"))).toBe("alpha");
  expect((await ask("http://services.test/without-selector")).body).toBe("plain");
});

test.each([
  ["/named", 200, "secure"],
  ["/named-otherwise", 200, "secure"],
  ["/misnamed", 503, expect.stringContaining("remote connection failure")],
  ["/disputed", 200, "secure"],
])(
  "of BackendTLSPolicies the older one counts, and the names that it asks for: %s",
  async (path, status, body) => {
    const answer = await ask(`http://verified.test${path}`);
    expect([answer.status, answer.body]).toEqual([status, body]);
  },
);

test("a Gateway shows its certificate to backends that ask for one, and sidecars show none", async () => {
  expect((await ask("http://verified.test/asking")).body).toBe("asking");
  const bySidecar = await call(mesh().pod("beta-0"), "http://asking:443/");
  expect(bySidecar.status).toBe(503);
});

test.each([
  ["any.example.com", 8443, "secure"],
  ["passed.example.com", 8443, "secure"],
  ["ended.example.com", 8443, "plain"],
  ["one.example.com", 8444, "plain"],
  ["a.more.example.com", 8444, "bytes"],
  ["one.example.com", 8445, "secure"],
  ["a.more.example.com", 8445, "other"],
])("a connection for %s at port %i ends at %s", async (host, port, server) => {
  expect((await callTls(edgeAt(port), `https://${host}/`)).body).toBe(server);
});

test.each([
  ["none.example.com", 8444],
  ["none.example.com", 8445],
  ["one.other.test", 8445],
])("a connection for %s at port %i, for which there is no route, is closed", async (host, port) => {
  const refused = callTls(edgeAt(port), `https://${host}/`);
  await expect(refused).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a listener takes the routes of namespaces with its labels, and of no others", async () => {
  expect(applicationOf(await ask("http://a.test/", 8091))).toBe("gamma");
});

test.each([
  ["/host/a", 302, "http://example.org/host/a"],
  ["/scheme", 308, "https://meshed/scheme"],
  ["/port", 302, "http://meshed:8083/port"],
  ["/prefix/a", 302, "http://meshed/new/a"],
])("a call in the mesh for %s is redirected with %i to %s", async (path, status, location) => {
  const answer = await callMeshed(path);
  expect([answer.status, answer.headers.location]).toEqual([status, location]);
});

test("calls in the mesh are matched, rewritten and copied, and end where a rule names no backend", async () => {
  const { authority, path } = echoOf(await callMeshed("/rewrite/a"));
  expect([authority, path]).toEqual(["other.test", "/a"]);
  expect(applicationOf(await callMeshed("/?animal=whale"))).toBe("beta");
  expect(applicationOf(await callMeshed("/"))).toBe("alpha");
  expect((await callMeshed("/nowhere")).status).toBe(500);
  counts.clear();
  expect(applicationOf(await callMeshed("/copied"))).toBe("alpha");
  await expect.poll(() => counts.get("copies/copied")).toBe(1);
});

test.each([
  ["http://ported/", "port"],
  ["http://ported:81/", "name"],
  [`http://plain.example:${String(PORTS.plain)}/`, "entry"],
])("a call of %s is that of the route for its port: %s", async (url, by) => {
  const answer = await call(mesh().pod("beta-0"), url);
  expect([answer.status, answer.headers["x-by"]]).toEqual([200, by]);
});
