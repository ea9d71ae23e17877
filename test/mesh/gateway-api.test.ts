/** Routes of Kubernetes' Gateway API of all kinds, at a Gateway with listeners of all protocols and in the mesh. */
import { once } from "node:events";
import { createServer } from "node:https";
import {
  type Client,
  credentials,
  type handleUnaryCall,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { stats } from "./harness/admin.js";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { application, documents } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import {
  type Answer,
  call,
  callAddress,
  callTls,
  echoOf,
  type Question,
} from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const ONE = await certificates.certificateFor(["one.example.com"]);
const REST = await certificates.certificateFor(["*.example.com"]);
const PASSED = await certificates.certificateFor(["passed.example.com"]);

/** An address outside of the mesh. */
const OUTSIDE = ownAddress(37);

const GATEWAY = `
apiVersion: v1
kind: Service
metadata: { name: edge }
spec:
  selector: { gateway.networking.k8s.io/gateway-name: edge }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
  - { name: other, port: 8081 }
  - { name: https, port: 443, targetPort: 8443 }
  - { name: tcp, port: 5432 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  listeners:
  - { name: http, port: 80, protocol: HTTP, hostname: "*.example.com" }
  - { name: other, port: 8081, protocol: HTTP }
  - name: one
    port: 443
    protocol: HTTPS
    hostname: one.example.com
    tls: { certificateRefs: [{ name: one-tls }] }
  - name: rest
    port: 443
    protocol: HTTPS
    hostname: "*.example.com"
    tls: { certificateRefs: [{ name: rest-tls, namespace: vault }] }
  - { name: passed, port: 443, protocol: TLS, hostname: passed.example.com, tls: { mode: Passthrough } }
  - { name: tcp, port: 5432, protocol: TCP }
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: edge, namespace: vault }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: default }]
  to: [{ group: "", kind: Secret, name: rest-tls }]
`;

/** Routes at the Gateway. */
const ROUTES = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge, sectionName: http }, { name: edge, port: 8081 }]
  hostnames: [shop.example.com]
  rules:
  - matches: [{ path: { value: /shared } }]
    backendRefs: [{ name: alpha, port: 80, weight: 3 }, { name: beta, port: 80, weight: 1 }]
  - matches: [{ headers: [{ name: X-Tier, value: beta }] }]
    backendRefs: [{ name: beta, port: 80 }]
  - matches: [{ path: { value: /moved } }]
    filters:
    - type: RequestRedirect
      requestRedirect: { hostname: www.example.com, path: { type: ReplacePrefixMatch, replacePrefixMatch: / } }
  - matches: [{ path: { value: /secure } }]
    filters:
    - { type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 301 } }
  - matches: [{ path: { value: /beta } }]
    filters:
    - type: URLRewrite
      urlRewrite: { hostname: beta.internal, path: { type: ReplacePrefixMatch, replacePrefixMatch: / } }
    backendRefs: [{ name: beta, port: 80 }]
  - matches: [{ path: { value: /copied } }]
    filters:
    - { type: RequestMirror, requestMirror: { backendRef: { name: beta, port: 80 } } }
    backendRefs: [{ name: alpha, port: 80 }]
  - matches: [{ path: { value: /hasty } }]
    timeouts: { request: 200ms }
    backendRefs: [{ name: alpha, port: 80 }]
  - matches: [{ path: { value: /browser } }]
    filters:
    - { type: CORS, cors: { allowOrigins: ["https://*.example.org"], allowMethods: [PUT] } }
    backendRefs: [{ name: alpha, port: 80 }]
  - matches: [{ path: { value: /half } }]
    backendRefs: [{ name: alpha, port: 80 }, { name: gone, port: 80 }]
  - matches: [{ path: { value: /idle } }]
    backendRefs: [{ name: alpha, port: 80 }, { name: beta, port: 80, weight: 0 }]
  - matches: [{ path: { value: /nowhere } }]
    backendRefs: [{ name: alpha, port: 80, weight: 0 }]
  - matches: [{ path: { value: /missing } }]
    backendRefs: [{ name: gone, port: 80 }]
  - matches: [{ path: { value: /refused } }]
    backendRefs: [{ name: guest, namespace: clients, port: 80 }]
  - backendRefs: [{ name: alpha, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: secure }
spec:
  parentRefs: [{ name: edge, port: 443 }]
  hostnames: [one.example.com, two.example.com]
  rules:
  - backendRefs: [{ name: alpha, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: greeter }
spec:
  parentRefs: [{ name: edge, sectionName: http }]
  hostnames: [grpc.example.com]
  rules:
  - matches: [{ method: { service: demo.Greeter, method: Hello } }]
    filters:
    - { type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-via, value: route }] } }
    - { type: ResponseHeaderModifier, responseHeaderModifier: { add: [{ name: x-by, value: route }] } }
    backendRefs: [{ group: networking.istio.io, kind: Hostname, name: greeter.example, port: 9000 }]
  - matches: [{ method: { service: demo.Greeter, method: Missing } }]
    backendRefs: [{ name: gone, port: 9000 }]
  - matches: [{ method: { service: demo.Greeter, method: Nowhere } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: passed }
spec:
  parentRefs: [{ name: edge, sectionName: passed }]
  hostnames: [passed.example.com]
  rules:
  - backendRefs: [{ group: networking.istio.io, kind: Hostname, name: passed.example, port: 9443 }]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { name: store }
spec:
  parentRefs: [{ name: edge, sectionName: tcp }]
  rules:
  - backendRefs: [{ name: alpha-bytes, port: 9000, weight: 3 }, { name: beta-bytes, port: 9000, weight: 1 }]
`;

/** Of a Service: for all callers, and for those of the namespace `clients`, which would lose by age. */
const IN_MESH = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: producer, creationTimestamp: "2020-01-01T00:00:00Z" }
spec:
  parentRefs: [{ group: "", kind: Service, name: alpha }]
  rules:
  - matches: [{ headers: [{ name: x-tier, value: beta }] }]
    filters:
    - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-by, value: producer }] } }
    backendRefs: [{ name: beta, port: 80 }]
  - backendRefs: [{ name: alpha, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: consumer, namespace: clients, creationTimestamp: "2021-01-01T00:00:00Z" }
spec:
  parentRefs: [{ group: "", kind: Service, name: alpha, namespace: default }]
  rules:
  - filters:
    - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-by, value: consumer }] } }
    backendRefs: [{ name: alpha, namespace: default, port: 80 }]
`;

const bytesOf = (name: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}-bytes }
spec:
  selector: { app: ${name} }
  ports: [{ name: tcp, port: 9000 }]
