/** What callers are spared when an application fails or has too much to do: retries, circuit breaking, outlier ejection. */
import { expect, test } from "vitest";
import { stats } from "./harness/admin.js";
import { application, documents } from "./harness/manifests.js";
import { type Answer, call, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const RETRIES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: flaky }
spec:
  hosts: [flaky]
  http:
    - match: [{ uri: { prefix: /once } }]
      retries: { attempts: 0 }
      route: [{ destination: { host: flaky } }]
    - retries: { attempts: 3 }
      route: [{ destination: { host: flaky } }]
`;

const ONE_AT_A_TIME = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: busy }
spec:
  host: busy
  trafficPolicy:
    connectionPool:
      tcp: { maxConnections: 1 }
      http: { http1MaxPendingRequests: 1 }
`;

/** However many requests there are, one of them is tried again at a time. */
const THRIFTY = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: thrifty }
spec:
  host: thrifty
  trafficPolicy: { retryBudget: { percent: 1, minRetryConcurrency: 1 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: thrifty }
spec:
  hosts: [thrifty]
  http: [{ retries: { attempts: 3 }, route: [{ destination: { host: thrifty } }] }]
`;

const EJECTION_MS = 3000;

const OUTLIERS = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: sick }
spec:
  host: sick
  trafficPolicy:
    loadBalancer: { consistentHash: { httpHeaderName: x-key } }
    outlierDetection:
      consecutive5xxErrors: 3
      interval: 0.1s
      baseEjectionTime: ${String(EJECTION_MS / 1000)}s
      maxEjectionPercent: 100
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: sick }
spec:
  hosts: [sick]
  http: [{ retries: { attempts: 0 }, route: [{ destination: { host: sick } }] }]
`;

const TELEMETRY = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: access-logs, namespace: istio-system }
spec: { accessLogging: [{ providers: [{ name: envoy }] }] }
`;

const mesh = shareMesh({
  "apps.yaml": documents(
    application("caller"),
    application("flaky"),
    application("busy"),
    application("thrifty"),
    application("sick", { replicas: 2 }),
  ),
  "rules.yaml": documents(RETRIES, ONE_AT_A_TIME, THRIFTY, OUTLIERS, TELEMETRY),
});

const caller = () => mesh().pod("caller-0");

/** A counter or gauge of the caller's sidecar about a service. */
async function statOf(service: string, name: string): Promise<number | undefined> {
  const full = `cluster.outbound|80||${service}.default.svc.cluster.local;.${name}`;
  return (await stats(caller(), full)).get(full);
}

/** How often the caller's access log has a request with this code and flags. */
async function logged(path: string, codeAndFlags: string): Promise<number> {
  const lines = (await mesh().log("caller-0")).split("\n");
  return lines.filter((line) => line.includes(`"GET ${path} HTTP/1.1" ${codeAndFlags} `)).length;
}

test("a request that fails twice with 503 is retried, and its caller sees only the answer", async () => {
  const answer = await call(caller(), "http://flaky/?fail=2");
  expect(answer.status).toBe(200);
  expect(echoOf(answer).headers["x-envoy-attempt-count"]).toBe("3");
  expect(await statOf("flaky", "upstream_rq_retry")).toBe(2);
  expect(await statOf("flaky", "upstream_rq_retry_success")).toBe(1);
});

test("a request that fails more often than it is retried fails", async () => {
  expect(await call(caller(), "http://flaky/?fail=4&key=often")).toMatchObject({ status: 503 });
  await expect.poll(() => logged("/?fail=4&key=often", "503 URX"), { timeout: 5000 }).toBe(1);
});

test("a route without retries passes the failure on", async () => {
  expect(await call(caller(), "http://flaky/once?fail=1")).toMatchObject({ status: 503 });
});

test("no more requests are retried at once than the budget has room for", async () => {
  const failing = (service: string): Promise<readonly Answer[]> =>
    Promise.all(Array.from({ length: 8 }, () => call(caller(), `http://${service}/status/503`)));
  await failing("flaky");
  expect(await statOf("flaky", "upstream_rq_retry_overflow")).toBe(0);
  await failing("thrifty");
  expect(await statOf("thrifty", "upstream_rq_retry_overflow")).toBeGreaterThan(0);
  expect(await statOf("thrifty", "upstream_rq_retry")).toBeGreaterThan(0);
});

test("more requests than a connection pool has room for are refused at once, flagged UO", async () => {
  const underWay = call(caller(), "http://busy/delay/3s");
  await expect
    .poll(() => statOf("busy", "upstream_rq_active"), { interval: 10, timeout: 2500 })
    .toBe(1);
  const waiting = call(caller(), "http://busy/waiting");
  await expect
    .poll(() => statOf("busy", "upstream_rq_pending_active"), { interval: 10, timeout: 2500 })
    .toBe(1);
  const others = await Promise.all(Array.from({ length: 8 }, () => call(caller(), "http://busy/")));
  expect(others.map(({ status }) => status)).toEqual(Array(8).fill(503));
  expect(others.map(({ headers }) => headers["x-envoy-overloaded"])).toEqual(Array(8).fill("true"));
  expect(await statOf("busy", "upstream_rq_pending_overflow")).toBe(8);
  await expect.poll(() => logged("/", "503 UO"), { timeout: 5000 }).toBe(8);
  expect([(await underWay).status, (await waiting).status]).toEqual([200, 200]);
  expect((await call(caller(), "http://busy/")).status).toBe(200);
});

test("a pod that fails again and again is left out for a while, and then comes back", async () => {
  const ask = (path: string): Promise<Answer> =>
    call(caller(), `http://sick${path}`, { headers: { "x-key": "always the same" } });
  const podOf = async (): Promise<unknown> => (await ask("/")).headers["x-echo-pod"];
  const usual = await podOf();
  for (let i = 0; i < 3; i++) expect((await ask("/status/500")).status).toBe(500);
  const ejectedAt = performance.now();
  await expect.poll(podOf, { timeout: 1000, interval: 10 }).not.toBe(usual);
  expect(await statOf("sick", "outlier_detection.ejections_enforced_consecutive_5xx")).toBe(1);
  expect(await statOf("sick", "outlier_detection.ejections_active")).toBe(1);
  await expect.poll(podOf, { timeout: 10_000, interval: 50 }).toBe(usual);
  expect(performance.now() - ejectedAt).toBeGreaterThanOrEqual(EJECTION_MS);
  expect(await statOf("sick", "outlier_detection.ejections_active")).toBe(0);
});
