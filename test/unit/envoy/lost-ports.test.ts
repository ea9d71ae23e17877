/** What a user is told of services whose port is another's, where connections do not say whom they mean. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { formatDiagnostic } from "../../../src/base/diagnostic.js";
import { Table } from "../../../src/base/table/table.js";
import { lostPortDiagnostics } from "../../../src/envoy/diagnostics/lost-ports.js";
import { type NodeFields, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { SIDECAR } from "./sent-to.js";

const sidecarOf = (mode: "NONE" | "REDIRECT", name: string): NodeFields => ({
  id: `sidecar~10.0.0.9~${name}.default~default.svc.cluster.local`,
  metadata: { ...SIDECAR.metadata, INTERCEPTION_MODE: mode },
});

/** What is told of these resources where two sidecars call. */
function told(mode: "NONE" | "REDIRECT", ...texts: readonly string[]): readonly string[] {
  const snapshot = createDirectory().write({ "mesh.yaml": documents(...texts) });
  const connected = ["one", "two"].map((name) => {
    const proxy = parseNode(sidecarOf(mode, name));
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    return { proxy, controlPlane: undefined };
  });
  const discovery = createDiscovery(goldenEncoder(), snapshot);
  const proxies = Table.from(connected.map(({ proxy }) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies, standIns: [] });
  return lostPortDiagnostics(discovery.lostPorts(connected), snapshot).map(formatDiagnostic);
}

const service = (name: string, protocol: string, rest = ""): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${name} }
  ports: [{ name: ${protocol}, port: 6379 }]
${rest}`;

test("the younger of two with bytes is told of where its port is written, once", () => {
  const [found = "", ...others] = told(
    "NONE",
    service("carts", "tcp"),
    service("sessions", "redis", "  clusterIP: 10.96.0.7\n"),
  );
  expect(others).toEqual([]);
  expect(found).toContain(
    "mesh.yaml:13:11: warning[shared-port]: sidecars that capture nothing lead connections to port 6379 to " +
      "carts.default.svc.cluster.local, which has it too: give sessions.default.svc.cluster.local another port, " +
      "or call it through the HTTP proxy, by CONNECT",
  );
});

test.each([
  ["carry HTTP", "NONE", [service("carts", "http"), service("sessions", "http")]],
  [
    "are told apart by server name",
    "NONE",
    [service("carts", "tls"), service("sessions", "https")],
  ],
  [
    "are called where connections are captured",
    "REDIRECT",
    [service("carts", "tcp"), service("sessions", "tcp")],
  ],
  [
    "nobody sees both of",
    "NONE",
    [
      service("carts", "tcp"),
      service("sessions", "tcp"),
      "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: { name: default }\n" +
        "spec: { egress: [{ hosts: [./carts.default.svc.cluster.local] }] }\n",
    ],
  ],
] as const)("nothing is told of services that %s", (_how, mode, texts) => {
  expect(told(mode, ...texts)).toEqual([]);
});
