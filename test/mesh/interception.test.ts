/** Mode REDIRECT: applications that know nothing of the mesh, each on a host of its own, captured by iptables. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { APPLICATION, envoyFile, MAIN } from "./harness/host-programs.js";
import {
  type Family,
  HUB_ADDRESS,
  namespacesMissing,
  startNetwork,
  type TestHost,
  type TestNetwork,
  type TestProcess,
} from "./harness/namespaces.js";
import { INSTALLATION } from "./harness/places.js";

const CAPTURE = join(INSTALLATION, "examples", "capture", "capture.sh");
const SIDECAR_USER = "1337";
const VIRTUAL_IP = "10.96.0.10";
/** The applications without a sidecar on the hub, by the port on which they listen. */
const STORES = { vault: 9091, safe: 9092 } as const;
const STORE_PORT = 9000;

/** A host outside of the mesh at the port that all of these have: their addresses alone tell them apart. */
const store = (name: keyof typeof STORES): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.example.com]
  ports: [{number: ${String(STORE_PORT)}, name: tcp, protocol: TCP, targetPort: ${String(STORES[name])}}]
  resolution: STATIC
  endpoints: [{address: ${HUB_ADDRESS}}]
`;

const MESH = `
apiVersion: v1
kind: Service
metadata: {name: payments}
spec:
  clusterIP: ${VIRTUAL_IP}
  selector: {app: payments}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: payments}
spec:
  selector: {matchLabels: {app: payments}}
  template:
    metadata: {labels: {app: payments}}
    spec: {serviceAccountName: payments}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec: {serviceAccountName: orders}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: istio-system}
spec: {accessLogging: [{providers: [{name: envoy}]}]}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: orders}
spec:
  selector: {matchLabels: {app: orders}}
  environmentVariables: {ISTIO_META_DNS_CAPTURE: "true"}
${store("vault")}${store("safe")}`;

/** What is answered without the application. */
const GREETING = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payments}
spec:
  hosts: [payments]
  http:
  - match: [{uri: {exact: /greeting}}]
    directResponse: {status: 200, body: {string: hello}}
  - route: [{destination: {host: payments}}]
`;

interface Directories {
  readonly mesh: string;
  readonly state: string;
  /** Readable by the sidecars' user. */
  readonly shared: string;
}

async function makeDirectories(yaml: string): Promise<Directories> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-capture-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o711);
  const directories = {
    mesh: join(root, "mesh"),
    state: join(root, "state"),
    shared: join(root, "shared"),
  };
  await mkdir(directories.mesh);
  await mkdir(directories.shared);
  await writeFile(join(directories.mesh, "mesh.yaml"), yaml);
  return directories;
}

async function startControlPlane(
  { hub }: TestNetwork,
  { mesh, state }: Directories,
): Promise<TestProcess> {
  const server = hub.start(process.execPath, [
    ...[MAIN, "serve", "--config", mesh, "--state", state],
    ...["--address", hub.address, "--tls-name", hub.address],
  ]);
  await server.wrote(/"msg":"serving"/);
  return server;
}

/** An address as it stands in front of a port. */
const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** Captures the connections of a host for its sidecar, and what else is named. */
async function capture(host: TestHost, ...others: readonly ("dns" | "ipv6")[]): Promise<void> {
  await host.exec("sh", [CAPTURE, "on", SIDECAR_USER, ...others]);
}

/** Starts the sidecar of a workload on a host. */
async function startSidecar(
  host: TestHost,
  workload: string,
  { hub }: TestNetwork,
  { mesh, state, shared }: Directories,
): Promise<TestProcess> {
  const account = `default/${workload}`;
  const token = await hub.exec(process.execPath, [
    ...[MAIN, "token", "create", "--state", state, "--service-account", account],
  ]);
  const tokenFile = join(shared, `${workload}.token`);
  await writeFile(tokenFile, token, { mode: 0o644 });
  const bootstrap = await hub.exec(process.execPath, [
    ...[MAIN, "bootstrap", "--workload", `${workload}-0.default`, "--config", mesh],
    ...["--address", host.address, "--control-plane", `${bracketed(hub.address)}:15012`],
    ...["--state", state, "--token-file", tokenFile],
  ]);
  const file = join(shared, `${workload}.json`);
  await writeFile(file, bootstrap, { mode: 0o644 });
  const log = join(shared, `${workload}.log`);
  await writeFile(log, "", { mode: 0o666 });
  await chmod(log, 0o666);
  // Envoy opens /dev/stdout by its name, which another user may only do with a file of the right mode.
  const sidecar = host.start("sh", [
    "-c",
    'exec setpriv --reuid "$1" --regid "$1" --clear-groups "$2" -c "$3" --concurrency 1 --disable-hot-restart --file-flush-interval-msec 100 >>"$4" 2>&1',
    ...["sidecar", SIDECAR_USER, await envoyFile(), file, log],
  ]);
  await eventually(() =>
    host.exec("curl", ["-sf", "-o", "/dev/null", "http://localhost:15021/healthz/ready"]),
  );
  return sidecar;
}

/** Asks again until it is so, for ten seconds at most. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Who called, as the application of a host is told that calls its own service and is all that there is of that. */
async function callerOfOwnService(host: TestHost, address: string): Promise<string> {
  const url = `http://${bracketed(address)}/own`;
  const answer = await eventually(() => host.exec("curl", ["-sf", url]));
  const { headers } = JSON.parse(answer) as { readonly headers: Readonly<Record<string, string>> };
  return headers["x-forwarded-client-cert"] ?? "";
}

