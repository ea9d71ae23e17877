/** The certificates by which Gateways show themselves to backends. */
import { expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { backendCredentialFor } from "../../../../src/mesh/gateway-api/backend-certificate.js";
import { createBackendCertificates } from "../../../../src/mesh/gateway-api/backend-certificates.js";
import { createGatewayApi } from "../../../../src/mesh/gateway-api/gateway-api.js";
import { gateway, tablesOf } from "./tables-of.js";

const LISTENERS = "[{ name: http, port: 80, protocol: HTTP }]";
const showing = (secret: string, more = ""): string =>
  gateway(LISTENERS, `, tls: { backend: { clientCertificateRef: { ${secret} } } }${more}`);

const POD = {
  namespace: "front",
  labels: { "gateway.networking.k8s.io/gateway-name": "edge", app: "edge" },
};

/** The credential that a gateway shows. */
function shownBy(workload: typeof POD, ...texts: readonly string[]): string | undefined {
  const engine = new Engine();
  const tables = tablesOf(...texts);
  const { Gateway } = createGatewayApi(engine)(tables, tables);
  return backendCredentialFor(createBackendCertificates(engine)(Gateway, tables.Service), workload);
}

const GRANT = `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: a, namespace: keys }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: front }]
  to: [{ group: "", kind: Secret }]`;

test("the pods of a Gateway show its certificate, and no others do", () => {
  expect(shownBy(POD, showing("name: own"))).toBe("own");
  expect(shownBy({ ...POD, namespace: "back" }, showing("name: own"))).toBeUndefined();
  expect(shownBy(POD, gateway(LISTENERS))).toBeUndefined();
});

test("so do the pods of the Services that its addresses name", () => {
  const service = `apiVersion: v1
kind: Service
metadata: { name: manual, namespace: front }
spec: { selector: { app: edge }, ports: [{ name: http, port: 80 }] }`;
  const addressed = showing("name: own", ", addresses: [{ type: Hostname, value: manual }]");
  expect(shownBy(POD, addressed, service)).toBe("own");
  expect(shownBy(POD, addressed)).toBeUndefined();
});

test("a certificate of another namespace has to be granted, and is in a Secret", () => {
  const granted = showing("name: shared, namespace: keys");
  expect(shownBy(POD, granted, GRANT)).toBe("keys/shared");
  expect(shownBy(POD, granted)).toBeUndefined();
  expect(shownBy(POD, showing("kind: ConfigMap, name: own"))).toBeUndefined();
});
