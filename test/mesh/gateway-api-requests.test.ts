/** What HTTPRoutes at a Gateway do with requests: the cases that the Gateway API asks of all who serve it. */
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openDevelopmentCertificates } from "../../src/up/made/development-certificates.js";
import {
  type AuthorizationServer,
  startGrpcAuthorizer,
  startHttpAuthorizer,
} from "./harness/authorizers.js";
import { openCertificates } from "./harness/certificates.js";
import { application, documents } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import {
  type Answer,
  call,
  callAddress,
  callTls,
  type Echo,
  echoOf,
  type Question,
} from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const SERVER = await certificates.certificateFor(["*.example.com"]);

/** An address outside of the mesh. */
const OUTSIDE = ownAddress(38);

const GATEWAY = `
apiVersion: v1
kind: Service
metadata: { name: edge }
spec:
  selector: { gateway.networking.k8s.io/gateway-name: edge }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
  - { name: other, port: 8090 }
  - { name: isolated, port: 8091 }
  - { name: https, port: 443, targetPort: 8445 }
  - { name: known, port: 8443 }
  - { name: asked, port: 8444 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  listeners:
  - { name: http, port: 80, protocol: HTTP }
  - { name: other, port: 8090, protocol: HTTP }
  - { name: any, port: 8091, protocol: HTTP }
  - { name: example, port: 8091, protocol: HTTP, hostname: "*.example.com" }
  - { name: foo-example, port: 8091, protocol: HTTP, hostname: "*.foo.example.com" }
  - { name: abc-foo-example, port: 8091, protocol: HTTP, hostname: abc.foo.example.com }
  - { name: any-https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: edge-tls }] } }
  - { name: one, port: 443, protocol: HTTPS, hostname: one.example.com, tls: { certificateRefs: [{ name: edge-tls }] } }
  - { name: wild, port: 443, protocol: HTTPS, hostname: "*.wild.example.com", tls: { certificateRefs: [{ name: edge-tls }] } }
  - { name: own-wild, port: 443, protocol: HTTPS, hostname: own.wild.example.com, tls: { certificateRefs: [{ name: edge-tls }] } }
  - { name: known, port: 8443, protocol: HTTPS, tls: { certificateRefs: [{ name: edge-tls }] } }
  - { name: asked, port: 8444, protocol: HTTPS, tls: { certificateRefs: [{ name: edge-tls }] } }
  tls:
    frontend:
      default: { validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: roots }] } }
      perPort:
      - { port: 443, tls: {} }
      - port: 8444
        tls: { validation: { mode: AllowInsecureFallback, caCertificateRefs: [{ group: "", kind: ConfigMap, name: roots }] } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: roots }
data: { ca.crt: ${JSON.stringify(SERVER.root)} }
`;

const routeAt = (
  listener: string,
  name: string,
  host: string | undefined,
  rules: string,
): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge, sectionName: ${listener} }]
  ${host === undefined ? "" : `hostnames: [${host}]`}
  rules:${rules}
`;
/** A route for the host `NAME.test`. */
const route = (name: string, rules: string): string => routeAt("http", name, `${name}.test`, rules);

const to = (name: string): string => `backendRefs: [{ name: ${name}, port: 80 }]`;
const filter = (type: string, field: string, settings: string): string =>
  `filters: [{ type: ${type}, ${field}: { ${settings} } }]`;

const asking = (port: string, settings: string): string =>
  filter("ExternalAuth", "externalAuth", `backendRef: { name: authorizers, ${port} }, ${settings}`);

const MATCHES = route(
  "matched",
  `
  - matches: [{ headers: [{ name: version, value: one }] }]
    ${to("alpha")}
  - matches: [{ path: { value: /v2 } }]
    ${to("beta")}
  - matches:
    - { path: { value: /v2 }, headers: [{ name: Version, value: two }] }
    - { headers: [{ name: version, value: two }, { name: color, value: orange }] }
    ${to("gamma")}
  - matches: [{ path: { type: Exact, value: /exact } }]
    ${to("beta")}
  - matches: [{ path: { type: RegularExpression, value: "/items/[0-9]+" } }]
    ${to("gamma")}
  - matches: [{ path: { value: /slash/ } }]
    ${to("beta")}
  - matches: [{ method: DELETE }]
    ${to("gamma")}
  - matches: [{ queryParams: [{ name: animal, value: whale }] }]
    ${to("beta")}
  - matches: [{ queryParams: [{ name: animal, value: whale }, { name: color, value: blue }] }]
    ${to("gamma")}
  - ${to("alpha")}
