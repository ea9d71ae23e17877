/** What stays as it is in all worlds: who tells, of which services, and to whom. */
import type { Teller } from "./objects.js";

/** The providers of the mesh: two files, two tracers, one for metrics. */
export const PROVIDERS = [
  { name: "one", envoyFileAccessLog: { path: "/log/one" } },
  { name: "two", envoyFileAccessLog: { path: "/log/two", logFormat: { text: "two\n" } } },
  { name: "zip", zipkin: { service: "zip.a.svc.cluster.local", port: 9411, maxTagLength: 33 } },
  { name: "otel", opentelemetry: { service: "otel.a.svc.cluster.local", port: 4317 } },
  { name: "prom", prometheus: {} },
] as const;

/** The host that each tracer calls. */
export const COLLECTORS: Readonly<Record<string, string>> = {
  zip: "zip.a.svc.cluster.local",
  otel: "otel.a.svc.cluster.local",
};

/** The tracer that a bootstrap would have. */
export const OWN_TRACER = { address: "own.a:9411", host: "own.a.svc.cluster.local" } as const;

const service = (name: string, own: string, index: number, port: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: own },
  spec: { selector: { app: name }, clusterIP: `10.9.0.${index}`, ports: [port] },
});

/** Services whose requests and connections are told of, and those that are told. */
export const STILL: readonly object[] = [
  service("shop", "a", 1, { name: "http", port: 80, targetPort: 8080 }),
  service("cart", "b", 2, { name: "tcp", port: 82, targetPort: 8082 }),
  service("zip", "a", 3, { name: "http", port: 9411 }),
  service("otel", "a", 4, { name: "grpc", port: 4317 }),
  service("own", "a", 5, { name: "http", port: 9411 }),
  service("ingress", "edge", 6, { name: "http", port: 8080 }),
  {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "gateway", namespace: "edge" },
    spec: {
      selector: { app: "ingress" },
      servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    },
  },
];

/** Those who tell. */
export const TELLERS: readonly Teller[] = [
  { type: "sidecar", namespace: "a", labels: { app: "shop", version: "v1" } },
  { type: "sidecar", namespace: "b", labels: { app: "cart" } },
  {
    type: "router",
    namespace: "edge",
    labels: { app: "ingress", "gateway.networking.k8s.io/gateway-name": "gateway" },
  },
  { type: "sidecar", namespace: "istio-system", labels: { app: "shop" } },
];
