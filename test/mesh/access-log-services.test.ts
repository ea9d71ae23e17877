/** Access logs that are told to services, by OpenTelemetry and by Envoy's own protocol. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LogServices, startLogServices } from "./harness/log-services.js";
import {
  application,
  documents,
  EDGE_TO_CALLED,
  HTTP_GATEWAY,
  meshConfiguration,
  outsideHosts,
} from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { call, callAddress } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(39);
const PORT = 4317;
const HOST = "logs.example.com";

const service = { service: HOST, port: PORT };

const CONFIG = meshConfiguration({
  extensionProviders: [
    {
      name: "otel",
      envoyOtelAls: {
        ...service,
        logFormat: {
          text: "%REQ(:METHOD)% %REQ_WITHOUT_QUERY(:PATH)% %RESPONSE_CODE%",
          labels: {
            status: "%RESPONSE_CODE%",
            peer: { id: "%DOWNSTREAM_PEER_URI_SAN%" },
            pod: "%ENVIRONMENT(POD_NAME)%",
          },
        },
      },
    },
    {
      name: "requests",
      envoyHttpAls: {
        ...service,
        logName: "of-requests",
        additionalRequestHeadersToLog: ["x-tenant"],
      },
    },
    { name: "connections", envoyTcpAls: service },
  ],
});

const SERVICE = outsideHosts("logs", {
  hosts: HOST,
  port: `number: ${String(PORT)}, name: grpc, protocol: GRPC`,
  address: OUTSIDE,
});

const BYTES = `
apiVersion: v1
kind: Service
metadata: { name: bytes }
spec: { selector: { app: called }, ports: [{ name: tcp, port: 9000, targetPort: 9090 }] }
`;

const telemetry = (namespace: string, accessLogging: object): string => `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs, namespace: ${namespace} }
spec: { accessLogging: [${JSON.stringify(accessLogging)}] }
`;

const mesh = shareMesh({
  "apps.yaml": documents(application("caller"), application("called"), BYTES),
  "edge.yaml": documents(HTTP_GATEWAY, EDGE_TO_CALLED),
  "config.yaml": CONFIG,
  "service.yaml": SERVICE,
});

const told: { services?: LogServices } = {};
const services = (): LogServices => {
  if (told.services === undefined) throw new Error("the services run only while tests do");
  return told.services;
};

beforeAll(async () => {
  told.services = await startLogServices(OUTSIDE, PORT);
});

afterAll(() => {
  told.services?.close();
});

/** A request, on a connection between sidecars that knows what was changed. */
async function request(path: string, headers: Record<string, string> = {}): Promise<void> {
  await call(mesh().pod("caller-0"), "http://called/last");
  await call(mesh().pod("caller-0"), `http://called${path}`, { headers });
}

test("OpenTelemetry is told by both sides what the format says, of the requests that the filter lets through", async () => {
  await mesh().writeForTest(
    "logs.yaml",
    telemetry("istio-system", {
      providers: [{ name: "otel" }],
      filter: { expression: "response.code >= 400" },
    }),
  );
  await request("/status/200?let=through");
  await request("/status/404?x=secret");
  const records = () => services().records.filter(({ body }) => body.includes("/status/"));
  await expect.poll(() => records().length, { timeout: 15_000 }).toBe(2);
  const peers = records().map(({ attributes }) => attributes["peer"]);
  expect(peers).toContainEqual({ id: "spiffe://cluster.local/ns/default/sa/caller" });
  expect(peers).toContainEqual({ id: "-" });
  const record = { body: "GET /status/404 404", attributes: { status: "404" }, authority: HOST };
  expect(records()).toMatchObject([record, record]);
  const pods = new Set(records().map(({ attributes }) => attributes["pod"]));
  expect(pods).toEqual(new Set(["called-0", "caller-0"]));
});

test("Envoy's own service is told of requests and of connections, each log by its name", async () => {
  await mesh().writeForTest(
    "logs.yaml",
    telemetry("istio-system", { providers: [{ name: "requests" }, { name: "connections" }] }),
  );
  await request("/own", { "x-tenant": "shop" });
  const clusters = ["inbound|8080||", "outbound|80||called.default.svc.cluster.local"];
  const requests = () =>
    services()
      .entries.filter(({ path, log }) => path === "/own" && log === "of-requests")
      .map(({ cluster = "", headers }) => [cluster, headers] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  await expect
    .poll(requests, { timeout: 15_000 })
    .toEqual(clusters.map((cluster) => [cluster, { "x-tenant": "shop" }]));
  const socket = connect({ host: mesh().pod("caller-0").addresses.egress, port: 9000 });
  socket.end("bytes");
  await once(socket.resume(), "close");
  const connections = () =>
    services()
      .entries.filter(({ kind, log }) => kind === "tcp" && log === "tcp_envoy_accesslog")
      .map(({ cluster }) => cluster);
  const of = expect.poll(connections, { timeout: 15_000 });
  await of.toContain("outbound|9000||bytes.default.svc.cluster.local");
  await expect.poll(connections, { timeout: 15_000 }).toContain("inbound|9090||");
});

test("a gateway tells a service of its own requests alone where a Telemetry selects it", async () => {
  await mesh().writeForTest(
    "logs.yaml",
    telemetry("istio-system", { providers: [{ name: "requests" }] }).replace(
      "spec: {",
      "spec: { selector: { matchLabels: { istio: ingressgateway } },",
    ),
  );
  const at = { address: mesh().gateway().addresses.pod, port: 8080 };
  await callAddress(at, "http://anything/from-outside");
  const clusters = () =>
    services()
      .entries.filter(({ path }) => path === "/from-outside")
      .map(({ cluster }) => cluster);
  await expect
    .poll(clusters, { timeout: 15_000 })
    .toEqual(["outbound|80||called.default.svc.cluster.local"]);
});

test("requests go on while the service is away, and it is told again when it is back", async () => {
  await mesh().writeForTest(
    "logs.yaml",
    telemetry("istio-system", { providers: [{ name: "otel" }] }),
  );
  services().close();
  await request("/away");
  expect((await call(mesh().pod("caller-0"), "http://called/away")).status).toBe(200);
  told.services = await startLogServices(OUTSIDE, PORT);
  const records = async (): Promise<readonly string[]> => {
    await request("/back");
    return services().records.map(({ body }) => body);
  };
  await expect.poll(records, { timeout: 30_000 }).toContain("GET /back 200");
});