`,
);

const BACKEND_HEADERS = ["alpha", "beta"]
  .map(
    (name) => `
    - name: ${name}
      port: 80
      filters:
      - { type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-for, value: ${name} }] } }
      - { type: ResponseHeaderModifier, responseHeaderModifier: { add: [{ name: x-from, value: ${name} }] } }`,
  )
  .join("");

const HEADERS = route(
  "headers",
  `
  - matches: [{ path: { value: /request } }]
    ${filter("RequestHeaderModifier", "requestHeaderModifier", "set: [{ name: X-Set, value: new }], add: [{ name: X-Add, value: new }], remove: [X-Remove]")}
    ${to("alpha")}
  - matches: [{ path: { value: /answer } }]
    ${filter("ResponseHeaderModifier", "responseHeaderModifier", "set: [{ name: X-Echo-Pod, value: hidden }], add: [{ name: X-Add, value: new }], remove: [content-type]")}
    ${to("alpha")}
  - matches: [{ path: { value: /backend } }]
    backendRefs:${BACKEND_HEADERS}
`,
);

const REDIRECTS = [
  ["/host", "hostname: example.org"],
  ["/301", "hostname: example.org, statusCode: 301"],
  ["/303", "hostname: example.org, statusCode: 303"],
  ["/307", "hostname: example.org, statusCode: 307"],
  ["/308", "hostname: example.org, statusCode: 308"],
  ["/prefix", "path: { type: ReplacePrefixMatch, replacePrefixMatch: /new }"],
  ["/full", "path: { type: ReplaceFullPath, replaceFullPath: /all/new }"],
  ["/port", "port: 8083"],
  ["/port-80", "port: 80"],
  ["/https", "scheme: https"],
  ["/http", "scheme: http"],
  ["/https-443", "scheme: https, port: 443"],
  ["/https-8443", "scheme: https, port: 8443"],
  ["/host-https", "hostname: example.org, scheme: https"],
].map(
  ([path = "", settings = ""]) => `
  - matches: [{ path: { value: ${path} } }]
    ${filter("RequestRedirect", "requestRedirect", settings)}`,
);

const rewriting = (path: string, settings: string): string => `
  - matches: [{ path: { value: ${path} } }]
    ${filter("URLRewrite", "urlRewrite", settings)}
    ${to("alpha")}`;
const REWRITES = route(
  "rewritten",
  [
    rewriting("/prefix/one", "path: { type: ReplacePrefixMatch, replacePrefixMatch: /one }"),
    rewriting(
      "/full",
      "hostname: one.example.org, path: { type: ReplaceFullPath, replaceFullPath: /new }",
    ),
    rewriting("/strip", "path: { type: ReplacePrefixMatch, replacePrefixMatch: / }"),
    rewriting("/empty", 'path: { type: ReplacePrefixMatch, replacePrefixMatch: "" }'),
    rewriting("/", "path: { type: ReplacePrefixMatch, replacePrefixMatch: /base }"),
  ].join(""),
);

const sharing = (path: string, settings: string): string => `
  - matches: [{ path: { value: ${path} } }]
    ${filter("CORS", "cors", settings)}
    ${to("alpha")}`;
const ORIGINS = route(
  "shared",
  [
    sharing(
      "/listed",
      'allowOrigins: ["https://www.foo.com", "https://*.bar.com"], allowMethods: [GET, OPTIONS], allowHeaders: [x-1, x-2], exposeHeaders: [x-3, x-4], allowCredentials: true, maxAge: 3600',
    ),
    sharing("/any-method", 'allowOrigins: ["https://www.foo.com"], allowMethods: ["*"]'),
    sharing("/any", 'allowOrigins: ["*"], allowMethods: [PUT], allowHeaders: ["*"]'),
    sharing(
      "/any-with-credentials",
      'allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], allowCredentials: true',
    ),
  ].join(""),
);

const TIMES = route(
  "timed",
  `
  - matches: [{ path: { value: /backend } }]
    timeouts: { backendRequest: 300ms }
    ${to("alpha")}
  - matches: [{ path: { value: /unlimited } }]
    timeouts: { request: 0s }
    ${to("alpha")}
  - matches: [{ path: { value: /codes } }]
    retry: { attempts: 2, codes: [503], backoff: 10ms }
    ${to("alpha")}
  - matches: [{ path: { value: /shaky } }]
    retry: { attempts: 2, backoff: 10ms }
    timeouts: { backendRequest: 300ms }
    ${to("shaky")}
  - matches: [{ path: { value: /in-all } }]
    retry: { attempts: 100, backoff: 10ms }
    timeouts: { request: 900ms, backendRequest: 300ms }
    ${to("alpha")}
