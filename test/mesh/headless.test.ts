/** Services without an address, whose pods are called by names of their own, where no connections are captured. */
import { Resolver } from "node:dns/promises";
import { describe, expect, test } from "vitest";
import { DNS_PORT } from "../../src/envoy/listener/dns-listener.js";
import { admin } from "./harness/admin.js";
import { explanationOf } from "./harness/explanations.js";
import { application, documents, ON_DEMAND } from "./harness/manifests.js";
import { call, callAddress, callThroughTunnel, echoOf } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";
import { shareMesh } from "./harness/test-mesh.js";

const PORTS = { http: 8000, bytes: 5432, unsaid: 8001 } as const;

const DATABASE = `
apiVersion: v1
kind: Service
metadata: { name: database }
spec:
  clusterIP: None
  selector: { app: database }
  ports:
    - { name: http, port: ${PORTS.http}, targetPort: 8080 }
    - { name: tcp, port: ${PORTS.bytes}, targetPort: 8080 }
    - { name: unsaid, port: ${PORTS.unsaid}, targetPort: 8080 }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: database }
spec:
  serviceName: database
  replicas: 2
  selector: { matchLabels: { app: database } }
  template:
    metadata: { labels: { app: database } }
    spec:
      serviceAccountName: database
      containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default }
spec: { mtls: { mode: STRICT } }
`;

/** The calls of one user go to one pod, whichever that is, and for long to none that failed. */
const RULE = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: database }
spec:
  host: database
  trafficPolicy:
    loadBalancer: { consistentHash: { httpHeaderName: x-user } }
    outlierDetection: { consecutive5xxErrors: 1, interval: 0.1s, baseEjectionTime: 300s, maxEjectionPercent: 100 }
`;

/** Requests with a header go to another service, whoever they are for. */
const ROUTE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: database }
spec:
  hosts: [database]
  http:
    - match: [{ headers: { x-elsewhere: { exact: "yes" } } }]
      route: [{ destination: { host: caller } }]
    - route: [{ destination: { host: database } }]
      headers: { request: { set: { x-routed: "yes" } } }
`;

const APPLICATIONS = documents(
  application("caller"),
  application("caller", { namespace: "other" }),
  DATABASE,
);

/** Another name of the pods, under which they carry requests alone. */
const REQUESTS = `
apiVersion: v1
kind: Service
metadata: { name: requests }
spec:
  clusterIP: None
  selector: { app: database }
  ports: [{ name: http, port: 8002, targetPort: 8080 }]
`;

const HTTP = String(PORTS.http);
const BYTES = String(PORTS.bytes);
const UNSAID = String(PORTS.unsaid);

const WAYS = [
  { way: "virtual hosts pushed", protocol: "delta", more: {} },
  { way: "whole tables", protocol: "state-of-the-world", more: {} },
  { way: "virtual hosts on demand", protocol: "delta", more: { "mesh-config.yaml": ON_DEMAND } },
] as const;

