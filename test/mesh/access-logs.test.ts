/** Access logs that a Telemetry resource turns on and off while proxies run. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { processesOf } from "./harness/admin.js";
import { application, documents, meshConfiguration } from "./harness/manifests.js";
import { call, callAddress } from "./harness/requests.js";
import { shareMesh, startMesh, type TestMesh } from "./harness/test-mesh.js";

const TELEMETRY = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: access-logs, namespace: istio-system }
spec: { accessLogging: [{ providers: [{ name: envoy }] }] }
`;

/** Of the pod that nobody calls otherwise: what a port carries is one thing. */
const BYTES = `
apiVersion: v1
kind: Service
metadata: { name: bytes }
spec: { selector: { app: caller }, ports: [{ name: tcp, port: 9000, targetPort: 8080 }] }
`;

const mesh = shareMesh({
  "apps.yaml": documents(application("caller"), application("called"), BYTES),
  "telemetry.yaml": TELEMETRY,
});

const AGENT = "access-logs/1";

const request = (path: string) =>
  call(mesh().pod("caller-0"), `http://called${path}`, { headers: { "user-agent": AGENT } });

/** A connection between sidecars is served as it was when it began; after a change it takes one request more, and ends. */
async function endConnection(): Promise<void> {
  await request("/last");
}

const linesFor = async (id: string, path: string): Promise<readonly string[]> =>
  (await mesh().log(id)).split("\n").filter((line) => line.includes(`GET ${path} `));

/** The line that a proxy writes about a request, once it is in the file. */
async function lineFor(id: string, path: string): Promise<string> {
  await expect.poll(() => linesFor(id, path), { timeout: 5000 }).toHaveLength(1);
  return (await linesFor(id, path))[0] ?? "";
}

const proxies = (one: TestMesh): Promise<readonly number[]> => processesOf(one.state);

const ADDRESS = String.raw`127\.\d+\.\d+\.\d+:\d+`;

/** Istio's default format, with what may be said of a request in it. */
function defaultFormat(expected: {
  readonly path: string;
  readonly cluster: string;
  readonly serverName: string;
}): RegExp {
  const { path, cluster, serverName } = expected;
  const escape = (text: string): string => text.replaceAll(/[.|]/g, "\\$&");
  return new RegExp(
    [
      String.raw`^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\]`,
      `"GET ${path} HTTP/1\\.1" 200 - via_upstream -`,
      String.raw`"-" 0 \d+ \d+ \d+ "-"`,
      `"${AGENT}" "[0-9a-f-]{36}" "called" "${ADDRESS}"`,
      `${escape(cluster)} ${ADDRESS} ${ADDRESS} ${ADDRESS} ${escape(serverName)} default$`,
    ].join(" "),
  );
}

test("both sidecars write a line in Istio's default format about each request", async () => {
  await request("/first");
  expect(await lineFor("caller-0", "/first")).toMatch(
    defaultFormat({
      path: "/first",
      cluster: "outbound|80||called.default.svc.cluster.local",
      serverName: "-",
    }),
  );
  expect(await lineFor("called-0", "/first")).toMatch(
    defaultFormat({
      path: "/first",
      cluster: "inbound|8080||",
      serverName: "outbound_.80_._.called.default.svc.cluster.local",
    }),
  );
});

test("both sidecars write a line about each connection, when it ends, with its bytes in both directions", async () => {
  const REQUEST = "GET / HTTP/1.0\r\n\r\n";
  const socket = connect({ host: mesh().pod("called-0").addresses.egress, port: 9000 });
  const answer: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => answer.push(chunk));
  socket.end(REQUEST);
  await once(socket, "close");
  const bytes = `${REQUEST.length} ${Buffer.concat(answer).length}`;
  const line = (cluster: string, serverName: string): RegExp =>
    new RegExp(
      [
        `^\\S+Z\\] "- - -" 0 - - - "-" ${bytes} \\d+ - "-" "-" "-" "-" "${ADDRESS}" ${cluster}`,
        `${ADDRESS} ${ADDRESS} ${ADDRESS} ${serverName} -$`,
      ].join(" "),
      "m",
    );
  const HOST = String.raw`bytes\.default\.svc\.cluster\.local`;
  const logOf = (id: string) => expect.poll(() => mesh().log(id), { timeout: 5000 });
  await logOf("called-0").toMatch(line(String.raw`outbound\|9000\|\|${HOST}`, "-"));
  await logOf("caller-0").toMatch(
    line(String.raw`inbound\|8080\|\|`, String.raw`outbound_\.9000_\._\.${HOST}`),
  );
});