`,
);

const PROTOCOLS = route(
  "spoken",
  `
  - matches: [{ path: { value: /h2c } }]
    ${to("h2c")}
  - matches: [{ path: { value: /ws } }]
    ${to("shaky")}
`,
);

const KEPT = route(
  "kept",
  `
  - matches: [{ path: { value: /cookie } }]
    sessionPersistence: {}
    ${to("kept")}
  - matches: [{ path: { value: /permanent } }]
    sessionPersistence: { sessionName: own, absoluteTimeout: 1h, cookieConfig: { lifetimeType: Permanent } }
    ${to("kept")}
  - matches: [{ path: { value: /header } }]
    sessionPersistence: { sessionName: x-own, type: Header }
    ${to("kept")}
  - matches: [{ path: { value: /shared } }]
    sessionPersistence: { sessionName: shared }
    backendRefs: [{ name: kept, port: 80 }, { name: alpha, port: 80 }, { name: beta, port: 80 }]
`,
);
const KEPT_IN_MESH = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: kept-in-mesh }
spec:
  parentRefs: [{ group: "", kind: Service, name: kept }]
  rules:
  - { sessionPersistence: { sessionName: in-mesh }, ${to("kept")} }
  - matches: [{ path: { value: /asked } }]
    ${asking("port: 9001", "protocol: HTTP, http: { allowedHeaders: [x-user] }")}
    ${to("kept")}
`;

const guarded = (path: string, port: string, settings: string): string => `
  - matches: [{ path: { value: ${path} } }]
    ${asking(port, settings)}
    ${to("alpha")}`;
const GUARDED = route(
  "guarded",
  [
    guarded(
      "/http",
      "port: 9001",
      "protocol: HTTP, http: { path: check, allowedHeaders: [X-User], allowedResponseHeaders: [x-decided] }, forwardBody: { maxSize: 10 }",
    ),
    guarded("/all", "port: 9001", "protocol: HTTP, http: { allowedHeaders: [x-user] }"),
    guarded("/untold", "port: 9001", "protocol: HTTP, http: {}"),
    guarded("/grpc", "port: 9002", "protocol: GRPC, grpc: {}"),
    guarded("/grpc-untold", "port: 9002", "protocol: GRPC, grpc: { allowedHeaders: [x-other] }"),
    guarded("/down", "port: 9003", "protocol: HTTP, http: {}"),
    guarded("/nobody", "namespace: elsewhere, port: 9001", "protocol: HTTP, http: {}"),
    `
  - matches: [{ path: { value: /moved } }]
    filters:
    - { type: RequestRedirect, requestRedirect: { hostname: example.org } }
    - { type: ExternalAuth, externalAuth: { backendRef: { name: authorizers, port: 9001 }, protocol: HTTP, http: {} } }
  - ${to("alpha")}
`,
  ].join(""),
);

/** Of the listeners of port 8091: one route at each, for a path of its own. */
const LISTENERS = ["any", "example", "foo-example", "abc-foo-example"] as const;
const ISOLATED = LISTENERS.map((name) =>
  routeAt(
    name,
    name,
    undefined,
    `
  - matches: [{ path: { value: /${name} } }]
    ${to("alpha")}`,
  ),
);

