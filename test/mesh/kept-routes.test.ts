/** A real Envoy that refuses a listener goes on with the one before, and with all that this one uses. */
import { expect, test, vi } from "vitest";
import { podId } from "../../src/up/pods/pods.js";
import { admin } from "./harness/admin.js";
import { application, documents, HTTP_GATEWAY_SERVICE } from "./harness/manifests.js";
import { callAddress } from "./harness/requests.js";
import { type ServedMesh, type ServedMeshOptions, serveMesh } from "./harness/served-mesh.js";
import { unknownCipher } from "./harness/unknown-cipher.js";

/** A Gateway of one server, and where its connections or requests go. */
const edge = (protocol: "HTTP" | "TCP", routes: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: any, protocol: ${protocol} }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: front }
spec:
  hosts: ["*"]
  gateways: [istio-system/edge]
  ${routes}
`;

/** The Service `front` by HTTP: the gateway's listener uses a route configuration, and that the cluster of `front`. */
const BY_HTTP = documents(
  `
apiVersion: v1
kind: Service
metadata: { name: front }
spec:
  selector: { app: called }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`,
  edge("HTTP", "http: [{ route: [{ destination: { host: front } }] }]"),
);

/** The same port by TCP, to another Service: of the route configuration, its virtual host and the cluster nothing is left. */
const BY_TCP = edge(
  "TCP",
  "tcp: [{ route: [{ destination: { host: called, port: { number: 80 } } }] }]",
);

/** Has Envoy refuse the listener of the gateway. */
const BAD = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: bad, namespace: istio-system }
spec:
  configPatches:
    - applyTo: FILTER_CHAIN
      match: { context: GATEWAY }
      patch:
        operation: MERGE
        value: ${unknownCipher("Downstream")}
`;

const FILES = {
  "apps.yaml": documents(application("called"), HTTP_GATEWAY_SERVICE),
  "edge.yaml": BY_HTTP,
};

const CLUSTER = "outbound|80||front.default.svc.cluster.local";

/** What the gateway answers to somebody outside. */
async function statusOutside(mesh: ServedMesh): Promise<number> {
  const { pod: address } = mesh.gateway().addresses;
  return (await callAddress({ address, port: 8080 }, "http://example.com/")).status;
}

const hasCluster = async (mesh: ServedMesh): Promise<boolean> =>
  (await admin(mesh.gateway(), "/clusters")).includes(`${CLUSTER}::`);

/** A mesh whose gateway has just refused its listener. */
async function refusing(protocol: NonNullable<ServedMeshOptions["protocol"]>): Promise<ServedMesh> {
  const mesh = await serveMesh(FILES, { protocol });
  expect(await statusOutside(mesh)).toBe(200);
  const { rejected } = await mesh.write("edge.yaml", documents(BY_TCP, BAD));
  expect(rejected).toEqual([podId(mesh.gateway())]);
  return mesh;
}

/** Has all that could have been taken from the gateway taken: what is sent next comes behind that. */
async function sendMore(mesh: ServedMesh): Promise<void> {
  await mesh.write("more.yaml", application("more"));
}

/** The gateway takes its next listener, and goes by that. */
async function expectMended(mesh: ServedMesh): Promise<void> {
  await mesh.write("edge.yaml", BY_TCP);
  expect(await statusOutside(mesh)).toBe(200);
  await vi.waitFor(async () => {
    expect(await hasCluster(mesh)).toBe(false);
  });
}

test.each(["delta", "state-of-the-world"] as const)(
  "by %s a gateway that refuses its listener goes on with the routes and the clusters of the one before",
  async (protocol) => {
    const mesh = await refusing(protocol);
    await sendMore(mesh);
    expect(await statusOutside(mesh)).toBe(200);
    await expectMended(mesh);
  },
);

test("it goes on so when it comes back by delta to a control plane that was started again", async () => {
  const mesh = await refusing("delta");
  await mesh.stop();
  await mesh.start();
  await sendMore(mesh);
  expect(await statusOutside(mesh)).toBe(200);
  await expectMended(mesh);
});
