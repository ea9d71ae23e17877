/** Whole outputs of the commands that ask a control plane that runs; its proxies have no admin interface that answers. */

import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startControlPlane } from "../../../src/app.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { notedLogger } from "../../outputs/note-output.js";
import { run } from "../../unit/cli/run.js";
import { expectTranscripts } from "../../unit/cli/transcript.js";
import { openAds } from "../app/ads-client.js";
import { joinToken } from "../app/join-token.js";

/** Several commands a test, each of which finds and calls the control plane. */
vi.setConfig({ testTimeout: 30_000 });

const MESH = `
apiVersion: v1
kind: Service
metadata: { name: payments, namespace: default }
spec:
  selector: { app: payments }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]
---
apiVersion: v1
kind: Service
metadata: { name: nobody, namespace: default }
spec:
  selector: { app: nobody }
  ports: [{ name: http, port: 80 }]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec:
  mtls: { mode: STRICT }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: payments, namespace: default }
spec:
  selector: { matchLabels: { app: payments } }
  portLevelMtls:
    9000: { mode: DISABLE }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: payments, namespace: default }
spec:
  host: payments
  trafficPolicy:
    tls: { mode: DISABLE }
    loadBalancer: { simple: ROUND_ROBIN }
    portLevelSettings:
      - port: { number: 9000 }
        tls: { mode: ISTIO_MUTUAL }
  subsets:
    - { name: v1, labels: { version: v1 } }
    - name: v2
      labels: { version: v2 }
      trafficPolicy:
        portLevelSettings:
          - port: { number: 80 }
            tls: { mode: ISTIO_MUTUAL }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: payments, namespace: default }
spec:
  hosts: [payments]
  http:
    - match: [{ uri: { prefix: /api }, headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: payments, subset: v2 } }]
    - route:
        - { destination: { host: payments, subset: v1 }, weight: 90 }
        - { destination: { host: payments, subset: v2 }, weight: 10 }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [pay.example.com] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: istio-system }
spec:
  hosts: [pay.example.com]
  gateways: [edge]
  http:
    - route: [{ destination: { host: payments.default.svc.cluster.local, port: { number: 80 } } }]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: patient, namespace: default }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND, cluster: { subset: v2 } }
      patch: { operation: MERGE, value: { connect_timeout: 3s } }
    - applyTo: HTTP_ROUTE
      match: { context: SIDECAR_OUTBOUND, routeConfiguration: { vhost: { name: "nobody.default.svc.cluster.local:80" } } }
      patch: { operation: INSERT_FIRST, value: { match: { path: /health }, direct_response: { status: 204 } } }
    - applyTo: FILTER_CHAIN
      match: { context: SIDECAR_INBOUND, listener: { filterChain: { destinationPort: 9000 } } }
      patch: { operation: MERGE, value: { transport_socket_connect_timeout: 9s } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: payments, namespace: default }
spec: { template: { serviceAccount: default, labels: { app: payments } } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: payments, namespace: default }
spec: { action: DENY, rules: [{ to: [{ operation: { paths: [/admin] } }] }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: nobody, namespace: default }
spec:
  workloadSelector: { matchLabels: { app: payments } }
  host: nobody
  trafficPolicy: { tls: { mode: DISABLE } }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ledger, namespace: default }
spec:
  hosts: [ledger.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ name: http, number: 80, protocol: HTTP }]
  endpoints: [{ address: 192.0.2.7, labels: { "security.istio.io/tlsMode": disabled } }]
---
apiVersion: v1
kind: Namespace
metadata: { name: quiet, labels: { istio-injection: disabled } }
`;

/** Starts a control plane and a proxy that accepts what it is sent; resolves with the directory of its state. */
async function start(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-live-"));
  await chmod(root, 0o700);
  await writeFile(join(root, "mesh.yaml"), MESH);
  const stateDir = join(root, "fairlead", "state");
  const controlPlane = await startControlPlane({
    configDirs: [join(root, "mesh.yaml")],
    stateDir,
    address: "127.0.0.1",
    plaintextPort: 0,
    tlsPort: 0,
    httpPort: 0,
    logger: notedLogger(),
  });
  onTestFinished(async () => {
    await controlPlane.close();
    await rm(root, { recursive: true, force: true });
  });
  const token = await joinToken(controlPlane);
  const proxy = openAds({
    port: controlPlane.tlsPort,
    roots: controlPlane.rootCertificates,
    token,
    name: "payments-v1-0",
    labels: { app: "payments", version: "v1" },
    metadata: { AUTO_REGISTER_GROUP: "payments" },
  });
  await proxy.ask(TYPE_URL.cluster);
  await proxy.ask(TYPE_URL.endpoint, ["outbound|80|v1|payments.default.svc.cluster.local"]);
  await proxy.ask(TYPE_URL.listener);
  await proxy.ask(TYPE_URL.route, ["80"]);
  await proxy.ask(TYPE_URL.virtualHost);
  return root;
}