const APPS = documents(
  ...["alpha", "beta", "gamma"].map((name) => application(name)),
  application("kept", { replicas: 3 }),
  application("h2c").replace("name: http,", "name: first, appProtocol: kubernetes.io/h2c,"),
  `
apiVersion: v1
kind: Service
metadata: { name: shaky }
spec: { ports: [{ name: first, port: 80, targetPort: 9000, appProtocol: kubernetes.io/ws }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: shaky, labels: { kubernetes.io/service-name: shaky } }
addressType: IPv4
ports: [{ name: first, port: 9000 }]
endpoints: [{ addresses: ["${OUTSIDE}"] }]
---
apiVersion: v1
kind: Service
metadata: { name: authorizers }
spec:
  ports:
  - { name: http, port: 9001 }
  - { name: grpc, port: 9002 }
  - { name: http-down, port: 9003 }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: authorizers, labels: { kubernetes.io/service-name: authorizers } }
addressType: IPv4
ports: [{ name: http, port: 9001 }, { name: grpc, port: 9002 }, { name: http-down, port: 9003 }]
endpoints: [{ addresses: ["${OUTSIDE}"] }]
`,
);

const mesh = shareServedMesh(
  {
    "apps.yaml": APPS,
    "gateway.yaml": GATEWAY,
    "routes.yaml": documents(
      MATCHES,
      HEADERS,
      route("moved", REDIRECTS.join("")),
      routeAt("other", "moved-too", "moved.test", REDIRECTS.join("")),
      REWRITES,
      ORIGINS,
      TIMES,
      PROTOCOLS,
      KEPT,
      KEPT_IN_MESH,
      GUARDED,
      ...ISOLATED,
      routeAt("any-https", "any-https", "any.example.com", `\n  - ${to("alpha")}`),
      routeAt("one", "one", "one.example.com", `\n  - ${to("beta")}`),
      routeAt("wild", "wild", "a.wild.example.com", `\n  - ${to("gamma")}`),
      routeAt("own-wild", "own-wild", undefined, `\n  - ${to("alpha")}`),
      routeAt("known", "known", undefined, `\n  - ${to("alpha")}`),
      routeAt("asked", "asked", undefined, `\n  - ${to("alpha")}`),
    ),
  },
  {
    secrets: {
      "default/edge-tls/tls.crt": SERVER.certificate,
      "default/edge-tls/tls.key": SERVER.key,
    },
  },
);

const authorizers: AuthorizationServer[] = [];

beforeAll(async () => {
  authorizers.push(
    await startHttpAuthorizer({ address: OUTSIDE, port: 9001 }),
    await startGrpcAuthorizer({ address: OUTSIDE, port: 9002 }),
  );
});

afterAll(async () => {
  for (const server of authorizers) await server.close();
});

const at = (port: number) => ({ address: mesh().pod("edge-0").addresses.pod, port });

/** The answer to a request for the host `NAME.test`. */
const ask = (name: string, path: string, question: Question = {}): Promise<Answer> =>
  callAddress(at(8080), `http://${name}.test${path}`, question);

const applicationOf = (answer: Answer): string => echoOf(answer).pod.replace(/-.*/, "");

const MATCHED: readonly (readonly [path: string, question: Question, application: string])[] = [
  ["/", {}, "alpha"],
  ["/v2", {}, "beta"],
  ["/v2/", {}, "beta"],
  ["/v2/a?b=c", {}, "beta"],
  ["/v2?b=c", {}, "beta"],
  ["/v2example", {}, "alpha"],
  ["/v2", { headers: { version: "two" } }, "gamma"],
  ["/", { headers: { version: "two", color: "orange" } }, "gamma"],
  ["/", { headers: { version: "two" } }, "alpha"],
  ["/exact", {}, "beta"],
  ["/exact?b=c", {}, "beta"],
  ["/exact/", {}, "alpha"],
  ["/Exact", {}, "alpha"],
  ["/items/12", {}, "gamma"],
  ["/items/12/a", {}, "alpha"],
  ["/slash", {}, "beta"],
  ["/slash/a", {}, "beta"],
  ["/slashes", {}, "alpha"],
  ["/", { method: "DELETE" }, "gamma"],
  ["/?animal=whale", {}, "beta"],
  ["/?animal=whale&color=blue", {}, "gamma"],
  ["/?animal=whales", {}, "alpha"],
  ["/?ANIMAL=whale", {}, "alpha"],
];

