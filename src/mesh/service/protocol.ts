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

/** Ports at which detection would do harm: those of SMTP, DNS, MySQL and MongoDB. */
const NEVER_DETECTED: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

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
 * The protocol of a Kubernetes Service port: UDP by its transport, else by `appProtocol`, or by the port's name where there
 * is none: by the part before the first hyphen (`http-web`), except that `grpc-web` is one word. See Istio, "Protocol
 * Selection".
 */
export function kubernetesProtocol(port: KubernetesPort): Protocol {
  if (port.transport === "UDP") return "UDP";
  const text = port.appProtocol ?? port.name ?? "";
  const found = BY_APP_PROTOCOL.get(port.appProtocol ?? "") ?? protocolNamed(text.toLowerCase());
  return found === "Unsupported" && NEVER_DETECTED.has(port.number) ? "TCP" : found;
}

function protocolNamed(text: string): Protocol {
  if (text.startsWith("grpc-web")) return "GRPC-Web";
  return parseProtocol(text.split("-", 1)[0]);
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

/** Whether requests are told apart on such a port, or may be. */
export function carriesRequests(protocol: Protocol): boolean {
  const kind = listenerProtocol(protocol);
  return kind === "http" || kind === "auto";
}
