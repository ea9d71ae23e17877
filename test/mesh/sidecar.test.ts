/** Sidecar resources: what callers see, and where their workload takes calls. */

import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { DNS_PORT } from "../../src/envoy/listener/dns-listener.js";
import { admin, stats } from "./harness/admin.js";
import { application, documents } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { call, callAddress, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const PORT = 20_000 + (process.pid % 10_000);
const EGRESS = ownAddress(35);
const LOCALHOST = "127.0.0.1";
const DEPOT_PORT = 8090;

const mesh = shareMesh({
  "apps.yaml": documents(
    ...["front", "other", "cart", "stock"].map((name) => application(name)),
    application("depot", { port: DEPOT_PORT }),
  ),
  "settings.yaml": `
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: { name: other }
spec:
  selector: { matchLabels: { app: other } }
  concurrency: 2
  environmentVariables:
    ISTIO_META_ZONE: a
    ISTIO_META_DNS_CAPTURE: "true"
    ISTIO_META_OUTBOUND_LISTENER_EXACT_BALANCE: "true"
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: { name: front }
spec:
  selector: { matchLabels: { app: front } }
  environmentVariables: { ISTIO_META_IDLE_TIMEOUT: 3s }
`,
});

/** What answers in place of the application of a pod. */
const closers: (() => Promise<void>)[] = [];
/** Short, as the path of a socket has to be. */
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fairlead-"));
  closers.push(() => rm(directory, { recursive: true }));
});

afterAll(async () => {
  for (const closer of closers.reverse()) await closer();
});

const statuses = async (pod: string): Promise<readonly number[]> => {
  const answers = await Promise.all(
    ["http://cart/", "http://stock/"].map((url) => call(mesh().pod(pod), url)),
  );
  return answers.map(({ status }) => status);
};

/** Writes a Sidecar for the pods of `front`, for one test. */
const writeSidecarOfFront = (spec: string): Promise<unknown> =>
  mesh().writeForTest(
    "sidecar.yaml",
    `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: front }
spec:
  workloadSelector: { labels: { app: front } }
${spec}`,
  );

test.each(["./cart.default.svc.cluster.local", "*/*, ~./stock.default.svc.cluster.local"])(
  "hides a service from the workloads that import '%s', and from no others",
  async (hosts) => {
    expect(await statuses("front-0")).toEqual([200, 200]);
    await writeSidecarOfFront(`
  egress: [{ hosts: ${JSON.stringify(hosts.split(", "))} }]
  outboundTrafficPolicy: { mode: REGISTRY_ONLY }
`);
    await expect.poll(() => statuses("front-0")).toEqual([200, 502]);
    expect(await statuses("other-0")).toEqual([200, 200]);
  },
);

test("calls by way of an imported VirtualService what is not imported itself", async () => {
  await mesh().writeForTest(
    "sidecar.yaml",
    `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec:
  egress: [{ hosts: ["./cart.default.svc.cluster.local"] }]
  outboundTrafficPolicy: { mode: REGISTRY_ONLY }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart }
spec:
  hosts: [cart]
  http: [{ route: [{ destination: { host: stock } }] }]
`,
  );
  const answering = async (): Promise<unknown> =>
    (await call(mesh().pod("front-0"), "http://cart/")).headers["x-echo-pod"];
  await expect.poll(answering).toBe("stock-0");
  expect(await statuses("front-0")).toEqual([200, 502]);
});

test("has a listener of its own where an egress listener says so", async () => {
  await writeSidecarOfFront(`
  egress:
    - port: { number: ${DEPOT_PORT}, protocol: HTTP, name: http }
      bind: ${EGRESS}
      hosts: ["./depot.default.svc.cluster.local"]
    - hosts: ["./*"]
`);
  const at = { address: EGRESS, port: DEPOT_PORT };
  const through = (): Promise<unknown> => callAddress(at, "http://depot/").catch(String);
  await expect.poll(through).toMatchObject({ status: 200 });
});

/** The status of an answer by way of a socket, or what went wrong. */
function statusThrough(socketPath: string, host: string): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, headers: { host }, agent: false }, (answer) => {
      answer.resume().on("end", () => {
        resolve(answer.statusCode);
      });
    });
    asked.on("error", (error) => {
      resolve(error.message);
    });
    asked.end();
  });
}

test("leads to every port of the hosts of an egress listener on a socket or of an HTTP proxy", async () => {
  const socket = join(directory, "egress.sock");
  await writeSidecarOfFront(`
  egress:
    - port: { protocol: HTTP, name: socket }
      bind: unix://${socket}
      hosts: ["./depot.default.svc.cluster.local"]
    - port: { number: ${PORT}, protocol: HTTP_PROXY, name: proxy }
      bind: ${EGRESS}
      hosts: ["./cart.default.svc.cluster.local", "./depot.default.svc.cluster.local"]
`);
  await expect.poll(() => statusThrough(socket, `depot:${DEPOT_PORT}`)).toBe(200);
  const proxy = { address: EGRESS, port: PORT };
  const statusOf = (url: string): Promise<unknown> =>
    callAddress(proxy, url).then(({ status }) => status, String);
  await expect.poll(() => statusOf("http://cart/")).toBe(200);
  await expect.poll(() => statusOf(`http://depot:${DEPOT_PORT}/`)).toBe(200);
});