test("they stop when the resource is deleted and go on when it is back, without a new start", async () => {
  const before = await proxies(mesh());
  expect(before).toHaveLength(2);
  await request("/logged");
  await lineFor("caller-0", "/logged");

  const { concerned } = await mesh().remove("telemetry.yaml");
  expect(concerned).toBe(2);
  await endConnection();
  expect((await request("/silent")).status).toBe(200);

  await mesh().write("telemetry.yaml", TELEMETRY);
  await endConnection();
  await request("/again");
  await lineFor("caller-0", "/again");
  await lineFor("called-0", "/again");
  // Lines are written in the order of the requests.
  expect(await linesFor("caller-0", "/silent")).toEqual([]);
  expect(await linesFor("called-0", "/silent")).toEqual([]);
  expect(await proxies(mesh())).toEqual(before);
});

/** A Gateway of the Gateway API, which nobody but it is attached to. */
const ATTACHED = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: istio
  listeners: [{ name: http, port: 8080, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: edge }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: called, port: 80 }] }]
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: edge }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  accessLogging: [{ providers: [{ name: envoy }] }]
`;

test("a Telemetry that is attached to a Gateway turns on the log of that one alone", async () => {
  const own = await startMesh({ "mesh.yaml": documents(application("called"), ATTACHED) });
  const edge = own.gateway();
  const linesOf = async (id: string): Promise<readonly string[]> =>
    (await own.log(id)).split("\n").filter((line) => line.includes("GET /attached "));
  const answer = await callAddress(
    { address: edge.addresses.pod, port: 8080 },
    "http://edge.example/attached",
  );
  expect(answer.status).toBe(200);
  await expect
    .poll(() => linesOf(`${edge.name}.${edge.namespace}`), { timeout: 5000 })
    .toHaveLength(1);
  expect(await linesOf("called-0")).toEqual([]);
});

const CUSTOM = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: custom, namespace: istio-system }
spec: { accessLogging: [{ providers: [{ name: custom }] }] }
`;

const providing = (log: object): string =>
  meshConfiguration({
    extensionProviders: [{ name: "custom", envoyFileAccessLog: { path: "/dev/stdout", ...log } }],
  });

test("a log of one's own has Istio's commands, and a format with one that Envoy has not is not used", async () => {
  const labels = { own: "%REQ_WITHOUT_QUERY(:PATH)%", no: "%REQ(x-no)%" };
  const own = await startMesh({
    "apps.yaml": documents(application("called"), CUSTOM),
    "mesh.yaml": providing({ omitEmptyValues: true, logFormat: { labels } }),
  });
  const at = { address: own.pod("called-0").addresses.pod, port: 8080 };
  const log = () => expect.poll(() => own.log("called-0"), { timeout: 5000 });
  await callAddress(at, "http://called/own?secret=1");
  await log().toMatch(/^{"own":"\/own"}$/m);

  await own.write("mesh.yaml", providing({ logFormat: { text: "%NOSUCH%" } }));
  await callAddress(at, "http://called/last");
  await callAddress(at, "http://called/default?secret=1");
  await log().toContain('"GET /default?secret=1 HTTP/1.1" 200');
});

const FILTER_ALONE = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: filter, namespace: istio-system }
spec: { accessLogging: [{ filter: { expression: "response.code >= 500" } }] }
`;

test("the log file of the mesh has all requests, whatever a Telemetry without a provider filters", async () => {
  const own = await startMesh({
    "apps.yaml": documents(application("called"), FILTER_ALONE),
    "mesh.yaml": meshConfiguration({ accessLogFile: "/dev/stdout" }),
  });
  const at = { address: own.pod("called-0").addresses.pod, port: 8080 };
  await callAddress(at, "http://called/unfiltered");
  await expect
    .poll(() => own.log("called-0"), { timeout: 5000 })
    .toContain('"GET /unfiltered HTTP/1.1" 200');
});
