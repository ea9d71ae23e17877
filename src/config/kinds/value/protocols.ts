import { didYouMean } from "../../../base/text/closest-word.js";

const HTTP: ReadonlySet<string> = new Set(["http", "http2", "http_proxy", "grpc", "grpc-web"]);
const TLS: ReadonlySet<string> = new Set(["https", "tls"]);
const OTHERS: ReadonlySet<string> = new Set([
  "tcp",
  "udp",
  "mongo",
  "redis",
  "mysql",
  "hbone",
  "double-hbone",
]);

/** Whether ports of this protocol carry plain HTTP, in letters of either case. */
export function isHttpProtocol(protocol: string): boolean {
  return HTTP.has(protocol.toLowerCase());
}

/** Whether ports of this protocol carry TLS that is told apart by SNI. */
export function isTlsProtocol(protocol: string): boolean {
  return TLS.has(protocol.toLowerCase());
}

/** Whether connections of this protocol are handled as TCP, TLS included. */
export function isTcpProtocol(protocol: string): boolean {
  return (
    ["tcp", "mongo", "redis", "mysql"].includes(protocol.toLowerCase()) || isTlsProtocol(protocol)
  );
}

/** Why Istio knows no such protocol. */
export function protocolProblem(protocol: string): string | undefined {
  const known = [...HTTP, ...TLS, ...OTHERS];
  if (known.includes(protocol.toLowerCase())) return undefined;
  const words = known.map((word) => word.toUpperCase());
  return `unknown protocol "${protocol}"${didYouMean(protocol, words)}: one of ${words.join(", ")}`;
}
