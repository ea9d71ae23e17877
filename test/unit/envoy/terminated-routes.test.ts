/** TLSRoutes and TCPRoutes at one listener that terminates TLS: the older one has the connections, whatever its kind. */
import { expect, test } from "vitest";
import type { NodeFields } from "../../../src/mesh/proxy/proxy.js";
import { sentTo } from "./sent-to.js";

const GATEWAY: NodeFields = {
  id: "router~10.0.0.1~one-0.edge~edge.svc.cluster.local",
  metadata: { LABELS: { "gateway.networking.k8s.io/gateway-name": "one" } },
};

const MESH = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: one, namespace: edge }
spec:
  gatewayClassName: istio
  listeners:
    - name: tls
      port: 443
      protocol: TLS
      hostname: "*.example.com"
      tls: { mode: Terminate, certificateRefs: [{ name: cert }] }
      allowedRoutes: { namespaces: { from: All } }
---
apiVersion: v1
kind: Service
metadata: { name: named, namespace: edge }
spec: { ports: [{ name: tcp, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: named, namespace: other }
spec: { ports: [{ name: tcp, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: any, namespace: edge }
spec: { ports: [{ name: tcp, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: any, namespace: other }
spec: { ports: [{ name: tcp, port: 80 }] }
`;

interface Head {
  readonly name: string;
  readonly namespace: string;
  readonly createdIn?: string;
}

const metadata = ({ name, namespace, createdIn }: Head): string => {
  const time = createdIn === undefined ? "" : `, creationTimestamp: "${createdIn}-01-01T00:00:00Z"`;
  return `{ name: ${name}, namespace: ${namespace}${time} }`;
};

const tlsRoute = (head: Head, hostname: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: ${metadata(head)}
spec:
  parentRefs: [{ name: one, namespace: edge }]
  hostnames: ["${hostname}"]
  rules: [{ backendRefs: [{ name: named, port: 80 }] }]
`;

const tcpRoute = (head: Head): string => `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: ${metadata(head)}
spec:
  parentRefs: [{ name: one, namespace: edge }]
  rules: [{ backendRefs: [{ name: any, port: 80 }] }]
`;

/** Where connections go by their server names. */
function chains(...routes: readonly string[]): Readonly<Record<string, unknown>> {
  const [listener] = sentTo(GATEWAY, MESH, ...routes).listeners.values();
  return Object.fromEntries(
    (listener?.filterChains ?? []).map(({ filterChainMatch, filters = [] }) => {
      const proxy = filters.find(({ name }) => name === "envoy.filters.network.tcp_proxy");
      const cluster: unknown = Reflect.get(proxy?.typedConfig ?? {}, "cluster");
      return [filterChainMatch?.serverNames?.join() ?? "", cluster];
    }),
  );
}

const of = (service: string): string => `outbound|80||${service}.svc.cluster.local`;

const ALL = "*.example.com";
const EARLY = "2025";
const LATE = "2026";

test("a TLSRoute has its names, and a TCPRoute all others", () => {
  expect(
    chains(
      tlsRoute({ name: "a", namespace: "edge", createdIn: LATE }, "api.example.com"),
      tcpRoute({ name: "b", namespace: "edge", createdIn: EARLY }),
    ),
  ).toEqual({ "api.example.com": of("named.edge"), [ALL]: of("any.edge") });
});

test.each([
  { why: "the TLSRoute is older", tls: EARLY, tcp: LATE, goes: "named.edge" },
  { why: "the TCPRoute is older", tls: LATE, tcp: EARLY, goes: "any.other" },
])(
  "of two for the same names the older one counts, also one of another namespace: $why",
  ({ tls, tcp, goes }) => {
    expect(
      chains(
        tlsRoute({ name: "a", namespace: "edge", createdIn: tls }, ALL),
        tcpRoute({ name: "a", namespace: "other", createdIn: tcp }),
      ),
    ).toEqual({ [ALL]: of(goes) });
  },
);

test.each([
  { tls: "edge/a", tcp: "edge/b", goes: "named.edge" },
  { tls: "edge/b", tcp: "edge/a", goes: "any.edge" },
  { tls: "edge/b", tcp: "other/a", goes: "named.edge" },
  { tls: "other/a", tcp: "edge/b", goes: "any.edge" },
])(
  "of two of one age the first by namespace and name counts: TLSRoute $tls, TCPRoute $tcp",
  ({ tls, tcp, goes }) => {
    const head = (key: string): Head => {
      const [namespace = "", name = ""] = key.split("/");
      return { name, namespace };
    };
    expect(chains(tlsRoute(head(tls), ALL), tcpRoute(head(tcp)))).toEqual({ [ALL]: of(goes) });
  },
);