test.each(MATCHED)("a request for %s with %o goes to %s", async (path, question, expected) => {
  expect(applicationOf(await ask("matched", path, question))).toBe(expected);
});

test("filters of a rule change the headers of requests and answers", async () => {
  const request = await ask("headers", "/request", {
    headers: { "x-set": "old", "x-add": "old", "x-remove": "old" },
  });
  const { headers } = echoOf(request);
  expect(headers).toMatchObject({ "x-set": "new", "x-add": "old, new" });
  expect(headers).not.toHaveProperty("x-remove");
  const answer = await ask("headers", "/answer");
  expect(answer.headers).toMatchObject({ "x-echo-pod": "hidden", "x-add": "new" });
  expect(answer.headers).not.toHaveProperty("content-type");
});

test("filters of a backend change the headers of its share alone", async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask("headers", "/backend")));
  const seen = answers.map((answer) => [
    applicationOf(answer),
    echoOf(answer).headers["x-for"],
    answer.headers["x-from"],
  ]);
  expect(new Set(seen.map((one) => one.join()))).toEqual(
    new Set(["alpha,alpha,alpha", "beta,beta,beta"]),
  );
});

test.each([
  ["/host", 302, "http://example.org/host"],
  ["/301", 301, "http://example.org/301"],
  ["/303", 303, "http://example.org/303"],
  ["/307", 307, "http://example.org/307"],
  ["/308", 308, "http://example.org/308"],
  ["/prefix/a?b=c", 302, "http://moved.test/new/a?b=c"],
  ["/prefix", 302, "http://moved.test/new"],
  ["/full/a?b=c", 302, "http://moved.test/all/new?b=c"],
  ["/port", 302, "http://moved.test:8083/port"],
  ["/port-80", 302, "http://moved.test/port-80"],
  ["/https", 302, "https://moved.test/https"],
  ["/http", 302, "http://moved.test/http"],
  ["/https-443", 302, "https://moved.test/https-443"],
  ["/https-8443", 302, "https://moved.test:8443/https-8443"],
])("a request for %s is answered with %i and %s", async (path, status, location) => {
  const answer = await ask("moved", path);
  expect([answer.status, answer.headers.location]).toEqual([status, location]);
});

test.each([
  ["/host", "http://example.org:8090"],
  ["/prefix", "http://moved.test:8090"],
  ["/port", "http://moved.test:8083"],
  ["/port-80", "http://moved.test"],
  ["/https", "https://moved.test"],
  ["/http", "http://moved.test"],
  ["/https-443", "https://moved.test"],
  ["/https-8443", "https://moved.test:8443"],
  ["/host-https", "https://example.org"],
])("of a listener of another port, a request for %s is redirected to %s", async (path, origin) => {
  const answer = await callAddress(at(8090), `http://moved.test:8090${path}`);
  // A port that is the scheme's own is that of no port, whether it is named or not.
  expect(new URL(answer.headers.location ?? "").origin).toBe(origin);
});

test.each([
  ["/prefix/one/two", "rewritten.test/one/two"],
  ["/prefix/one", "rewritten.test/one"],
  ["/full/a?b=c", "one.example.org/new?b=c"],
  ["/strip/one", "rewritten.test/one"],
  ["/strip", "rewritten.test/"],
  ["/strip/?b=c", "rewritten.test/?b=c"],
  ["/empty/one", "rewritten.test/one"],
  ["/empty", "rewritten.test/"],
  ["/a", "rewritten.test/base/a"],
])("a request for %s is forwarded as one for %s", async (path, expected) => {
  const { authority, path: forwarded } = echoOf(await ask("rewritten", path));
  expect(`${authority}${forwarded}`).toBe(expected);
});

