/** The port of a destination that names none, where several namespaces define its host. */
import { expect, test } from "vitest";
import type { NodeFields } from "../../../src/mesh/proxy/proxy.js";
import { clustersOf, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const store = (namespace: string, ...ports: readonly number[]): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: store, namespace: ${namespace} }
spec:
  hosts: [store.example.com]
  ports: [${ports.map((port) => `{ name: p${String(port)}, number: ${String(port)}, protocol: HTTP }`).join(", ")}]
  resolution: DNS`;

const FRONT = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: front }
spec:
  hosts: [front.example.com]
  addresses: [10.9.0.1]
  ports: [{ name: http, number: 80, protocol: HTTP }, { name: tcp, number: 81, protocol: TCP }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: front }
spec:
  hosts: [front.example.com]
  http: [{ route: [{ destination: { host: store.example.com } }], mirror: { host: store.example.com } }]
  tcp: [{ match: [{ port: 81 }], route: [{ destination: { host: store.example.com } }] }]`;

const sidecarOf = (namespace: string): NodeFields => ({
  ...SIDECAR,
  id: `sidecar~10.0.0.9~caller-0.${namespace}~${namespace}.svc.cluster.local`,
});

/** The ports of the store to which requests, copies of them and connections of the callers of a namespace go. */
function portsFrom(namespace: string, ...resources: readonly string[]): readonly string[] {
  const { routes, listeners } = sentTo(sidecarOf(namespace), FRONT, ...resources);
  const host = hostIn(routes.get("80"), "front.example.com");
  const copies = host?.routes?.[0]?.route?.requestMirrorPolicies?.map(({ cluster }) => cluster);
  const chain = listeners.get("10.9.0.1_81")?.filterChains?.[0]?.filters?.[0]?.typedConfig;
  const connections = (chain as { readonly cluster?: string } | undefined)?.cluster;
  const clusters = [...(clustersOf(host) ?? []), ...(copies ?? []), connections];
  return clusters.map((cluster) => cluster?.split("|")[1] ?? "");
}

test("it is that of the service that the caller reaches", () => {
  const both = [store("default", 8080), store("other", 9090)];
  expect(portsFrom("default", ...both)).toEqual(["8080", "8080", "8080"]);
  expect(portsFrom("other", ...both)).toEqual(["9090", "9090", "9090"]);
  // The older one, or the first by name.
  expect(portsFrom("third", ...both)).toEqual(["8080", "8080", "8080"]);
});

test("it is that for which the call comes where that service has several", () => {
  const both = [store("default", 8080, 8081), store("other", 9090)];
  expect(portsFrom("default", ...both)).toEqual(["80", "80", "81"]);
  expect(portsFrom("other", ...both)).toEqual(["9090", "9090", "9090"]);
});

test("a Sidecar says which service its callers reach", () => {
  const sidecar = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: third }
spec: { egress: [{ hosts: [default/front.example.com, other/store.example.com] }] }`;
  const both = [store("default", 8080), store("other", 9090)];
  expect(portsFrom("third", ...both, sidecar)).toEqual(["9090", "9090", "9090"]);
});

test("services that have the same one port need not be told apart", () => {
  const both = [store("default", 8080), store("other", 8080)];
  expect(portsFrom("third", ...both)).toEqual(["8080", "8080", "8080"]);
});
