/** Ingresses and the Gateway API of Kubernetes, served by gateways and sidecars. */
import { expect, test } from "vitest";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { application, documents } from "./harness/manifests.js";
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
const CERTIFICATE = await certificates.certificateFor(["example.com"]);

const INGRESSES = `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: https, port: 443, targetPort: 8443 }]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: istio }
spec: { controller: istio.io/ingress-controller }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: one }
spec:
  ingressClassName: istio
  tls: [{ hosts: [example.com], secretName: example-tls }]
  rules:
  - host: example.com
    http:
      paths:
      - { path: /, pathType: Prefix, backend: { service: { name: alpha, port: { name: http } } } }
      - { path: /beta, pathType: Prefix, backend: { service: { name: beta, port: { number: 80 } } } }
`;

const MORE = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: two, annotations: { kubernetes.io/ingress.class: istio } }
spec:
  rules:
  - host: example.com
    http:
      paths:
      - { path: /beta/alpha, pathType: Exact, backend: { service: { name: alpha, port: { number: 80 } } } }
`;

/** A Gateway of the Gateway API, whose pod has its name in a label, and routes at it and in the mesh. */
const GATEWAY_API = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  listeners: [{ name: http, port: 8080, protocol: HTTP, hostname: "*.example.com" }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.example.com]
  rules:
  - matches: [{ path: { value: /shared } }]
    backendRefs: [{ name: alpha, port: 80, weight: 3 }, { name: beta, port: 80, weight: 1 }]
  - matches: [{ headers: [{ name: x-tier, value: beta }] }]
    backendRefs: [{ name: beta, port: 80 }]
  - matches: [{ path: { value: /moved } }]
    filters:
    - type: RequestRedirect
      requestRedirect: { hostname: www.example.com, path: { type: ReplacePrefixMatch, replacePrefixMatch: / } }
  - matches: [{ path: { value: /beta } }]
    filters:
    - type: URLRewrite
      urlRewrite: { hostname: beta.internal, path: { type: ReplacePrefixMatch, replacePrefixMatch: / } }
    backendRefs: [{ name: beta, port: 80 }]
  - matches: [{ path: { value: /half } }]
    backendRefs: [{ name: alpha, port: 80 }, { name: gone, port: 80 }]
  - matches: [{ path: { value: /nowhere } }]
    backendRefs: [{ name: alpha, port: 80, weight: 0 }]
  - backendRefs: [{ name: alpha, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: in-mesh }
spec:
  parentRefs: [{ group: "", kind: Service, name: alpha }]
  rules:
  - matches: [{ headers: [{ name: x-tier, value: beta }] }]
    filters:
    - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-by, value: route }] } }
    backendRefs: [{ name: beta, port: 80 }]
  - backendRefs: [{ name: alpha, port: 80 }]
`;

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(application("alpha"), application("beta")),
    "ingress.yaml": INGRESSES,
    "gateway-api.yaml": GATEWAY_API,
  },
  {
    secrets: {
      "istio-system/example-tls/tls.crt": CERTIFICATE.certificate,
      "istio-system/example-tls/tls.key": CERTIFICATE.key,
    },
  },
);

const at = (port: number) => ({
  address: mesh().pod("istio-ingressgateway-0.istio-system").addresses.pod,
  port,
});

/** The answer of the Gateway `edge`. */
const ofEdge = (path: string, headers: Question["headers"] = {}): Promise<Answer> =>
  callAddress(
    { address: mesh().pod("edge-istio-0").addresses.pod, port: 8080 },
    `http://shop.example.com${path}`,
    { headers },
  );

const applicationOf = (answer: Answer): string => echoOf(answer).pod.replace(/-.*/, "");

/** Which application answers to a path. */
async function answering(path: string): Promise<string> {
  const answer = await callAddress(at(8080), `http://example.com${path}`);
  return applicationOf(answer);
}

test("requests go where the longest path leads, and a prefix ends where a segment does", async () => {
  await expect(answering("/")).resolves.toBe("alpha");
  await expect(answering("/beta")).resolves.toBe("beta");
  await expect(answering("/beta/more")).resolves.toBe("beta");
  await expect(answering("/betamax")).resolves.toBe("alpha");
  const other = await callAddress(at(8080), "http://other.example.com/");
  expect(other.status).toBe(404);
});

test("the gateway has the certificate of the Ingress", async () => {
  const answer = await callTls(at(8443), "https://example.com/beta", { ca: CERTIFICATE.root });
  expect(answer.status).toBe(200);
  expect(answer.certificate?.fingerprint256).toBe(fingerprint(CERTIFICATE));
  expect(echoOf(answer).pod).toMatch(/^beta-/);
});

test("another Ingress of the same host adds its paths while the first one's are served", async () => {
  await mesh().writeForTest("more.yaml", MORE);
  await expect(answering("/beta/alpha")).resolves.toBe("alpha");
  await expect(answering("/beta/more")).resolves.toBe("beta");
});

test("a Gateway of the Gateway API spreads requests by the weights of its routes", async () => {
  const answers = await Promise.all(Array.from({ length: 80 }, () => ofEdge("/shared")));
  const alpha = answers.filter((answer) => applicationOf(answer) === "alpha").length;
  // Three quarters: outside of this once in a million times.
  expect(alpha).toBeGreaterThan(38);
  expect(alpha).toBeLessThan(78);
});

test("a Gateway of the Gateway API matches, rewrites and redirects", async () => {
  expect(applicationOf(await ofEdge("/"))).toBe("alpha");
  expect(applicationOf(await ofEdge("/", { "x-tier": "beta" }))).toBe("beta");
  expect(echoOf(await ofEdge("/beta/items?id=1"))).toMatchObject({
    path: "/items?id=1",
    authority: "beta.internal",
  });
  expect(echoOf(await ofEdge("/beta")).path).toBe("/");
  expect(applicationOf(await ofEdge("/betamax"))).toBe("alpha");
  const moved = await ofEdge("/moved/on?id=1");
  expect(moved.status).toBe(302);
  expect(moved.headers.location).toBe("http://www.example.com:8080/on?id=1");
  const other = { address: mesh().pod("edge-istio-0").addresses.pod, port: 8080 };
  expect((await callAddress(other, "http://example.net/")).status).toBe(404);
});

test("what a route sends to no backend is answered with 500", async () => {
  expect((await ofEdge("/nowhere")).status).toBe(500);
  const answers = await Promise.all(Array.from({ length: 40 }, () => ofEdge("/half")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 500]));
});

test("a route at a Service is for calls in the mesh", async () => {
  const caller = mesh().pod("beta-0");
  expect(applicationOf(await call(caller, "http://alpha/"))).toBe("alpha");
  const routed = await call(caller, "http://alpha/", { headers: { "x-tier": "beta" } });
  expect(applicationOf(routed)).toBe("beta");
  expect(routed.headers["x-by"]).toBe("route");
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
