/** Workloads that register themselves, and whose health is found out by their own Envoys. */
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Server } from "node:net";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { run } from "../unit/cli/run.js";
import { openCertificates } from "./harness/certificates.js";
import { application } from "./harness/manifests.js";
import { call } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const PORT = 20_000 + (process.pid % 10_000);
/** A slow machine takes its time for a probe, the report of it and the push that follows. */
const SOON = { timeout: 30_000, interval: 100 };

const certificates = await openCertificates();

const workloadGroup = (probe: string): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: billing }
spec:
  metadata: { labels: { tier: back } }
  template: { serviceAccount: billing }
  probe: { periodSeconds: 1, ${probe} }
`;

const HTTP_PROBE = `failureThreshold: 2, httpGet: { port: ${PORT}, path: /ready, httpHeaders: [{ name: x-probe, value: "100%" }] }`;

const DENY_BACK = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: back }
spec:
  selector: { matchLabels: { tier: back } }
  action: DENY
  rules: [{}]
`;

const MEMBER = { proxyMetadata: { ISTIO_META_AUTO_REGISTER_GROUP: "billing" } };

const mesh = shareServedMesh({
  "front.yaml": application("front"),
  "billing.yaml": application("billing", {
    annotations: { "proxy.istio.io/config": JSON.stringify(MEMBER) },
  }),
  "group.yaml": workloadGroup(HTTP_PROBE),
});

const closers: (() => Promise<unknown>)[] = [];
/** How the application behaves: the status with which it answers probes, and the last of them. */
const behaviour: { status: number; asked: Record<string, unknown> } = { status: 500, asked: {} };

const answer: RequestListener = ({ url, headers }, response) => {
  behaviour.asked = { url, host: headers.host, probe: headers["x-probe"] };
  response.writeHead(behaviour.status).end();
};

const address = (): string => mesh().pod("billing-0").addresses.app;

function listen(server: Server, port: number): Promise<void> {
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return new Promise((resolve) => server.listen(port, address(), resolve));
}

beforeAll(() => listen(createHttpServer(answer), PORT));

afterAll(async () => {
  for (const closer of closers.reverse()) await closer();
});

const answered = async (): Promise<number> =>
  (await call(mesh().pod("front-0"), "http://billing/")).status;

const becomes = (status: number): Promise<void> => expect.poll(answered, SOON).toBe(status);

const described = async (): Promise<string> =>
  (await run(["describe", "pod", "billing-0", "--state", mesh().state])).stdout;

const health = async (): Promise<string | undefined> => /Health: .*/.exec(await described())?.[0];

test("is called when its application is healthy, and only as long as it is", async () => {
  await expect.poll(health, SOON).toBe("Health: unhealthy (no right answer)");
  expect(await answered()).toBe(503);
  behaviour.status = 204;
  await becomes(200);
  expect(await health()).toBe("Health: healthy");
  expect(behaviour.asked).toEqual({ url: "/ready", host: `${address()}:${PORT}`, probe: "100%" });
  behaviour.status = 500;
  await becomes(503);
});

test("is as healthy as it was when the control plane comes back", async () => {
  behaviour.status = 200;
  await becomes(200);
  await mesh().stop();
  await mesh().start();
  expect(await answered()).toBe(200);
  behaviour.status = 500;
  await becomes(503);
});

test("is asked by TCP whether its port is open, and nothing when there is no probe", async () => {
  await mesh().writeForTest("group.yaml", workloadGroup(`tcpSocket: { port: ${PORT} }`));
  await becomes(200);
  await mesh().write("group.yaml", workloadGroup(`tcpSocket: { port: ${PORT + 1} }`));
  await becomes(503);
  await mesh().write("group.yaml", workloadGroup("").replace(/ {2}probe.*\n/, ""));
  await becomes(200);
});

test("has the policies for the labels of its group, which its node does not have", async () => {
  await mesh().writeForTest("group.yaml", workloadGroup("").replace(/ {2}probe.*\n/, ""));
  await becomes(200);
  await mesh().writeForTest("policy.yaml", DENY_BACK);
  await becomes(403);
  expect(await described()).toContain("Applied AuthorizationPolicy:\n   back.default, DENY");
});

test("answers a probe by TLS with any certificate", async () => {
  const { certificate: cert, key } = await certificates.certificateFor(["billing.example"]);
  await listen(createHttpsServer({ cert, key }, answer), PORT + 2);
  behaviour.status = 500;
  await mesh().writeForTest(
    "group.yaml",
    workloadGroup(`httpGet: { port: ${PORT + 2}, scheme: HTTPS }`),
  );
  await becomes(503);
  behaviour.status = 200;
  await becomes(200);
});

test("answers a probe by gRPC", async () => {
  const server = new GrpcServer();
  onTestFinished(() => {
    server.forceShutdown();
  });
  const served = new HealthImplementation({ billing: "NOT_SERVING" });
  served.addToServer(server);
  await new Promise((resolve) => {
    server.bindAsync(`${address()}:${PORT + 3}`, ServerCredentials.createInsecure(), resolve);
  });
  await mesh().writeForTest(
    "group.yaml",
    workloadGroup(`grpc: { port: ${PORT + 3}, service: billing }`),
  );
  await becomes(503);
  served.setStatus("billing", "SERVING");
  await becomes(200);
});