const leaveFor = async (path: string, origin: string, method: string, headers?: string) => {
  const answer = await ask("shared", path, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      ...(headers === undefined ? {} : { "access-control-request-headers": headers }),
    },
  });
  const told = Object.entries(answer.headers).flatMap(([name, value]) => {
    const [, short] = /^access-control-(.*)$/.exec(name) ?? [];
    return short === undefined ? [] : [[short, value]];
  });
  return Object.fromEntries(told) as Readonly<Record<string, string>>;
};

test.each(["https://www.foo.com", "https://www.bar.com", "https://a.b.bar.com"])(
  "a browser of %s, which is listed, gets leave for what is listed",
  async (origin) => {
    expect(await leaveFor("/listed", origin, "GET", "x-1, x-2")).toEqual({
      "allow-origin": origin,
      "allow-methods": "GET,OPTIONS",
      "allow-headers": "x-1,x-2",
      "expose-headers": "x-3,x-4",
      "allow-credentials": "true",
      "max-age": "3600",
    });
    const simple = await ask("shared", "/listed", { headers: { origin } });
    expect(simple.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
    });
  },
);

test("a browser of another origin gets no leave, whatever it asks", async () => {
  const origin = "https://foobar.com";
  expect(await leaveFor("/listed", origin, "GET")).not.toHaveProperty("allow-origin");
  const simple = await ask("shared", "/listed", { headers: { origin } });
  expect(simple.headers).not.toHaveProperty("access-control-allow-origin");
});

test("any method, any header and any origin are those that the browser asks for", async () => {
  const method = await leaveFor("/any-method", "https://www.foo.com", "POST");
  expect(method).toMatchObject({ "allow-methods": "POST" });
  expect(method).not.toHaveProperty("allow-credentials");
  expect(await leaveFor("/any", "https://a.com:1234", "PUT", "x-a, x-b")).toMatchObject({
    "allow-origin": "https://a.com:1234",
    "allow-methods": "PUT",
    "allow-headers": "x-a, x-b",
  });
  expect(await leaveFor("/any-with-credentials", "https://a.com", "PUT", "x-a")).toMatchObject({
    "allow-origin": "https://a.com",
    "allow-methods": "PUT",
    "allow-headers": "x-a",
    "allow-credentials": "true",
  });
});

test("a request whose backend takes too long is answered with 504, unless there is no limit", async () => {
  expect((await ask("timed", "/backend/delay/5s")).status).toBe(504);
  expect((await ask("timed", "/unlimited/delay/1s")).status).toBe(200);
});

test("a request is tried again, as often as its route says, when the answer has one of its codes", async () => {
  expect((await ask("timed", "/codes?fail=2&key=few")).status).toBe(200);
  expect((await ask("timed", "/codes?fail=3&key=many")).status).toBe(503);
  expect((await ask("timed", "/codes/status/500")).status).toBe(500);
});

test("a request is tried again when its connection ends, or no answer comes in time", async () => {
  let tries = 0;
  const server = createServer((request, response) => {
    tries += 1;
    if (tries === 1) request.socket.destroy();
    if (tries === 3) response.end("at last");
  });
  server.listen(9000, OUTSIDE);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const { status, body } = await ask("timed", "/shaky");
  expect([status, body, tries]).toEqual([200, "at last", 3]);
});

test("a request that is tried again ends with its own time", async () => {
  const start = performance.now();
  expect((await ask("timed", "/in-all/delay/5s")).status).toBe(504);
  const ms = performance.now() - start;
  expect(ms).toBeGreaterThan(800);
  expect(ms).toBeLessThan(4_000);
});

test("a backend's application protocol says how it is called", async () => {
  const answer = await ask("spoken", "/h2c");
  const { protocol } = echoOf(answer) as Echo & { readonly protocol: string };
  expect(protocol).toBe("HTTP/2.0");
});

