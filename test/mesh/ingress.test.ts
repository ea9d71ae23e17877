/** Ingresses of Kubernetes, served by a gateway. */
import { expect, test } from "vitest";
import { fingerprint, openCertificates } from "./harness/certificates.js";
import { application, documents } from "./harness/manifests.js";
import { callAddress, callTls, echoOf } from "./harness/requests.js";
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

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(application("alpha"), application("beta")),
    "ingress.yaml": INGRESSES,
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

/** Which application answers to a path. */
async function answering(path: string): Promise<string> {
  const answer = await callAddress(at(8080), `http://example.com${path}`);
  return echoOf(answer).pod.replace(/-.*/, "");
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