/** Transcripts of commands that are told the state directory. */
async function expectLive(name: string, commands: readonly (readonly string[])[]): Promise<void> {
  const root = await start();
  const state = join(root, "fairlead", "state");
  await expectTranscripts(
    name,
    commands.map((args) => [...args, "--state", state]),
    { [` --state ${state}`]: "", [root]: "/etc" },
  );
}

test("what a proxy accepted is shown where its Envoy cannot be asked", async () => {
  await expectLive("live-proxy-config", [
    ["proxy-config", "clusters", "payments-v1-0", "--fqdn", "payments"],
    ["proxy-config", "endpoints", "payments-v1-0.default"],
    ["proxy-config", "listeners", "pod/payments-v1-0"],
    ["proxy-config", "clusters", "deployment/payments-v1-0.default", "--fqdn", "nobody"],
  ]);
});

test("wide tables have what made each row, EnvoyFilters too", async () => {
  await expectLive("live-wide", [
    ["proxy-config", "clusters", "payments-v1-0", "-o", "wide"],
    ["proxy-config", "endpoints", "payments-v1-0", "-o", "wide"],
    ["proxy-config", "eds", "payments-v1-0", "-o", "wide"],
    ["proxy-config", "listeners", "payments-v1-0", "-o", "wide"],
    ["proxy-config", "routes", "payments-v1-0", "-o", "wide"],
  ]);
});

test("what cannot be shown is explained", async () => {
  await expectLive("live-mistakes", [
    ["proxy-config", "log", "payments-v1-0"],
    ["proxy-config", "bootstrap", "payments-v1-0"],
    ["proxy-config", "clusters", "payment-v1-0"],
    ["proxy-config", "clusters", "payments-v1-0", "-n", "shop"],
    ["proxy-config", "clusters", "deployment/payments"],
    ["proxy-config", "clusters", "A B"],
    ["authn", "tls-check", "payments-v1-0", "reviews"],
    ["describe", "pod", "reviews-0.shop"],
    ["describe", "service", "reviews"],
    ["describe", "service", "payment"],
    ["why", "payments-v1.default", "80"],
    ["why", "payments-v1-0.default", "outbound|80||payment.default.svc.cluster.local"],
    ["explain", "--from", "payments-v1-0"],
    ["proxy-config", "clusters", "payments-v1-0", "--direction", "outbund"],
  ]);
});

test("tls-check says who agrees on TLS, and who decides it", async () => {
  await expectLive("live-tls-check", [
    ["authn", "tls-check", "payments-v1-0.default"],
    ["authn", "tls-check", "payments-v1-0", "payments", "-o", "wide"],
    ["authn", "tls-check", "payments-v1-0", "nobody.default", "-o", "wide"],
    ["authn", "tls-check", "payments-v1-0", "payments", "-o", "json"],
  ]);
});

test("why tells what made a resource, explain what becomes of a request", async () => {
  await expectLive("live-explain", [
    ["why", "payments-v1-0", "payments.default.svc.cluster.local:80"],
    [
      "why",
      "payments-v1.default",
      "outbound|80|v1|payments.default.svc.cluster.local",
      "-o",
      "json",
    ],
    ["why", "payments-v1-0", "outbound|80||payments.default.svc.cluster.local"],
    ["why", "payments-v1-0", "nothing"],
    ["why", "nobody", "nothing"],
    ["explain", "--from", "payments-v1-0", "http://payments/api/x", "-H", "end-user: jason"],
    ["explain", "--from", "nobody", "http://payments/"],
  ]);
});

test("describe shows what concerns a pod or a service, and where it is written", async () => {
  await expectLive("live-describe", [
    ["describe", "pod", "payments-v1-0.default"],
    ["x", "des", "po", "payments-v1-0.default", "-n", "istio-system"],
    ["describe", "service", "payments"],
    ["describe", "svc", "nobody.default"],
    ["describe", "svc", "nobody.default.svc.cluster.local", "-n", "other"],
    ["describe", "svc", "ledger"],
    ["describe", "svc", "ledger", "--ignoreUnmeshed"],
  ]);
});

test("check-inject looks at what the control plane has read", async () => {
  await expectLive("live-check-inject", [
    ["check-inject", "-n", "default", "-l", "app=payments"],
    ["x", "check-inject", "-n", "quiet", "-l", "app=payments"],
    ["check-inject", "payments-v1-0"],
  ]);
});

