/**
 * The application protocol of a port. `Unsupported` is Istio's word for a port that says nothing: the protocol is then
 * detected from the first bytes of a connection.
 */
export type Protocol =
  | "HTTP"
  | "HTTP2"
  | "GRPC"
  | "GRPC-Web"
  | "HTTPS"
  | "TLS"
  | "TCP"
  | "UDP"
  | "Mongo"
  | "MySQL"
  | "Redis"
  | "HTTP_PROXY"
  | "Unsupported";

const BY_NAME: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ["http", "HTTP"],
  ["http2", "HTTP2"],
  ["http_proxy", "HTTP_PROXY"],
  ["https", "HTTPS"],
  ["grpc", "GRPC"],
  ["grpc-web", "GRPC-Web"],
  ["grpcweb", "GRPC-Web"],
  ["tls", "TLS"],
  ["tcp", "TCP"],
  ["udp", "UDP"],
  ["mongo", "Mongo"],
  ["mysql", "MySQL"],
  ["redis", "Redis"],
]);

/** `appProtocol` values of Kubernetes itself. See KEP-3726, standard application protocols. */
const BY_APP_PROTOCOL: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ["kubernetes.io/h2c", "HTTP2"],
  ["kubernetes.io/ws", "HTTP"],
  ["kubernetes.io/wss", "HTTPS"],
]);

/** Ports whose server speaks first, so that nothing can be detected. */
const SERVER_FIRST: ReadonlyMap<number, Protocol> = new Map<number, Protocol>([
  [25, "TCP"],
  [3306, "TCP"],
  [27017, "TCP"],
]);

/** The protocol that an Istio resource names (`HTTP`, `grpc`, ...), in any case; `Unsupported` for any other word. */
export function parseProtocol(text: string | undefined): Protocol {
  return BY_NAME.get((text ?? "").toLowerCase()) ?? "Unsupported";
}

/** What a Kubernetes Service says of a port. */
export interface KubernetesPort {
  readonly number: number;
  readonly name?: string | undefined;
  readonly transport?: string | undefined;
  readonly appProtocol?: string | undefined;
}

/**
 * The protocol of a Kubernetes Service port: UDP by its transport, else `appProtocol`, else the port's name or its part
 * before the first hyphen (`http-web`; `grpc-web` is one word). See Istio, "Protocol Selection".
 */
export function kubernetesProtocol(port: KubernetesPort): Protocol {
  if (port.transport === "UDP") return "UDP";
  if (port.appProtocol !== undefined) {
    return BY_APP_PROTOCOL.get(port.appProtocol) ?? parseProtocol(port.appProtocol);
  }
  const name = (port.name ?? "").toLowerCase();
  if (name === "grpc-web" || name.startsWith("grpc-web-")) return "GRPC-Web";
  const word = BY_NAME.get(name.split("-", 1)[0] ?? "");
  return word ?? SERVER_FIRST.get(port.number) ?? "Unsupported";
}

/** Whether requests are told apart on such a port. */
export function isHttp(protocol: Protocol): boolean {
  return (
    protocol === "HTTP" || protocol === "HTTP_PROXY" || isHttp2(protocol) || protocol === "GRPC-Web"
  );
}

/** Whether the servers of such a port speak HTTP/2. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === "HTTP2" || protocol === "GRPC" || protocol === "GRPC-Web";
}

/** Whether the connections of such a port begin with a ClientHello of the application's own. */
export function isTls(protocol: Protocol): boolean {
  return protocol === "HTTPS" || protocol === "TLS";
}

/** How a listener treats a port. */
export type ListenerProtocol = "http" | "tcp" | "auto" | "none";

/** The kind of listener that a port needs; UDP is not carried. */
export function listenerProtocol(protocol: Protocol): ListenerProtocol {
  if (isHttp(protocol)) return "http";
  if (protocol === "Unsupported") return "auto";
  return protocol === "UDP" ? "none" : "tcp";
}