test("has calls for its workload answered where an ingress listener says that the application listens", async () => {
  await mesh().writeForTest(
    "sidecar.yaml",
    `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: cart }
spec:
  workloadSelector: { labels: { app: cart } }
  ingress:
    - port: { number: 8080, protocol: HTTP, name: http }
      defaultEndpoint: ${LOCALHOST}:${PORT}
`,
  );
  const { app } = mesh().pod("cart-0").addresses;
  const endpoints = async (): Promise<string> => admin(mesh().pod("cart-0"), "/clusters");
  await expect.poll(endpoints).toContain(`inbound|8080||::${app}:${String(PORT)}::`);
  const answer = await call(mesh().pod("other-0"), "http://cart/");
  expect(answer.status).toBe(200);
  expect(echoOf(answer).pod).toBe("cart-0");
});

test("proxies are started as the ProxyConfig says that is for them", async () => {
  const infoOf = async (pod: string) =>
    JSON.parse(await admin(mesh().pod(pod), "/server_info")) as object;
  expect(await infoOf("other-0")).toMatchObject({
    command_line_options: { concurrency: 2 },
    node: { metadata: { ZONE: "a" } },
  });
  expect(await infoOf("front-0")).toMatchObject({ command_line_options: { concurrency: 1 } });
});

test("ends a connection that is not used as long as its node asks for", async () => {
  const { egress: host } = mesh().pod("front-0").addresses;
  const socket = connect({ host, port: DEPOT_PORT });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "close");
});

test("gives its threads connections in turns when its node asks for it", async () => {
  const { egress: host } = mesh().pod("other-0").addresses;
  const sockets = Array.from({ length: 8 }, () => connect({ host, port: DEPOT_PORT }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const names = [0, 1].map(
    (thread) =>
      `listener.${host}_${String(DEPOT_PORT)}.worker_${String(thread)}.downstream_cx_active`,
  );
  const active = async (): Promise<unknown> => {
    const found = await stats(mesh().pod("other-0"), "downstream_cx_active");
    return names.map((name) => found.get(name));
  };
  await expect.poll(active).toEqual([4, 4]);
});

test("answers its application's questions to DNS with where it takes the calls", async () => {
  const { egress } = mesh().pod("other-0").addresses;
  const resolver = new Resolver({ timeout: 2_000, tries: 10 });
  resolver.setServers([`${egress}:${String(DNS_PORT)}`]);
  const names = ["depot", "depot.default", "depot.default.svc.cluster.local"];
  const found = await Promise.all(names.map((name) => resolver.resolve4(name)));
  expect(found).toEqual([[egress], [egress], [egress]]);
  const answer = await callAddress(
    { address: egress, port: DEPOT_PORT },
    `http://depot:${String(DEPOT_PORT)}/`,
  );
  expect(echoOf(answer).pod).toBe("depot-0");
  await mesh().writeForTest(
    "late.yaml",
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: late }
spec:
  hosts: [late.example.com, "*.late.example.com"]
  ports: [{ number: ${String(PORT)}, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: ${LOCALHOST} }]
`,
  );
  // A question that the listener before still takes is asked elsewhere, in vain.
  const late = (): Promise<readonly string[]> =>
    resolver.resolve4("late.example.com").catch(() => []);
  await expect.poll(late, { timeout: 30_000 }).toEqual([egress]);
  expect(await resolver.resolve4("any.late.example.com")).toEqual([egress]);
});

test("a proxy is started anew when an EnvoyFilter changes its bootstrap, and no other is", async () => {
  const dumpOf = async (pod: string) =>
    JSON.parse(await admin(mesh().pod(pod), "/config_dump?mask=bootstrap")) as object;
  const interval = async (pod: string): Promise<string | undefined> =>
    /"stats_flush_interval":\s*"(\w+)"/.exec(JSON.stringify(await dumpOf(pod)))?.[1];
  const uptime = async (pod: string): Promise<number> => {
    const info = JSON.parse(await admin(mesh().pod(pod), "/server_info")) as object;
    return Number.parseInt((info as { uptime_current_epoch: string }).uptime_current_epoch, 10);
  };
  const before = await uptime("front-0");
  await mesh().writeForTest(
    "bootstrap.yaml",
    `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: other }
spec:
  workloadSelector: { labels: { app: other } }
  configPatches:
  - applyTo: BOOTSTRAP
    patch: { operation: MERGE, value: { stats_flush_interval: 7s } }
`,
  );
  const changed = (): Promise<string | undefined> => interval("other-0").catch(() => undefined);
  await expect.poll(changed, { timeout: 30_000, interval: 100 }).toBe("7s");
  expect(await interval("front-0")).toBe("5s");
  expect(await uptime("front-0")).toBeGreaterThanOrEqual(before);
});
