/** A call as it reaches a proxy: what the kernel and the first bytes of a connection say, and the request on it. */

import type { TokenJudge } from "./access/token.js";

/**
 * How a connection comes to a proxy: `outbound` and `inbound` are redirected to it by the kernel, from the application
 * beside it or from others to that application; `direct` is addressed to a port on which the proxy itself listens.
 */
export type Direction = "outbound" | "inbound" | "direct";

/** What the client says first. `mesh-tls` is TLS with a certificate of the mesh on both sides, `tls` any other TLS. */
export type Encryption = "plaintext" | "tls" | "mesh-tls";

/** One request on a connection. */
export interface HttpRequest {
  /** HTTP/1.1, or HTTP/2 with prior knowledge. */
  readonly version: "http/1.1" | "h2";
  /** The Host header or `:authority`, perhaps with a port. */
  readonly authority: string;
  readonly method: string;
  /** With the query, if there is one. */
  readonly path: string;
  /** By name in lower case, without the pseudo headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a client begins TLS with. */
export interface ClientHello {
  readonly encryption: Exclude<Encryption, "plaintext">;
  /** As in `Call`. */
  readonly principal?: string;
  readonly serverName: string;
  readonly alpn: readonly string[];
}

/** See the top of this file. */
export interface Call {
  readonly direction: Direction;
  /** The address that the client called, before any redirection. */
  readonly destination: { readonly address: string; readonly port: number };
  readonly source?: { readonly address: string; readonly port: number };
  readonly encryption: Encryption;
  /** The SPIFFE identity in the client's certificate; absent when it shows none. */
  readonly principal?: string;
  /** What the ClientHello asks for; `""` and none without TLS. */
  readonly serverName: string;
  readonly alpn: readonly string[];
  /** Of TLS within what is said first: in a tunnel that the request asks for, or in TLS of the mesh. */
  readonly within?: ClientHello;
  /** undefined for bytes that are not HTTP. */
  readonly request?: HttpRequest;
  /** Judges its tokens; without one they are taken to be of their time, and signed. */
  readonly judge?: TokenJudge;
}