`;

const outside = (name: string, protocol: string, port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  ports: [{ number: ${port}, name: ${protocol.toLowerCase()}, protocol: ${protocol} }]
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE} }]
`;

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(
      application("alpha"),
      application("beta"),
      application("guest", { namespace: "clients" }),
      bytesOf("alpha"),
      bytesOf("beta"),
      outside("greeter", "GRPC", 9000),
      outside("passed", "TLS", 9443),
    ),
    "gateway.yaml": GATEWAY,
    "routes.yaml": ROUTES,
    "in-mesh.yaml": IN_MESH,
  },
  {
    secrets: {
      "default/one-tls/tls.crt": ONE.certificate,
      "default/one-tls/tls.key": ONE.key,
      "vault/rest-tls/tls.crt": REST.certificate,
      "vault/rest-tls/tls.key": REST.key,
    },
  },
);

const edgeAt = (port: number) => ({ address: mesh().pod("edge-0").addresses.pod, port });

/** The answer of the Gateway to a request of plain HTTP. */
const ofEdge = (path: string, question: Question = {}): Promise<Answer> =>
  callAddress(edgeAt(8080), `http://shop.example.com${path}`, question);

/** The answer over TLS, from a server whose certificate is for the name called. */
const ofSecureEdge = (host: string, question: Question = {}): Promise<Answer> =>
  callTls(edgeAt(8443), `https://${host}/`, { ca: ONE.root, ...question });