test("a backend of WebSocket takes connections that are upgraded", async () => {
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    socket.end(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
    );
  });
  server.listen(9000, OUTSIDE);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const { address, port } = at(8080);
  const socket = connect(port, address);
  socket.write(
    "GET /ws HTTP/1.1\r\nHost: spoken.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "close");
  const text = Buffer.concat(chunks).toString();
  expect(text).toMatch(/^HTTP\/1\.1 101 /);
  expect(text).toMatch(/hello$/);
});

test.each([
  ["bar.com", "any"],
  ["bar.example.com", "example"],
  ["bar.foo.example.com", "foo-example"],
  ["abc.foo.example.com", "abc-foo-example"],
])("requests for %s are those of the listener %s alone", async (host, listener) => {
  const statuses = await Promise.all(
    LISTENERS.map((path) => callAddress(at(8091), `http://${host}/${path}`)),
  );
  expect(statuses.map(({ status }) => status)).toEqual(
    LISTENERS.map((name) => (name === listener ? 200 : 404)),
  );
});

/** The cookie that an answer sets, and how. */
const cookieOf = ({ headers }: Answer): readonly [cookie: string, attributes: string] => {
  const [, cookie = "", attributes = ""] =
    /^([^=]+="[^"]+"); (.*)$/.exec(headers["set-cookie"]?.[0] ?? "") ?? [];
  return [cookie, attributes];
};

const podsOf = async (ask: () => Promise<Answer>): Promise<ReadonlySet<string>> => {
  const answers = await Promise.all(Array.from({ length: 24 }, ask));
  return new Set(answers.map((answer) => echoOf(answer).pod));
};

test.each([
  ["/cookie", "session-default-kept-0", "Path=/cookie; HttpOnly"],
  ["/permanent", "own", "Max-Age=3600; Path=/permanent; HttpOnly"],
])(
  "requests for %s with the cookie of the first answer stay with its pod",
  async (path, name, how) => {
    const first = await ask("kept", path);
    const [cookie, attributes] = cookieOf(first);
    expect([cookie.replace(/=.*/, ""), attributes]).toEqual([name, how]);
    const again = await podsOf(() => ask("kept", path, { headers: { cookie } }));
    expect([...again]).toEqual([echoOf(first).pod]);
    const others = await podsOf(() => ask("kept", path));
    expect(others.size).toBe(3);
  },
);

test("requests with the cookies of the first answer stay with one of several backends", async () => {
  const firsts = await Promise.all(Array.from({ length: 24 }, () => ask("kept", "/shared")));
  const told = new Map(
    firsts.map((first) => {
      const cookies = first.headers["set-cookie"]?.map((one) => one.replace(/;.*/, "")) ?? [];
      return [echoOf(first).pod, cookies.join("; ")];
    }),
  );
  expect(new Set([...told.keys()].map((pod) => pod.replace(/-.*/, ""))).size).toBe(3);
  for (const [pod, cookie] of told) {
    expect(await podsOf(() => ask("kept", "/shared", { headers: { cookie } }))).toEqual(
      new Set([pod]),
    );
  }
});

test("requests with the header of the first answer stay with its pod", async () => {
  const first = await ask("kept", "/header");
  const { "x-own": session } = first.headers;
  const again = await podsOf(() => ask("kept", "/header", { headers: { "x-own": session } }));
  expect([...again]).toEqual([echoOf(first).pod]);
});

test("calls in the mesh with the cookie of the first answer stay with its pod", async () => {
  const from = mesh().pod("alpha-0");
  const first = await call(from, "http://kept/");
  const [cookie] = cookieOf(first);
  expect(cookie).toMatch(/^in-mesh=/);
  const again = await podsOf(() => call(from, "http://kept/", { headers: { cookie } }));
  expect([...again]).toEqual([echoOf(first).pod]);
});

test("a session whose pod is gone goes on with another", async () => {
  const gone = `session-default-kept-0="${Buffer.from("\n\x0e127.99.99.9:80").toString("base64")}"`;
  const answer = await ask("kept", "/cookie", { headers: { cookie: gone } });
  expect(answer.status).toBe(200);
  expect(cookieOf(answer)[0]).not.toBe(gone);
});

const FRIEND = { headers: { "x-user": "friend", "x-other": "yes" } };

