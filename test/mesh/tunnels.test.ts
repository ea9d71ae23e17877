/**
 * Where what applications say to ports of bytes goes by their sidecar's HTTP proxy: through tunnels (CONNECT), and by plain requests.
 */
import { expect, test } from "vitest";
import { explanationOf } from "./harness/explanations.js";
import { application, documents } from "./harness/manifests.js";
import { type Answer, call, callThroughTunnel, callTls, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const strict = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: strict, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
`;

/** A Service whose one port says nothing of its protocol, as its name does not. */
const untold = (name: string, port: number): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: first }
  ports: [{ port: ${String(port)}, targetPort: 8080 }]
`;

const service = (name: string, portName: string, port: number): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: first }
  ports: [{ name: ${portName}, port: ${String(port)}, targetPort: 8080 }]
`;

const routes = (name: string, routed: object): string =>
  `\n${JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name },
    spec: { hosts: [name], ...routed },
  })}\n`;

const to = (host: string, port: number, weight?: number) => ({
  destination: { host, port: { number: port } },
  ...(weight === undefined ? {} : { weight }),
});

const mesh = shareMesh({
  "mesh.yaml": documents(
    strict,
    application("caller"),
    application("first"),
    application("second", { portName: "tcp", port: 9000 }),
    // A name that is none of a protocol's says nothing of it.
    application("untold", { portName: "untold", port: 8444 }),
    untold("untold-routed", 8443),
    service("bytes", "tcp", 9001),
    service("half", "tcp", 9002),
    service("to-untold", "tcp", 9004),
    routes("to-untold", { tcp: [{ route: [to("untold", 8444)] }] }),
    service("elsewhere", "tcp", 9003),
    service("named", "tls", 9443),
    service("wildcard", "https", 9444),
    routes("bytes", {
      tcp: [
        { match: [{ port: 1 }], route: [to("first", 80)] },
        { match: [{ sourceLabels: { app: "other" } }], route: [to("first", 80)] },
        { match: [{ port: 9001 }], route: [to("second", 9000)] },
      ],
    }),
    routes("half", { tcp: [{ route: [to("second", 9000, 50), to("elsewhere", 9003, 50)] }] }),
    routes("untold-routed", { tcp: [{ route: [to("second", 9000)] }] }),
    routes("named", {
      tls: [
        {
          match: [{ sniHosts: ["named"], sourceLabels: { app: "other" } }],
          route: [to("first", 80)],
        },
        { match: [{ sniHosts: ["named"] }], route: [to("second", 9000)] },
      ],
    }),
    routes("wildcard", {
      hosts: ["*.default.svc.cluster.local"],
      tls: [
        {
          match: [{ sniHosts: ["*.default.svc.cluster.local"], port: 9444 }],
          route: [to("second", 9000)],
        },
      ],
    }),
  ),
});

const through = (url: string): Promise<Answer> => callThroughTunnel(mesh().pod("caller-0"), url);
const podOf = async (url: string): Promise<string> => echoOf(await through(url)).pod;

test("TLS through a tunnel reaches the application of a port that says nothing of its protocol", async () => {
  const answer = await through("https://untold:8444/");
  expect([answer.status, echoOf(answer).pod]).toEqual([200, "untold-0"]);
});

test("so does HTTP, which is bytes there", async () => {
  expect(await podOf("http://untold:8444/")).toBe("untold-0");
});

test("connections by a tunnel go where TCP routes send them", async () => {
  expect(await podOf("http://bytes:9001/")).toBe("second-0");
  expect(await podOf("https://untold-routed:8443/")).toBe("second-0");
  const answers = await Promise.all(Array.from({ length: 40 }, () => podOf("http://half:9002/")));
  expect(new Set(answers)).toEqual(new Set(["first-0", "second-0"]));
});

test("what VirtualServices send to a port that says nothing of its protocol are bytes there, too", async () => {
  expect(await podOf("https://to-untold:9004/")).toBe("untold-0");
  const { egress } = mesh().pod("caller-0").addresses;
  const answer = await callTls({ address: egress, port: 9004 }, "https://to-untold/");
  expect(echoOf(answer).pod).toBe("untold-0");
});

test("plain requests go where the connections of a port of TCP go, that of a service and those of TCP routes", async () => {
  const podBy = async (url: string): Promise<string> =>
    echoOf(await call(mesh().pod("caller-0"), url)).pod;
  expect(await podBy("http://second:9000/")).toBe("second-0");
  expect(await podBy("http://bytes:9001/")).toBe("second-0");
  expect(await podBy("http://to-untold:9004/")).toBe("untold-0");
  const answers = await Promise.all(Array.from({ length: 40 }, () => podBy("http://half:9002/")));
  expect(new Set(answers)).toEqual(new Set(["first-0", "second-0"]));
});

test("connections by a tunnel go where TLS routes send the host that the tunnel names", async () => {
  expect(await podOf("https://named:9443/")).toBe("second-0");
  expect(await podOf("https://wildcard.default.svc.cluster.local:9444/")).toBe("second-0");
});

test.each([
  ["https://untold:8444/", "untold-0.default", "Service untold.default"],
  ["https://bytes:9001/", "second-0.default", "VirtualService bytes.default spec.tcp[2].match[0]"],
  ["https://named:9443/", "second-0.default", "VirtualService named.default spec.tls[1].match[0]"],
  ["http://bytes:9001/", "second-0.default", "VirtualService bytes.default spec.tcp[2].match[0]"],
])("explain says where a call of %s leads, and what decides it", async (url, pod, what) => {
  const { results, stages } = await explanationOf(mesh(), "--from", "caller-0", url);
  expect(results).toMatchObject([{ share: 1, answeredBy: [pod], flags: "-" }]);
  const route = stages[0]?.steps.find(({ about }) => about === "route");
  expect(route?.sources[0]?.what).toBe(what);
});