describe.for(WAYS)("with $way", ({ protocol, more }) => {
  const files = { "mesh.yaml": APPLICATIONS, "rule.yaml": RULE, "route.yaml": ROUTE, ...more };
  const mesh = shareServedMesh(files, { protocol });

  test.each([
    ["database-0.database", "database-0", "caller-0"],
    ["database-1.database.default", "database-1", "caller-0"],
    ["database-0.Database.default.svc", "database-0", "caller-0"],
    ["database-1.database.default.svc.cluster.local", "database-1", "caller-0"],
    ["database-1.database.default.svc.cluster.local.", "database-1", "caller-0"],
    ["database-0.database.default", "database-0", "caller-0.other"],
    ["database-1.database.default.svc.cluster.local", "database-1", "caller-0.other"],
  ])("a pod is called by HTTP as %s", async (host, pod, from) => {
    const caller = mesh().pod(from);
    const url = `http://${host}:${HTTP}/`;
    const at = { address: caller.addresses.egress, port: PORTS.http };
    const question = { headers: { "x-user": "one" } };
    for (const ask of [() => call(caller, url, question), () => callAddress(at, url, question)]) {
      const echo = echoOf(await ask());
      expect(echo.pod).toBe(pod);
      expect(echo.peer).toBe(`spiffe://cluster.local/ns/${caller.namespace}/sa/caller`);
      expect(echo.headers["x-routed"]).toBe("yes");
    }
  });

  test("a pod is called on a port that says nothing of its protocol, by HTTP and for bytes", async () => {
    for (const pod of ["database-0", "database-1"]) {
      const url = `http://${pod}.database:${UNSAID}/`;
      expect(echoOf(await call(mesh().pod("caller-0"), url)).pod).toBe(pod);
      expect(echoOf(await callThroughTunnel(mesh().pod("caller-0"), url)).pod).toBe(pod);
    }
  });

  test("a pod is reached by its name through a tunnel, for bytes", async () => {
    for (const pod of ["database-0", "database-1"]) {
      const url = `http://${pod}.database:${BYTES}/`;
      expect(echoOf(await callThroughTunnel(mesh().pod("caller-0"), url)).pod).toBe(pod);
    }
  });

  test("the service itself is all of its pods, however its name is written", async () => {
    const called = new Set<string>();
    let calls = 0;
    const next = async (): Promise<number> => {
      const host = ["database", "DATABASE.default.svc.cluster.local"][calls % 2] ?? "";
      const headers = { "x-user": String(calls++) };
      const answer = await call(mesh().pod("caller-0"), `http://${host}:${HTTP}/`, { headers });
      return called.add(echoOf(answer).pod).size;
    };
    await expect.poll(next).toBe(2);
  });

  test("what routes send elsewhere is for no pod of the service", async () => {
    const question = { headers: { "x-elsewhere": "yes" } };
    const url = `http://database-0.database:${HTTP}/`;
    expect(echoOf(await call(mesh().pod("caller-0"), url, question)).pod).toBe("caller-0");
  });

  test("a name that no pod has leads to none", async () => {
    for (const host of ["database-7.database", "a.database-0.database"]) {
      const answer = await call(mesh().pod("caller-0"), `http://${host}:${HTTP}/`);
      expect([answer.status, answer.body]).toEqual([503, "no healthy upstream"]);
    }
  });

  test("a pod that failed is left out of the service, and called by its own name", async () => {
    const caller = mesh().pod("caller-0");
    const url = `http://database-1.database:${HTTP}/`;
    expect((await call(caller, `${url}status/500`)).status).toBe(500);
    await expect.poll(() => admin(caller, "/clusters")).toContain("failed_outlier_check");
    expect(echoOf(await call(caller, url)).pod).toBe("database-1");
    const podFor = async (user: string): Promise<string> =>
      echoOf(await call(caller, `http://database:${HTTP}/`, { headers: { "x-user": user } })).pod;
    const pods = () => Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map(podFor));
    // Envoy's admin interface knows of it before its workers do.
    await expect.poll(pods).toEqual(Array.from({ length: 8 }, () => "database-0"));
  });

  test("the short name of a pod is for callers of its namespace", async () => {
    const url = `http://database-0.database:${HTTP}/`;
    const answer = await call(mesh().pod("caller-0.other"), url);
    expect(answer.body).not.toContain("database-0");
    expect(answer.status).not.toBe(200);
  });
});

describe("a mesh that changes", () => {
  const annotations = {
    "proxy.istio.io/config": '{ "proxyMetadata": { "ISTIO_META_DNS_CAPTURE": "true" } }',
  };
  const mesh = shareMesh({
    "mesh.yaml": documents(application("caller", { annotations }), DATABASE, REQUESTS),
  });
  const caller = () => mesh().pod("caller-0");

  test.each([
    ["database-1.database", ["database-1.default"], ""],
    ["database-7.database", [], "the cluster has no endpoints for the pod database-7"],
  ])("explains whom %s means", async (host, answeredBy, reason) => {
    const url = `http://${host}:${HTTP}/`;
    const { results } = await explanationOf(mesh(), url, "--from", "caller-0.default");
    expect(results).toMatchObject([{ share: 1, answeredBy, reason }]);
  });

  test("an application that knows no proxy finds a pod by DNS, and calls it", async () => {
    const { egress } = caller().addresses;
    const resolver = new Resolver({ timeout: 2_000, tries: 10 });
    resolver.setServers([`${egress}:${String(DNS_PORT)}`]);
    for (const pod of ["database-0", "database-1"]) {
      const [address = ""] = await resolver.resolve4(`${pod}.requests`);
      expect(address).toBe(egress);
      const answer = await callAddress({ address, port: 8002 }, `http://${pod}.requests:8002/`);
      expect(echoOf(answer).pod).toBe(pod);
    }
  });

  test("a pod that comes is called by its name, and one that goes no more", async () => {
    const url = `http://database-2.database:${HTTP}/`;
    const status = async (): Promise<number> => (await call(caller(), url)).status;
    expect(await status()).toBe(503);
    await mesh().edit("mesh.yaml", (text) => text.replace("replicas: 2", "replicas: 3"));
    await expect.poll(status).toBe(200);
    await mesh().edit("mesh.yaml", (text) => text.replace("replicas: 3", "replicas: 2"));
    await expect.poll(status).toBe(503);
    expect((await call(caller(), `http://database-0.database:${HTTP}/`)).status).toBe(200);
  });

  test("a service that is given an address no more has its pods called", async () => {
    const url = `http://database-0.database:${HTTP}/`;
    const body = async (): Promise<string> => (await call(caller(), url)).body;
    expect(await body()).toContain("database-0");
    await mesh().edit("mesh.yaml", (text) => text.replace("  clusterIP: None\n", ""));
    await expect.poll(body).not.toContain("database-0");
    await mesh().edit("mesh.yaml", (text) =>
      text.replace(
        "spec:\n  selector: { app: database }",
        "spec:\n  clusterIP: None\n  selector: { app: database }",
      ),
    );
    await expect.poll(body).toContain("database-0");
  });
});