const missing = await namespacesMissing();
const skip = missing ?? false;

interface Captured {
  readonly network: TestNetwork;
  readonly controlPlane: TestProcess;
  readonly directories: Directories;
  readonly client: TestHost;
  readonly server: TestHost;
}

/** A mesh of one family of addresses, and what is captured in it besides connections by IPv4. */
interface Variant {
  readonly yaml: string;
  readonly server: readonly "ipv6"[];
  readonly client: readonly ("dns" | "ipv6")[];
}

const IPV6_ADDRESS = "fd00:96::10";
const VARIANTS: Readonly<Record<Family, Variant>> = {
  ipv4: { yaml: MESH, server: [], client: ["dns"] },
  ipv6: { yaml: MESH.replace(VIRTUAL_IP, IPV6_ADDRESS), server: ["ipv6"], client: ["ipv6"] },
};

async function startCaptured(family: Family): Promise<Captured> {
  const variant = VARIANTS[family];
  const directories = await makeDirectories(variant.yaml);
  const network = await startNetwork(family);
  const controlPlane = await startControlPlane(network, directories);
  const client = await network.addHost("orders");
  const server = await network.addHost("payments");
  const application = server.start(process.execPath, [APPLICATION, "payments", "8080"]);
  await application.wrote(/listening/);
  await startSidecar(server, "payments", network, directories);
  await capture(server, ...variant.server);
  await startSidecar(client, "orders", network, directories);
  await capture(client, ...variant.client);
  return { network, controlPlane, directories, client, server };
}

test.skipIf(skip !== false)(
  `captures a plain curl and its questions to DNS on the way out, and in, with mutual TLS between${missing === undefined ? "" : ` (${missing})`}`,
  async () => {
    const { client, server, network, controlPlane, directories } = await startCaptured("ipv4");

    const answer = await eventually(() => client.exec("curl", ["-sf", "http://payments/hello"]));
    const { name, path, headers } = JSON.parse(answer) as {
      readonly name: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
    };
    expect({ name, path }).toEqual({ name: "payments", path: "/hello" });
    const certificate = headers["x-forwarded-client-cert"] ?? "";
    expect(certificate).toContain("By=spiffe://cluster.local/ns/default/sa/payments");
    expect(certificate).toContain("URI=spiffe://cluster.local/ns/default/sa/orders");

    await eventually(async () => {
      const log = await readFile(join(directories.shared, "orders.log"), "utf8");
      expect(log).toContain("outbound|80||payments.default.svc.cluster.local");
    });
    await eventually(async () => {
      const log = await readFile(join(directories.shared, "payments.log"), "utf8");
      expect(log).toContain("inbound|8080||");
    });

    // Connections from before go on: an edit comes to the client's sidecar by its own.
    await writeFile(join(directories.mesh, "greeting.yaml"), GREETING);
    await eventually(async () => {
      expect(await client.exec("curl", ["-sf", "http://payments/greeting"])).toBe("hello");
    });
    expect(controlPlane.output()).not.toContain("proxy disconnected");

    // The addresses of these lead nowhere but through the sidecar.
    for (const [name, port] of Object.entries(STORES)) {
      const application = network.hub.start(process.execPath, [APPLICATION, name, String(port)]);
      await application.wrote(/listening/);
      const url = `http://${name}.example.com:${String(STORE_PORT)}/`;
      expect(await client.exec("curl", ["-sf", url])).toContain(`"${name}"`);
    }

    // Straight to the application, past a sidecar on the way out: the one on the way in refuses plaintext.
    const direct = `http://${server.address}:8080/`;
    // Its own service it reaches as others do, and its own address past its sidecar.
    const caller = await callerOfOwnService(server, VIRTUAL_IP);
    expect(caller).toContain("URI=spiffe://cluster.local/ns/default/sa/payments");
    expect(await server.exec("curl", ["-sf", direct])).toContain('"payments"');
    await expect(network.hub.exec("curl", ["-s", "-m", "5", direct])).rejects.toThrow();
    await server.exec("sh", [CAPTURE, "off"]);
    expect(await network.hub.exec("curl", ["-s", "-m", "5", direct])).toContain('"payments"');
  },
);

const missingForIpv6 = await namespacesMissing("ip6tables");

test.skipIf(missingForIpv6 !== undefined)(
  `captures a plain curl where there is IPv6 alone, with mutual TLS between${missingForIpv6 === undefined ? "" : ` (${missingForIpv6})`}`,
  async () => {
    const { network, client, server } = await startCaptured("ipv6");

    const answer = await eventually(() =>
      client.exec("curl", ["-sf", `http://[${IPV6_ADDRESS}]/hello`]),
    );
    const { path, headers } = JSON.parse(answer) as {
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
    };
    expect(path).toBe("/hello");
    const certificate = headers["x-forwarded-client-cert"] ?? "";
    expect(certificate).toContain("URI=spiffe://cluster.local/ns/default/sa/orders");

    const direct = `http://[${server.address}]:8080/`;
    // Its own service it reaches as others do, and its own address past its sidecar.
    const caller = await callerOfOwnService(server, IPV6_ADDRESS);
    expect(caller).toContain("URI=spiffe://cluster.local/ns/default/sa/payments");
    expect(await server.exec("curl", ["-sf", direct])).toContain('"payments"');
    await expect(network.hub.exec("curl", ["-s", "-m", "5", direct])).rejects.toThrow();
    await server.exec("sh", [CAPTURE, "off"]);
    expect(await network.hub.exec("curl", ["-s", "-m", "5", direct])).toContain('"payments"');
  },
);
