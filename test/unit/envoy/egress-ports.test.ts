/** Which of several services of one host callers reach through a Sidecar's listener for one port. */
import { expect, test } from "vitest";
import { clustersOf, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const store = (namespace: string, port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: store, namespace: ${namespace} }
spec:
  hosts: [store.example.com]
  ports: [{ name: http, number: ${String(port)}, protocol: HTTP }]
  resolution: DNS`;

const sidecar = (...listeners: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { egress: [${listeners.join(", ")}] }`;

const onPort = (port: number, hosts: string): string =>
  `{ port: { number: ${String(port)}, protocol: HTTP, name: http }, hosts: ["${hosts}"] }`;

const BOTH = [store("default", 80), store("other", 8080)];

/** Where requests for the host on a port go; undefined where they are for no known host, or for no cluster that is there. */
function wayOn(port: number, ...resources: readonly string[]): readonly string[] | undefined {
  const { routes, clusters } = sentTo(SIDECAR, ...BOTH, ...resources);
  const found = clustersOf(hostIn(routes.get(String(port)), "store.example.com"));
  return found?.filter((name) => clusters.has(name));
}

test("a listener for one port leads to the service that has it, also where the caller's own has others", () => {
  expect(wayOn(8080, sidecar(onPort(8080, "*/*")))).toEqual(["outbound|8080||store.example.com"]);
  expect(wayOn(80, sidecar(onPort(80, "*/*")))).toEqual(["outbound|80||store.example.com"]);
});

test("it leads to none that is not imported, and the one for all ports to the caller's own", () => {
  expect(wayOn(8080, sidecar(onPort(8080, "./*")))).toBeUndefined();
  expect(wayOn(8080, sidecar('{ hosts: ["*/*"] }'))).toBeUndefined();
  expect(wayOn(80, sidecar('{ hosts: ["*/*"] }'))).toEqual(["outbound|80||store.example.com"]);
});

test("listeners for two ports lead to the services of two namespaces", () => {
  const both = sidecar(onPort(80, "*/*"), onPort(8080, "*/*"));
  expect(wayOn(80, both)).toEqual(["outbound|80||store.example.com"]);
  expect(wayOn(8080, both)).toEqual(["outbound|8080||store.example.com"]);
});
