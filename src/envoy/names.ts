/** Istio's names of Envoy resources. Tools and people read them, so they are kept to the letter. */
import type { ResourceRef } from "../config/resource.js";

/** A port of a host as traffic leaves a proxy for it; `subset` is `""` for the whole service. */
export interface ClusterKey {
  readonly port: number;
  readonly subset: string;
  readonly hostname: string;
}

/** What the names of services' clusters begin with. */
export const SERVICE_CLUSTER_PREFIX = "outbound|";

/** Istio's name of the cluster that there is not: where routes of the Gateway API lead nowhere. */
const UNKNOWN_SERVICE = "UnknownService";

/** `outbound|80|v1|payments.default.svc.cluster.local`. */
export function outboundClusterName({ port, subset, hostname }: ClusterKey): string {
  if (hostname === "") return UNKNOWN_SERVICE;
  return `${SERVICE_CLUSTER_PREFIX}${String(port)}|${subset}|${hostname}`;
}

/** `inbound|8080||`, by the port on which the application listens. */
export function inboundClusterName(targetPort: number): string {
  return `inbound|${String(targetPort)}||`;
}

/** The SNI under which sidecars call a service: `outbound_.80_.v1_.payments.default.svc.cluster.local`. */
export function sniOf({ port, subset, hostname }: ClusterKey): string {
  return `outbound_.${String(port)}_.${subset}_.${hostname}`;
}

/** `0.0.0.0_80`; the colons of an IPv6 address stay. */
export function listenerName(address: string, port: number): string {
  return `${address}_${String(port)}`;
}

/** Names of clusters that every proxy has. */
export const BLACK_HOLE_CLUSTER = "BlackHoleCluster";
export const PASSTHROUGH_CLUSTER = "PassthroughCluster";
/** Where requests to unknown hosts go that are looked up: of proxies with the policy ALLOW_ANY_DYNAMIC_DNS alone. */
export const DYNAMIC_DNS_CLUSTER = "AllowAnyDynamicDNSCluster";
export const INBOUND_PASSTHROUGH_CLUSTER = "InboundPassthroughCluster";

/** Names of the two listeners to which captured connections are redirected, and their ports. */
export const VIRTUAL_OUTBOUND = "virtualOutbound";
export const VIRTUAL_INBOUND = "virtualInbound";
export const VIRTUAL_OUTBOUND_PORT = 15001;
export const VIRTUAL_INBOUND_PORT = 15006;
/** The ports on which a proxy says by itself whether it is ready, and what it measures. */
export const STATUS_PORT = 15021;
export const METRICS_PORT = 15090;
/**
 * The ports of listeners that a proxy has on every address whatever services there are: those to which captured connections
 * are redirected, and those of its bootstrap. Envoy refuses a second one.
 */
export const RESERVED_PORTS: ReadonlySet<number> = new Set([
  VIRTUAL_OUTBOUND_PORT,
  VIRTUAL_INBOUND_PORT,
  STATUS_PORT,
  METRICS_PORT,
]);
/**
 * The one namespace of statistics of whose names a stock Envoy leaves out `envoy_`, provided that a plugin for WebAssembly is
 * there, as in our bootstraps of meshes with metrics.
 */
export const METRICS_SCOPE = "wasmcustom";
/** The port of the HTTP proxy of a sidecar that captures nothing. */
export const HTTP_PROXY_PORT = 15007;
/** The name of the HTTP proxy's route configuration. */
export const HTTP_PROXY_ROUTE = "http_proxy";

/** The name of the route configuration of an HTTP proxy that a Sidecar has on a port. */
export function proxyRouteName(port: number): string {
  return `${HTTP_PROXY_ROUTE}.${String(port)}`;
}

/** Whether requests of a route configuration are for an HTTP proxy or a socket, and so name the port that they mean. */
export function isProxyRoute(routeName: string): boolean {
  return routeName === HTTP_PROXY_ROUTE || /^(?:http_proxy\.|unix:\/\/)/.test(routeName);
}

/** The chain and route that let calls to unknown hosts through. */
export const PASSTHROUGH_CHAIN = "PassthroughFilterChain";
export const ALLOW_ANY = "allow_any";
export const BLOCK_ALL = "block_all";

/** How a piece of Envoy configuration says which resource made it, as Istio writes it into metadata. */
export function configPath(kind: string, namespace: string, name: string): string {
  return `/apis/networking.istio.io/v1/namespaces/${namespace}/${kind}/${name}`;
}

/** The groups of the kinds of which VirtualServices and DestinationRules are made. */
const ORIGIN_GROUPS: Readonly<Record<string, string>> = { Ingress: "networking.k8s.io" };

/** The same of a resource of which a VirtualService or DestinationRule is made: Istio names that alone. */
export function originPath({ kind, namespace, name }: ResourceRef): string {
  const group = ORIGIN_GROUPS[kind] ?? "gateway.networking.k8s.io";
  return `/apis/${group}/v1/namespaces/${namespace}/${kind.toLowerCase()}/${name}`;
}

/**
 * The name under which fairlead adds to Istio's metadata: `path`, the part of the resource that made it, and `config`, the
 * resource where that is another one.
 */
export const OWN_METADATA = "fairlead";

/** The secrets that every workload has: its own certificate, and the roots that it trusts. */
export const WORKLOAD_SECRET = "default";
export const ROOT_SECRET = "ROOTCA";
