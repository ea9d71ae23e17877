/** Servers that stand in for hosts outside the mesh: how they are called in their place. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import type { StandIn } from "../../../src/mesh/service/stand-in.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

const SIDECAR = "sidecar~10.0.0.1~a.default~default.svc.cluster.local";
const HOST = "ext.example.com";
const ROOTS_FILE = "/state/root.pem";
const STAND_IN = {
  host: HOST,
  name: HOST,
  port: 80,
  address: "127.33.0.1",
  standInPort: 443,
  rootsFile: ROOTS_FILE,
};

const original = (tls: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ext }
spec:
  hosts: [${HOST}]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 443 }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ext }
spec:
  host: ${HOST}
  trafficPolicy: { tls: { mode: SIMPLE${tls} } }
`;

/** How a sidecar calls the host: its cluster. */
const callsOf = (tls: string, standIns: readonly StandIn[]): object =>
  clusterOf(`outbound|80||${HOST}`, original(tls), standIns);

function clusterOf(name: string, files: string, standIns: readonly StandIn[]): object {
  const snapshot = createDirectory().write({ "ext.yaml": files });
  const discovery = createDiscovery(encoder, snapshot);
  const proxy = parseNode({ id: SIDECAR, metadata: {} });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns });
  const { clusters } = discovery.resourcesOf({ proxy, controlPlane: undefined });
  const bytes = clusters.get(name)?.bytes;
  if (bytes === undefined) throw new Error("there is no such cluster");
  return encoder.decode("envoy.config.cluster.v3.Cluster", bytes);
}

const trusting = (filename: string): object => ({
  transportSocket: {
    typedConfig: { commonTlsContext: { validationContext: { trustedCa: { filename } } } },
  },
});

test("a stand-in is trusted where the operating system's roots are asked for", () => {
  expect(callsOf("", [STAND_IN])).toMatchObject(trusting(ROOTS_FILE));
});

test("a stand-in is not trusted where the rule names roots", () => {
  const secret = { validationContextSdsSecretConfig: { name: "file-root:/etc/ca.pem" } };
  expect(callsOf(", caCertificates: /etc/ca.pem", [STAND_IN])).toMatchObject({
    transportSocket: { typedConfig: { commonTlsContext: { combinedValidationContext: secret } } },
  });
});

test("the host itself is checked against the operating system's roots", () => {
  expect(callsOf("", [])).toMatchObject(trusting("/etc/ssl/certs/ca-certificates.crt"));
});

test("a stand-in for the host that an ExternalName names is called by the name of the Service", () => {
  const named = `
apiVersion: v1
kind: Service
metadata: { name: ext }
spec: { type: ExternalName, externalName: ${HOST}, ports: [{ port: 80 }] }
`;
  const host = "ext.default.svc.cluster.local";
  expect(clusterOf(`outbound|80||${host}`, named, [{ ...STAND_IN, host }])).toMatchObject({
    loadAssignment: {
      endpoints: [
        {
          lbEndpoints: [
            { endpoint: { address: { socketAddress: { address: "127.33.0.1", portValue: 443 } } } },
          ],
        },
      ],
    },
  });
});
