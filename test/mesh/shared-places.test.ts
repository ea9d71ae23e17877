/** Servers of Gateways that share an address and port, and hosts that are called by several names. */
import { expect, test } from "vitest";
import { application, documents, HTTP_GATEWAY_SERVICE, namespace } from "./harness/manifests.js";
import {
  type Answer,
  call,
  callAddress,
  callThroughTunnel,
  callTls,
  echoOf,
} from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const gateway = (name: string, server: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ ${server} }]
`;

const plain = (name: string, rest = ""): string =>
  gateway(
    name,
    `port: { number: 80, name: http, protocol: HTTP }, hosts: [${name}.example.com]${rest}`,
  );

const FROM_OUTSIDE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: from-outside }
spec:
  hosts: ["*.example.com"]
  gateways: [istio-system/first, istio-system/second]
  http: [{ route: [{ destination: { host: called } }] }]
`;

const alias = (name: string, target: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: ExternalName, externalName: ${target}.default.svc.cluster.local }
`;

/** An application whose own port is TLS, which has that in common with others. */
const secure = (name: string, ns = "default"): string =>
  application(name, { namespace: ns, portName: "https", port: SECURE_PORT });

/** The same, of a Service as a cluster has it: with an address, which says nothing where no connections are captured. */
const addressed = (name: string, address: string): string =>
  secure(name).replace("selector:", `clusterIP: ${address}\n  selector:`);

const BYTES_PORT = 6379;

/** An application for bytes on a port that has others too. */
const bytes = (name: string): string => application(name, { portName: "redis", port: BYTES_PORT });

/** A host that one resource writes otherwise than the other. */
const MIXED = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: mixed }
spec:
  hosts: [Mixed.example.net]
  ports: [{ number: 8085, name: http, protocol: HTTP }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: mixed }
spec:
  hosts: [mixed.Example.net]
  http: [{ route: [{ destination: { host: called, port: { number: 80 } } }] }]
`;

const SECURE_PORT = 8443;

const mesh = shareMesh({
  "apps.yaml": documents(application("caller"), application("called")),
  "names.yaml": documents(alias("near", "called"), alias("far", "near"), MIXED),
  "secure.yaml": documents(
    namespace("store", "enabled"),
    secure("vault"),
    secure("safe"),
    addressed("locker", "10.96.0.11"),
    addressed("drawer", "10.96.0.12"),
    secure("vault", "store"),
  ),
  "bytes.yaml": documents(bytes("carts"), bytes("sessions")),
  "outside.yaml": documents(HTTP_GATEWAY_SERVICE, plain("first"), FROM_OUTSIDE),
});

const fromOutside = (host: string): Promise<Answer> =>
  callAddress(
    { address: mesh().gateway().addresses.pod, port: 8080 },
    `http://${host}.example.com/`,
  );

test("a server that names the address which another has anyway is served with it, and one that cannot be is told of", async () => {
  const { pod } = mesh().gateway().addresses;
  await mesh().write("second.yaml", plain("second", `, bind: ${pod}`));
  await expect.poll(async () => (await fromOutside("second")).status).toBe(200);
  expect((await fromOutside("first")).status).toBe(200);
  const bytes = gateway(
    "third",
    `port: { number: 80, name: tcp, protocol: TCP }, hosts: ["*"], bind: ${pod}`,
  );
  await mesh().write("third.yaml", bytes);
  await expect
    .poll(() =>
      mesh()
        .controlPlane.diagnostics()
        .map(({ message }) => message),
    )
    .toContainEqual(expect.stringContaining(`has port 8080 of ${pod} before it, for HTTP`));
  expect((await fromOutside("second")).status).toBe(200);
});

test.each([
  ["by another name of another name", "http://far/"],
  ["that its ServiceEntry writes in another case", "http://mixed.example.net:8085/"],
])("a host is called %s", async (_how, url) => {
  const answer = await call(mesh().pod("caller-0"), url);
  expect(answer.status).toBe(200);
  expect(echoOf(answer).pod).toBe("called-0");
});

test.each([
  ["vault", "vault-0", "default"],
  ["safe.default", "safe-0", "default"],
  ["vault.store", "vault-0", "store"],
  ["vault.store.svc", "vault-0", "store"],
  ["safe.default.svc.cluster.local", "safe-0", "default"],
  ["locker", "locker-0", "default"],
  ["drawer", "drawer-0", "default"],
])(
  "applications with TLS that share a port are called by each of their names: %s",
  async (host, pod, ns) => {
    const at = { address: mesh().pod("caller-0").addresses.egress, port: SECURE_PORT };
    const answer = await callTls(at, `https://${host}:${String(SECURE_PORT)}/`);
    expect(JSON.parse(answer.body)).toMatchObject({ pod, namespace: ns, serverName: host });
  },
);

test("of two applications for bytes on one port the younger is told of, and is reached through a tunnel", async () => {
  const messages = () =>
    mesh()
      .controlPlane.diagnostics()
      .map(({ message }) => message);
  await expect
    .poll(messages)
    .toContainEqual(expect.stringContaining("lead connections to port 6379 to carts.default"));
  const caller = mesh().pod("caller-0");
  const at = { address: caller.addresses.egress, port: BYTES_PORT };
  expect(echoOf(await callAddress(at, "http://sessions/")).pod).toBe("carts-0");
  const tunnelled = await callThroughTunnel(caller, `http://sessions:${String(BYTES_PORT)}/`);
  expect(echoOf(tunnelled).pod).toBe("sessions-0");
});
