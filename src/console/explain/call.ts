/** A request as people write it, as the call that a proxy is made. */
import { memberOf } from "../../base/member-of.js";
import { isSignedBy } from "../../ca/token/token-signature.js";
import { HTTP_PROXY_PORT } from "../../envoy/names.js";
import { resolveHost } from "../../mesh/host-resolver.js";
import { selects } from "../../mesh/labels.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { chooseService } from "../../mesh/service/choose-service.js";
import type { TokenJudge } from "../../simulator/access/token.js";
import type { Call, ClientHello, HttpRequest } from "../../simulator/call.js";
import type { Scene } from "./scene.js";

/** What is called, and how. */
export interface Requested {
  readonly method: string;
  readonly url: URL;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a call from outside: the address of the connection; some outside of the mesh when absent. */
  readonly fromIp?: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Stands for any address at which nothing of the mesh is (RFC 5737). */
const SOME_ADDRESS = "192.0.2.1";

const portOf = ({ port, protocol }: URL): number =>
  port === "" ? (memberOf(DEFAULT_PORTS, protocol) ?? 0) : Number(port);

const judgeOf = ({ at }: Requested): TokenJudge => ({ now: at / 1000, isSignedBy });

function requestOf({ method, url, headers }: Requested): HttpRequest {
  const { host, ...others } = headers;
  return {
    version: "http/1.1",
    authority: host ?? url.host,
    method,
    path: `${url.pathname}${url.search}`,
    headers: others,
  };
}

/**
 * How an application calls its sidecar: its connections are redirected there, or it uses the sidecar as its HTTP proxy,
 * through which TLS is a tunnel, and calls its address with bytes that are none of HTTP.
 */
export function outboundCall(scene: Scene, proxy: Proxy, requested: Requested): Call {
  const { url } = requested;
  const plain = {
    ...PLAINTEXT,
    source: { address: proxy.address, port: 0 },
    judge: judgeOf(requested),
  };
  if (proxy.mode === "NONE")
    return { ...plain, direction: "direct", ...toEgress(proxy, requested) };
  const destination = { address: addressOf(scene, proxy, url.hostname), port: portOf(url) };
  const outbound = { ...plain, direction: "outbound", destination } as const;
  switch (url.protocol) {
    case "tcp:":
      return outbound;
    case "https:":
      return { ...outbound, ...tlsTo(url) };
    default:
      return { ...outbound, request: requestOf(requested) };
  }
}

const PLAINTEXT = { encryption: "plaintext", serverName: "", alpn: [] } as const;

const tlsTo = (url: URL): ClientHello => ({
  encryption: "tls",
  serverName: url.hostname,
  alpn: ["h2", "http/1.1"],
});

/** A call to the address where a sidecar listens to which nothing is redirected. */
function toEgress(
  { egressAddress: address }: Proxy,
  requested: Requested,
): Pick<Call, "destination" | "request" | "within"> {
  const { url } = requested;
  if (url.protocol === "tcp:") return { destination: { address, port: portOf(url) } };
  const request = requestOf(requested);
  const destination = { address, port: HTTP_PROXY_PORT };
  if (url.protocol !== "https:") return { destination, request };
  const authority = `${url.hostname}:${portOf(url)}`;
  return {
    destination,
    request: { ...request, method: "CONNECT", authority, path: "" },
    within: tlsTo(url),
  };
}

/** The address that a name stands for where the application is, which may leave out the end of a service's. */
function addressOf({ mesh }: Scene, { namespace }: Proxy, host: string): string {
  const { resolver, servicesByHost } = mesh;
  const { domain } = resolver;
  const names = [
    resolveHost(host, namespace, resolver),
    `${host}.svc.${domain}`,
    `${host}.${domain}`,
  ];
  const known = names.find((name) => servicesByHost.get(name) !== undefined);
  const service =
    known === undefined ? undefined : chooseService(servicesByHost.get(known), namespace);
  return service?.addresses.find((address) => !address.includes("/")) ?? SOME_ADDRESS;
}

/** How someone outside of the mesh calls a gateway, by a port of its service. */
export function gatewayCall(scene: Scene, proxy: Proxy, requested: Requested): Call {
  const { url, fromIp = SOME_ADDRESS } = requested;
  return {
    direction: "direct",
    source: { address: fromIp, port: 0 },
    destination: { address: proxy.address, port: listeningPort(scene, proxy, portOf(url)) },
    ...(url.protocol === "https:" ? tlsTo(url) : PLAINTEXT),
    ...(url.protocol === "tcp:" ? {} : { request: requestOf(requested) }),
    judge: judgeOf(requested),
  };
}

/** The port on which the pods of a service listen for one of its ports; the same where no service says. */
function listeningPort({ mesh }: Scene, { namespace, labels }: Proxy, port: number): number {
  const services = [...(mesh.servicesByNamespace.get(namespace)?.values() ?? [])];
  const targets = services
    .filter(({ selector }) => selector !== undefined && selects(selector, labels))
    .flatMap((service) => service.ports.filter(({ number }) => number === port))
    .map(({ targetPort }) => targetPort);
  return targets.find((target) => typeof target === "number") ?? port;
}