test.each([
  ["/http", [200, 401]],
  ["/all", [200, 401]],
  ["/untold", [401, 401]],
  ["/grpc", [200, 401]],
  ["/grpc-untold", [401, 401]],
  ["/moved", [401, 401]],
  ["/down", [500, 500]],
  ["/nobody", [500, 500]],
  ["/", [200, 200]],
])("an authorizer that is asked about %s lets friends and others by as %o", async (path, seen) => {
  const answers = await Promise.all([FRIEND, {}].map((who) => ask("guarded", path, who)));
  expect(answers.map(({ status }) => status)).toEqual(seen);
});

test("an authorizer is told of a request what its filter says, and adds what that takes", async () => {
  const said = { ...FRIEND, method: "POST", body: "hello" };
  const answer = await ask("guarded", "/http?x=1", said);
  expect(authorizers[0]?.requests.at(-1)).toMatchObject({
    path: "/check/http?x=1",
    headers: { host: "guarded.test", "x-user": "friend", "content-length": "5" },
    body: "hello",
  });
  expect(authorizers[0]?.requests.at(-1)?.headers).not.toHaveProperty("x-other");
  expect(echoOf(answer).headers).toMatchObject({ "x-decided": "yes" });
  expect(echoOf(answer).headers).not.toHaveProperty("x-told");
  const tooMuch = await ask("guarded", "/http", { ...said, body: "hello, hello" });
  expect(tooMuch.status).toBe(413);
});

test("where a filter names no headers of the answer, all but those of its body are taken", async () => {
  const headers = { "x-user": "friend", "content-type": "text/own" };
  const answer = await ask("guarded", "/all", { headers, method: "POST", body: "hello" });
  expect(echoOf(answer).headers).toMatchObject({
    host: "guarded.test",
    "x-decided": "yes",
    "x-told": "yes",
    "content-type": "text/own",
    "content-length": "5",
  });
  expect(echoOf(answer).headers).not.toHaveProperty("date");
  expect(authorizers[0]?.requests.at(-1)).toMatchObject({ path: "/all", body: "" });
});

test("an authorizer is asked about calls in the mesh", async () => {
  const from = mesh().pod("alpha-0");
  const answers = await Promise.all(
    [FRIEND, {}].map((who) => call(from, "http://kept/asked", who)),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 401]);
});

test.each([
  ["any.example.com", "any.example.com", 200],
  ["any.example.com", "one.example.com", 421],
  ["any.example.com", "none.example.com", 404],
  ["one.example.com", "one.example.com", 200],
  ["one.example.com", "any.example.com", 421],
  ["one.example.com", "none.example.com", 421],
  ["a.wild.example.com", "a.wild.example.com", 200],
  ["b.wild.example.com", "a.wild.example.com", 200],
  ["a.wild.example.com", "b.wild.example.com", 404],
  ["a.wild.example.com", "own.wild.example.com", 421],
  ["a.wild.example.com", "one.example.com", 421],
  ["own.wild.example.com", "own.wild.example.com", 200],
  ["own.wild.example.com", "a.wild.example.com", 421],
  ["none.example.com", "any.example.com", 200],
])("on a connection for %s a request for %s is answered with %i", async (name, host, status) => {
  const answer = await callTls(at(8445), `https://${name}/`, { headers: { host } });
  expect(answer.status).toBe(status);
});

test("clients have to show a certificate of the roots that a Gateway names, where it does not let them do without", async () => {
  const client = await certificates.certificateFor(["client.example"]);
  const other = await openDevelopmentCertificates(join(mesh().state, "other-roots"));
  const stranger = await other.certificateFor(["client.example"]);
  const statusAt = async (port: number, question: Question): Promise<number | string> => {
    try {
      return (await callTls(at(port), "https://a.example.com/", question)).status;
    } catch {
      return "refused";
    }
  };
  const seen = (port: number) =>
    Promise.all([{}, { client }, { client: stranger }].map((question) => statusAt(port, question)));
  expect(await seen(8443)).toEqual(["refused", 200, "refused"]);
  expect(await seen(8444)).toEqual([200, 200, "refused"]);
});
