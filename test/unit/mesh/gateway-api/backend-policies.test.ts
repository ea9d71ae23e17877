/** What BackendTLSPolicies mean to the callers of Services. */
import { expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { createBackendPolicies } from "../../../../src/mesh/gateway-api/backend-policies.js";
import { tablesOf } from "./tables-of.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: https, port: 443 }, { name: admin, port: 8443 }] }`;

const policy = (name: string, target: string, validation: string, at = "2026-01-01"): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, creationTimestamp: "${at}T00:00:00Z" }
spec:
  targetRefs: [{ group: "", kind: Service, ${target} }]
  validation: { ${validation} }`;

const ROOTS = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: roots }]';
const SYSTEM = "wellKnownCACertificates: System";

/** The policies of the rules that are made. */
function madeOf(...texts: readonly string[]): readonly unknown[] {
  const made = createBackendPolicies(new Engine())(tablesOf(SHOP, ...texts));
  return made.sorted().map(([, { spec }]) => spec);
}

const HOST = "shop.default.svc.cluster.local";
const ONE = { mode: "SIMPLE", sni: "one.example", subjectAltNames: ["one.example"] };
const TWO = { mode: "SIMPLE", sni: "two.example", subjectAltNames: ["two.example"] };

test("callers speak TLS with the servers, which the roots of a ConfigMap verify by the name", () => {
  expect(madeOf(policy("a", "name: shop", `hostname: one.example, ${ROOTS}`))).toEqual([
    {
      host: HOST,
      trafficPolicy: {
        tls: { ...ONE, credentialName: "configmap://default/roots" },
        portLevelSettings: [],
      },
    },
  ]);
});

test("names that are given are asked for in place of the host's", () => {
  const names =
    "subjectAltNames: [{ type: Hostname, hostname: '*.example' }, { type: URI, uri: 'spiffe://a/b' }]";
  expect(
    madeOf(policy("a", "name: shop", `hostname: one.example, ${SYSTEM}, ${names}`)),
  ).toMatchObject([
    {
      trafficPolicy: {
        tls: { sni: "one.example", subjectAltNames: ["*.example", "spiffe://a/b"] },
      },
    },
  ]);
});

test("of several policies for a port, and of those for all, the older counts", () => {
  const made = madeOf(
    policy("a", "name: shop", `hostname: two.example, ${SYSTEM}`, "2026-02-01"),
    policy("b", "name: shop", `hostname: one.example, ${SYSTEM}`),
    policy("c", "name: shop, sectionName: admin", `hostname: two.example, ${SYSTEM}`),
    policy("d", "name: shop, sectionName: admin", `hostname: one.example, ${SYSTEM}`, "2026-02-01"),
  );
  expect(made).toEqual([
    {
      host: HOST,
      trafficPolicy: { tls: ONE, portLevelSettings: [{ port: { number: 8443 }, tls: TWO }] },
    },
  ]);
});

test.each([
  ["a Secret", 'caCertificateRefs: [{ group: "", kind: Secret, name: roots }]'],
  ["roots that are not known", "wellKnownCACertificates: Others"],
])("no server is taken for one that %s would verify", (_what, roots) => {
  expect(madeOf(policy("a", "name: shop", `hostname: one.example, ${roots}`))).toMatchObject([
    { trafficPolicy: { tls: { credentialName: "invalid://" } } },
  ]);
});

test.each([
  ["no Service that there is", "name: other"],
  ["no port that there is", "name: shop, sectionName: other"],
])("a policy for %s means nothing", (_what, target) => {
  expect(madeOf(policy("a", target, `hostname: one.example, ${SYSTEM}`))).toEqual([]);
});

const annotated = (policyText: string, value: string): string =>
  policyText.replace(
    "metadata: {",
    `metadata: { annotations: { istio.io/ignore-policy-attachment: "${value}" },`,
  );

test("a policy that is for other controllers means nothing, and gives way to a younger one", () => {
  const one = policy("a", "name: shop", `hostname: one.example, ${SYSTEM}`);
  const two = policy("b", "name: shop", `hostname: two.example, ${SYSTEM}`, "2026-02-01");
  expect(madeOf(annotated(one, "true"))).toEqual([]);
  expect(madeOf(annotated(one, "true"), two)).toMatchObject([{ trafficPolicy: { tls: TWO } }]);
  expect(madeOf(annotated(one, "false"), two)).toMatchObject([{ trafficPolicy: { tls: ONE } }]);
});
