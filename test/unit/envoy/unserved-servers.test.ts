/** What a user is told of servers of Gateways that are not served. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { formatDiagnostic } from "../../../src/base/diagnostic.js";
import { Table } from "../../../src/base/table/table.js";
import { unservedDiagnostics } from "../../../src/envoy/diagnostics/unserved-servers.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { GATEWAY, SIDECAR } from "./sent-to.js";

/** What is told of servers of one Gateway for two proxies that serve it, and one that does not. */
function told(...servers: readonly string[]): readonly string[] {
  const snapshot = createDirectory().write({
    "edge.yaml": [
      "apiVersion: networking.istio.io/v1",
      "kind: Gateway",
      "metadata: { name: edge, namespace: istio-system }",
      "spec:",
      "  selector: { istio: ingressgateway }",
      "  servers:",
      ...servers.map((server) => `  - ${server}`),
    ].join("\n"),
  });
  const second = { ...GATEWAY, id: "router~10.0.0.7~gateway-1.istio-system~cluster.local" };
  const connected = [GATEWAY, second, SIDECAR].map((node) => {
    const proxy = parseNode(node);
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    return { proxy, controlPlane: undefined };
  });
  const discovery = createDiscovery(goldenEncoder(), snapshot);
  const proxies = Table.from(connected.map(({ proxy }) => [proxy.id, proxy] as const));
  discovery.update({ snapshot, proxies, standIns: [] });
  return unservedDiagnostics(discovery.unservedServers(connected), snapshot).map(formatDiagnostic);
}

const server = (name: string, protocol: string, rest = ""): string =>
  `{ port: { number: 443, name: ${name}, protocol: ${protocol} }, hosts: [shop.example.com]${rest} }`;
const TLS = ", tls: { mode: SIMPLE, credentialName: shop }";

test("one of another protocol at a port that has one is told of where it is written, once", () => {
  const [found = "", ...others] = told(server("http", "HTTP"), server("tcp", "TCP"));
  expect(others).toEqual([]);
  expect(found).toContain(
    "edge.yaml:8:5: warning[not-applied]: the server is not served: Gateway edge.istio-system has port 443 of 0.0.0.0 before it, for HTTP: give it a port of its own",
  );
});

test("one with TLS for a host that has it there is told of, though it names the address that the first has anyway", () => {
  const [found = "", ...others] = told(
    server("https-1", "HTTPS", TLS),
    server("https-2", "HTTPS", `${TLS}, bind: 0.0.0.0`),
  );
  expect(others).toEqual([]);
  expect(found).toContain('serves TLS for "shop.example.com" at port 443 of 0.0.0.0 before it');
});

test.each([
  ["share a port", [server("http", "HTTP"), server("http-2", "HTTP2")]],
  [
    "have addresses of their own",
    [server("http", "HTTP"), server("tcp", "TCP", ", bind: 127.0.0.1")],
  ],
])("nothing is told of servers that %s", (_how, servers) => {
  expect(told(...servers)).toEqual([]);
});