const applicationOf = (answer: Answer): string => echoOf(answer).pod.replace(/-.*/, "");

test("requests are spread by the weights of a route's backends", async () => {
  const answers = await Promise.all(Array.from({ length: 80 }, () => ofEdge("/shared")));
  const alpha = answers.filter((answer) => applicationOf(answer) === "alpha").length;
  // Three quarters: outside of this once in a million times.
  expect(alpha).toBeGreaterThan(38);
  expect(alpha).toBeLessThan(78);
  const idle = await Promise.all(Array.from({ length: 20 }, () => ofEdge("/idle")));
  expect(new Set(idle.map(applicationOf))).toEqual(new Set(["alpha"]));
});

test("requests are matched, and rewritten", async () => {
  expect(applicationOf(await ofEdge("/"))).toBe("alpha");
  expect(applicationOf(await ofEdge("/", { headers: { "x-tier": "beta" } }))).toBe("beta");
  expect(echoOf(await ofEdge("/beta/items?id=1"))).toMatchObject({
    path: "/items?id=1",
    authority: "beta.internal",
  });
  expect(echoOf(await ofEdge("/beta")).path).toBe("/");
  expect(applicationOf(await ofEdge("/betamax"))).toBe("alpha");
  expect((await callAddress(edgeAt(8080), "http://example.net/")).status).toBe(404);
});

test("a redirect names the listener's port unless it is that of the scheme", async () => {
  const moved = await ofEdge("/moved/on?id=1");
  expect([moved.status, moved.headers.location]).toEqual([302, "http://www.example.com/on?id=1"]);
  const secure = await ofEdge("/secure/a");
  const location = "https://shop.example.com/secure/a";
  expect([secure.status, secure.headers.location]).toEqual([301, location]);
  const other = await callAddress(edgeAt(8081), "http://shop.example.com/moved");
  expect(other.headers.location).toBe("http://www.example.com:8081/");
});

test("a copy of a request goes to the mirror", async () => {
  const seen = async (): Promise<number> => {
    const all = [...(await stats(mesh().pod("beta-0"), "downstream_rq_2xx"))];
    return all.reduce((sum, [name, n]) => (name.startsWith("http.inbound_") ? sum + n : sum), 0);
  };
  const before = await seen();
  expect(applicationOf(await ofEdge("/copied"))).toBe("alpha");
  await expect.poll(seen, { timeout: 10_000 }).toBe(before + 1);
});

test("a request that takes longer than its route lets it is answered with 504", async () => {
  expect((await ofEdge("/hasty/delay/5s")).status).toBe(504);
});

test("browsers of the domain of an origin may ask, and others are answered without leave", async () => {
  const preflight = (origin: string): Promise<Answer> =>
    ofEdge("/browser", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "PUT" },
    });
  const allowed = await preflight("https://a.b.example.org");
  expect(allowed.headers).toMatchObject({
    "access-control-allow-origin": "https://a.b.example.org",
    "access-control-allow-methods": "PUT",
    "access-control-max-age": "5",
  });
  const { status: code, headers, body } = await preflight("https://a.example.org.evil.example");
  expect([code, body]).toEqual([200, ""]);
  expect(headers["access-control-allow-origin"]).toBeUndefined();
});

test("what a route sends to no backend, or to one that it may not name, is answered with 500", async () => {
  for (const path of ["/nowhere", "/missing", "/refused"]) {
    expect((await ofEdge(path)).status).toBe(500);
  }
  const answers = await Promise.all(Array.from({ length: 40 }, () => ofEdge("/half")));
  expect(new Set(answers.map(({ status: code }) => code))).toEqual(new Set([200, 500]));
});

