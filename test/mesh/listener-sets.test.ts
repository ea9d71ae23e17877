/** Listeners that teams add to the Gateway of others: ListenerSets of both kinds, on a real Envoy. */
import { expect, test } from "vitest";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { application, documents } from "./harness/manifests.js";
import { type Answer, callAddress, callTls, echoOf } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const OWN = await certificates.certificateFor(["*.infra.example"]);
const TEAM = await certificates.certificateFor(["team.example"]);

const ALL = "allowedRoutes: { namespaces: { from: All } }";

const GATEWAY = `
apiVersion: v1
kind: Service
metadata: { name: edge, namespace: infra }
spec:
  selector: { gateway.networking.k8s.io/gateway-name: edge }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
  - { name: https, port: 443, targetPort: 8443 }
  - { name: tcp, port: 5432 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: istio
  listeners:
  - { name: http, port: 80, protocol: HTTP, hostname: "*.example", ${ALL} }
  - { name: https, port: 443, protocol: HTTPS, hostname: "*.infra.example", tls: { certificateRefs: [{ name: edge-tls }] }, ${ALL} }
  allowedListeners: { namespaces: { from: Selector, selector: { matchLabels: { listeners: "yes" } } } }
`;

const namespace = (name: string, listeners: "yes" | "no"): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio-injection: enabled, listeners: "${listeners}" } }
`;

const SETS = `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: own, namespace: team, creationTimestamp: "2021-01-01T00:00:00Z" }
spec:
  parentRef: { name: edge, namespace: infra }
  listeners:
  - { name: http, port: 80, protocol: HTTP, hostname: team.example }
  - { name: https, port: 443, protocol: HTTPS, hostname: team.example, tls: { certificateRefs: [{ name: team-tls }] } }
  - { name: tcp, port: 5432, protocol: TCP }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XListenerSet
metadata: { name: own, namespace: team, creationTimestamp: "2022-01-01T00:00:00Z" }
spec:
  parentRef: { name: edge, namespace: infra }
  listeners:
  - { name: http, protocol: HTTP, hostname: x.team.example }
`;

/** The same host as a listener of the team `team`, by an older set. */
const setOf = (ns: string, year: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: own, namespace: ${ns}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  parentRef: { name: edge, namespace: infra }
  listeners:
  - { name: http, port: 80, protocol: HTTP, hostname: team.example }
`;

const SET = "group: gateway.networking.k8s.io, kind: ListenerSet, name: own";

const route = (name: string, ns: string, parent: string, app: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${ns} }
spec:
  parentRefs: [{ ${parent} }]
  rules: [{ backendRefs: [{ name: ${app}, port: 80 }] }]
`;

const ROUTES = documents(
  route("own", "team", SET, "alpha"),
  route(
    "own-x",
    "team",
    "group: gateway.networking.x-k8s.io, kind: XListenerSet, name: own",
    "alpha",
  ),
  route("own", "rival", SET, "beta"),
  route("own", "closed", SET, "gamma"),
  route("all", "infra", "name: edge, sectionName: http", "gamma"),
  `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { name: own, namespace: team }
spec:
  parentRefs: [{ ${SET}, sectionName: tcp }]
  rules: [{ backendRefs: [{ name: alpha, port: 80 }] }]
`,
);

const mesh = shareServedMesh(
  {
    "namespaces.yaml": documents(
      namespace("team", "yes"),
      namespace("rival", "yes"),
      namespace("closed", "no"),
    ),
    "apps.yaml": documents(
      application("alpha", { namespace: "team" }),
      application("beta", { namespace: "rival" }),
      application("gamma", { namespace: "infra" }),
    ),
    "gateway.yaml": GATEWAY,
    "sets.yaml": documents(SETS, setOf("closed", 2019)),
    "routes.yaml": ROUTES,
  },
  {
    secrets: {
      "infra/edge-tls/tls.crt": OWN.certificate,
      "infra/edge-tls/tls.key": OWN.key,
      "team/team-tls/tls.crt": TEAM.certificate,
      "team/team-tls/tls.key": TEAM.key,
    },
  },
);

const at = (port: number) => ({ address: mesh().pod("edge-0.infra").addresses.pod, port });
const applicationOf = (answer: Answer): string => echoOf(answer).pod.replace(/-.*/, "");
const called = async (host: string): Promise<string> =>
  applicationOf(await callAddress(at(8080), `http://${host}/`));

test("requests for the hosts of a team's listeners go by the routes at these, and others by those at the Gateway", async () => {
  expect(await called("team.example")).toBe("alpha");
  expect(await called("x.team.example")).toBe("alpha");
  expect(await called("other.example")).toBe("gamma");
});

test("a team's listener shows the certificate of the team's own namespace", async () => {
  const answer = await callTls(at(8443), "https://team.example/", { ca: TEAM.root });
  expect(applicationOf(answer)).toBe("alpha");
  expect(answer.certificate?.fingerprint256).toBe(fingerprint(TEAM));
  const own = await callTls(at(8443), "https://a.infra.example/", { ca: OWN.root });
  expect(own.certificate?.fingerprint256).toBe(fingerprint(OWN));
});

test("a port that a team alone listens on is there", async () => {
  expect(applicationOf(await callAddress(at(5432), "http://any.example/"))).toBe("alpha");
});

test("of two teams' listeners for one host that of the older set is served", async () => {
  await mesh().writeForTest("rival.yaml", setOf("rival", 2020));
  expect(await called("team.example")).toBe("beta");
});

test("listeners go with the leave of their namespace, and come back with it", async () => {
  expect(await called("team.example")).toBe("alpha");
  await mesh().edit("namespaces.yaml", (text) =>
    text.replace('listeners: "yes"', 'listeners: "no"'),
  );
  expect(await called("team.example")).toBe("gamma");
  await expect(callAddress(at(5432), "http://any.example/")).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
  await mesh().edit("namespaces.yaml", (text) =>
    text.replace('listeners: "no"', 'listeners: "yes"'),
  );
  expect(await called("team.example")).toBe("alpha");
});