/** An admin interface of the proxy, on a port that it does not name. */
async function adminOf(id: string): Promise<string> {
  const server = createServer(({ url }, response) => {
    const answers: Readonly<Record<string, string>> = {
      "/server_info": JSON.stringify({ node: { id: `sidecar~127.0.0.1~${id}~` } }),
      "/logging": "active loggers:\n  http: warning\n",
      "/logging?level=debug": "active loggers:\n  http: debug\n",
    };
    response.end(answers[url ?? ""]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return String((server.address() as AddressInfo).port);
}

test("an admin interface that its proxy does not name is found by its port", async () => {
  const root = await start();
  const at = ["--state", join(root, "fairlead", "state")];
  const port = await adminOf("payments-v1-0.default");
  const log = ["pc", "log", ...at, "--proxy-admin-port", port];
  const set = await run([...log, "payments-v1-0", "--level", "debug"]);
  expect(set).toEqual({
    code: 0,
    stdout: "payments-v1-0.default:\nactive loggers:\n  http: debug\n",
    stderr: "",
  });
  const selected = await run([...log, "-l", "app=payments", "-o", "json"]);
  expect(JSON.parse(selected.stdout)).toEqual({ "payments-v1-0.default": { http: "warning" } });
});

test("the port of another proxy's admin interface is not taken for its own", async () => {
  const root = await start();
  const at = ["--state", join(root, "fairlead", "state")];
  const port = await adminOf("other-0.default");
  const { code, stderr } = await run([
    "pc",
    "log",
    ...at,
    "payments-v1-0",
    "--proxy-admin-port",
    port,
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain(`the Envoy at 127.0.0.1:${port} of this machine is other-0.default`);
});

test("loggers of pods that are not there, or named twice, are none", async () => {
  await expectLive("live-log", [
    ["pc", "log", "-l", "app=nobody"],
    ["pc", "log", "-l", "app=payments,version=v1", "-n", "other"],
    ["pc", "log", "payments-v1-0", "-l", "app=payments"],
  ]);
});

test("what a proxy accepted is compared with a dump from the standard input", async () => {
  const root = await start();
  const state = join(root, "fairlead", "state");
  const dump = JSON.stringify({
    configs: ["ClustersConfigDump", "ListenersConfigDump", "RoutesConfigDump"].map((name) => ({
      "@type": `type.googleapis.com/envoy.admin.v3.${name}`,
    })),
  });
  const compared = await run(["ps", "payments-v1-0", "-f", "-", "--state", state], {}, dump);
  expect(compared).toMatchObject({
    code: 0,
    stderr: "what payments-v1-0.default accepted, and what the standard input holds:\n",
  });
  expect(compared.stdout).toMatch(/^Clusters Don't Match\n/);
});

test("pods are completed by those that are connected", async () => {
  const root = await start();
  // Where a command looks that is not told where.
  await mkdir(join(root, "fairlead", "up"));
  await symlink(join(root, "fairlead", "state"), join(root, "fairlead", "up", "mesh"));
  const complete = (...words: readonly string[]): ReturnType<typeof run> =>
    run(["__complete", ...words], { XDG_STATE_HOME: root });
  const pods = { code: 0, stdout: "payments-v1-0.default\t\n", stderr: "" };
  expect(await complete("pc", "c", "")).toEqual(pods);
  expect(await complete("pc", "rc", "other.default", "pay")).toEqual(pods);
  expect(await complete("x", "authz", "check", "-o", "json", "pay")).toEqual(pods);
  expect(await complete("authn", "tls-check", "rev")).toEqual({ ...pods, stdout: "" });
  expect(await complete("explain", "--from", "pay")).toEqual(pods);
  expect(await complete("explain", "--gateway=pay")).toEqual({
    ...pods,
    stdout: `--gateway=${pods.stdout}`,
  });
});

test("pods are those of the control plane that the words before name", async () => {
  const root = await start();
  const state = join(root, "fairlead", "state");
  const complete = async (...words: readonly string[]): Promise<string> =>
    (await run(["__complete", ...words], { XDG_STATE_HOME: "/nowhere" })).stdout;
  const pods = "payments-v1-0.default\t\n";
  expect(await complete("pc", "c", "--state", state, "pay")).toBe(pods);
  expect(await complete("pc", "c", `--state=${state}`, "pay")).toBe(pods);
  expect(await complete("ps", "--state", state, "-v", "1", "pay")).toBe(pods);
  expect(await complete("ps", "--xds-address", "nowhere", "--plaintext", "pay")).toBe("");
});