test("a backend of another namespace is called once that grants it", async () => {
  await mesh().writeForTest(
    "grant.yaml",
    `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: shop, namespace: clients }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default }]
  to: [{ group: "", kind: Service }]
`,
  );
  expect(applicationOf(await ofEdge("/refused"))).toBe("guest");
});

test("the listeners of a port have certificates of their own, by server name", async () => {
  for (const [host, expected] of [
    ["one.example.com", ONE],
    ["two.example.com", REST],
  ] as const) {
    const answer = await ofSecureEdge(host);
    expect([answer.status, applicationOf(answer)]).toEqual([200, "alpha"]);
    expect(answer.certificate?.fingerprint256).toBe(fingerprint(expected));
  }
  const other = await ofSecureEdge("one.example.com", { headers: { host: "two.example.com" } });
  expect(other.status).toBe(421);
  expect((await ofSecureEdge("three.example.com")).status).toBe(404);
  await expect(ofSecureEdge("one.example.net")).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a TLSRoute passes connections on as they are, beside listeners where TLS ends", async () => {
  const { certificate: cert, key } = PASSED;
  const server = createServer({ cert, key }, (_request, response) => {
    response.end("passed");
  });
  server.listen(9443, OUTSIDE);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const answer = await ofSecureEdge("passed.example.com");
  expect(answer.body).toBe("passed");
  expect(answer.certificate?.fingerprint256).toBe(fingerprint(PASSED));
});

const policy = (hostname: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: secure }
spec:
  targetRefs: [{ group: "", kind: Service, name: secure, sectionName: http }]
  validation:
    hostname: ${hostname}
    caCertificateRefs: [{ group: "", kind: ConfigMap, name: roots }]
`;

test("a BackendTLSPolicy has gateways and sidecars speak TLS with servers that its roots and name verify", async () => {
  const { certificate, key, root } = await certificates.certificateFor(["secure.internal"]);
  const server = createServer({ cert: certificate, key }, (_request, response) => {
    response.end("over TLS");
  });
  server.listen(9444, OUTSIDE);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const secure = `
