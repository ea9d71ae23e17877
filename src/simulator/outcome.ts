/** What becomes of a call, and why. */
import type {
  FilterChainJson,
  HttpConnectionManagerJson,
  RouteJson,
  VirtualHostJson,
} from "../envoy/api.js";

/**
 * Why a call ends at the proxy. `tls-expected`: plaintext where TLS is terminated; `certificate-refused`: one side has a
 * certificate of the mesh and the other does not take it, or has none; `protocol-error`: no HTTP where HTTP is read.
 */
export type CallError =
  | "no-listener"
  | "no-filter-chain"
  | "ambiguous-filter-chains"
  | "tls-expected"
  | "certificate-refused"
  | "protocol-error"
  | "no-route-configuration"
  | "no-virtual-host"
  | "https-redirect"
  | "no-route"
  | "no-cluster";

/** What a proxy answers by itself. */
export type Answer =
  | { readonly status: number }
  | {
      /** Where the client is told to go instead, as far as the route says. */
      readonly redirect: string;
    };

/** Names of what the call went through, as far as it came; `""` for something that has no name. */
export interface Outcome {
  readonly listener?: string;
  readonly filterChain?: string;
  readonly routeConfiguration?: string;
  readonly virtualHost?: string;
  readonly route?: string;
  /** Where the call goes on to: several share it by weight. */
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
  readonly answer?: Answer;
  readonly error?: CallError;
  /** Why it went that way, one sentence a step. */
  readonly reasons: readonly string[];
}

/** The configuration that a call went through, as far as it came. */
export interface Passed {
  readonly chain?: FilterChainJson;
  /** Absent where bytes are passed on. */
  readonly manager?: HttpConnectionManagerJson;
  readonly virtualHost?: VirtualHostJson;
  readonly route?: RouteJson;
}

/** An outcome, and what led to it. */
export interface Walk extends Outcome {
  readonly passed: Passed;
}