apiVersion: v1
kind: Service
metadata: { name: secure }
spec: { ports: [{ name: http, port: 80, targetPort: 9444 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: secure, labels: { kubernetes.io/service-name: secure } }
addressType: IPv4
ports: [{ name: http, port: 9444 }]
endpoints: [{ addresses: ["${OUTSIDE}"] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: secure-backend }
spec:
  parentRefs: [{ name: edge, sectionName: http }]
  hostnames: [secure.example.com]
  rules: [{ backendRefs: [{ name: secure, port: 80 }] }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: roots }
data: { ca.crt: ${JSON.stringify(root)} }
`;
  const answers = async (): Promise<readonly (readonly [status: number, body: string])[]> => {
    const both = await Promise.all([
      callAddress(edgeAt(8080), "http://secure.example.com/"),
      call(mesh().pod("alpha-0"), "http://secure/"),
    ]);
    return both.map(({ status: code, body }) => [code, body] as const);
  };
  await mesh().writeForTest("secure.yaml", documents(secure, policy("secure.internal")));
  expect(await answers()).toEqual([
    [200, "over TLS"],
    [200, "over TLS"],
  ]);
  await mesh().edit("secure.yaml", (text) =>
    text.replace("hostname: secure.internal", "hostname: other.internal"),
  );
  const refused = [503, expect.stringContaining("remote connection failure")];
  await expect.poll(answers).toEqual([refused, refused]);
  const failures = [...(await stats(mesh().pod("edge-0"), "ssl.fail_verify_san"))];
  expect(
    failures.filter(([name, count]) => name.includes("secure.default") && count > 0),
  ).toHaveLength(1);
});

test("a TCPRoute spreads connections by weight", async () => {
  const answers = await Promise.all(
    Array.from({ length: 80 }, () => callAddress(edgeAt(5432), "http://any.example/")),
  );
  const alpha = answers.filter((answer) => applicationOf(answer) === "alpha").length;
  expect(alpha).toBeGreaterThan(38);
  expect(alpha).toBeLessThan(78);
});

/** Bytes as they are. */
const asBytes = (value: Buffer): Buffer => value;
const METHOD = {
  requestStream: false,
  responseStream: false,
  requestSerialize: asBytes,
  requestDeserialize: asBytes,
  responseSerialize: asBytes,
  responseDeserialize: asBytes,
};

const greeter = new Server();

beforeAll(async () => {
  const hello: handleUnaryCall<Buffer, Buffer> = ({ metadata }, respond) => {
    respond(null, Buffer.from(metadata.get("x-via").join()));
  };
  greeter.addService({ Hello: { ...METHOD, path: "/demo.Greeter/Hello" } }, { Hello: hello });
  await new Promise<void>((resolve, reject) => {
    greeter.bindAsync(`${OUTSIDE}:9000`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
});
afterAll(() => {
  greeter.forceShutdown();
});

interface Called {
  readonly code: status;
  readonly reply: string;
  readonly by: string;
}

/** Calls a method of the greeter through the Gateway. */
function greet(method: string): Promise<Called> {
  const { address, port } = edgeAt(8080);
  const Greeter = makeGenericClientConstructor({}, "Greeter");
  const client: Client = new Greeter(`${address}:${String(port)}`, credentials.createInsecure(), {
    "grpc.default_authority": "grpc.example.com",
  });
  onTestFinished(() => {
    client.close();
  });
  return new Promise((resolve) => {
    let by = "";
    const answered = (error: ServiceError | null, reply?: Buffer): void => {
      resolve({ code: error?.code ?? status.OK, reply: reply?.toString() ?? "", by });
    };
    client
      .makeUnaryRequest(
        `/demo.Greeter/${method}`,
        asBytes,
        asBytes,
        Buffer.from(""),
        new Metadata(),
        { deadline: Date.now() + 20_000 },
        answered,
      )
      .on("metadata", (metadata) => {
        by = metadata.get("x-by").join();
      });
  });
}

test("a GRPCRoute takes the calls of a method, and changes their headers", async () => {
  expect(await greet("Hello")).toEqual({ code: status.OK, reply: "route", by: "route" });
  expect(await greet("Goodbye")).toMatchObject({ code: status.UNIMPLEMENTED });
});

test("a call of gRPC that a route sends to no backend is told that there is none", async () => {
  expect(await greet("Missing")).toMatchObject({ code: status.UNAVAILABLE });
  expect(await greet("Nowhere")).toMatchObject({ code: status.UNAVAILABLE });
});

test("a route of a Service's namespace is for all callers but those whose namespace has its own", async () => {
  const beta = { headers: { "x-tier": "beta" } };
  const produced = await call(mesh().pod("beta-0"), "http://alpha/", beta);
  expect([applicationOf(produced), produced.headers["x-by"]]).toEqual(["beta", "producer"]);
  expect(applicationOf(await call(mesh().pod("beta-0"), "http://alpha/"))).toBe("alpha");
  const consumed = await call(mesh().pod("guest-0.clients"), "http://alpha.default/", beta);
  expect([applicationOf(consumed), consumed.headers["x-by"]]).toEqual(["alpha", "consumer"]);
});

test("a route is served when it comes, and one that is wrong leaves the last good one", async () => {
  const added = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: added }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.example.com]
  rules:
  - matches: [{ path: { value: /added } }]
    backendRefs: [{ name: beta, port: 80 }]
`;
  expect(applicationOf(await ofEdge("/added"))).toBe("alpha");
  await mesh().writeForTest("added.yaml", added);
  expect(applicationOf(await ofEdge("/added"))).toBe("beta");
  await mesh().edit("added.yaml", (text) => text.replace("port: 80", "prot: 80"));
  expect(applicationOf(await ofEdge("/added"))).toBe("beta");
});
