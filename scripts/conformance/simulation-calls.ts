/** The calls of a simulated case: in our words, and what became of them in Istio's. */
import type { Call, Encryption, HttpRequest } from "../../src/simulator/call.js";
import type { CallError, Outcome } from "../../src/simulator/outcome.js";
import type { ExpectedCall, SimulatedCall } from "./simulation-case.js";

const SOME_ADDRESS = "1.3.3.7";

const ENCRYPTION: Readonly<Record<string, Encryption>> = {
  plaintext: "plaintext",
  tls: "tls",
  mtls: "mesh-tls",
};

/** What a client of each kind offers by ALPN when the case does not say. */
const ALPN: Readonly<Record<Encryption, Readonly<Record<string, readonly string[]>>>> = {
  plaintext: {},
  tls: { http: ["http/1.1"], http2: ["h2"] },
  "mesh-tls": { http: ["istio-http/1.1"], http2: ["istio-h2"], tcp: ["istio"] },
};

function directionOf({ callMode = "" }: SimulatedCall, isGateway: boolean): Call["direction"] {
  if (callMode === "inbound") return "inbound";
  return callMode === "gateway" || isGateway ? "direct" : "outbound";
}

function requestOf({ protocol, hostHeader = "", path = "/" }: SimulatedCall): HttpRequest {
  return {
    version: protocol === "http2" ? "h2" : "http/1.1",
    authority: hostHeader,
    method: "GET",
    path,
    headers: {},
  };
}

/** The call that a case describes, to a gateway or to a sidecar. */
export function callOf(call: SimulatedCall, isGateway: boolean): Call {
  const encryption = ENCRYPTION[call.tls ?? "plaintext"] ?? "plaintext";
  return {
    direction: directionOf(call, isGateway),
    destination: { address: call.address ?? SOME_ADDRESS, port: call.port },
    encryption,
    serverName: call.sni ?? (encryption === "tls" ? (call.hostHeader ?? "") : ""),
    alpn: call.alpn === undefined ? (ALPN[encryption][call.protocol] ?? []) : [call.alpn],
    ...(call.protocol === "tcp" ? {} : { request: requestOf(call) }),
  };
}

/** Istio's words for what goes wrong. Whether a cluster exists is not looked at there. */
const ERRORS: Readonly<Record<CallError, string>> = {
  "no-listener": "ErrNoListener",
  "no-filter-chain": "ErrNoFilterChain",
  "ambiguous-filter-chains": "ErrMultipleFilterChain",
  "tls-expected": "ErrTLSError",
  "certificate-refused": "ErrMTLSError",
  "protocol-error": "ErrProtocolError",
  "no-route-configuration": "ErrNoVirtualHost",
  "no-virtual-host": "ErrNoVirtualHost",
  "https-redirect": "ErrTLSRedirect",
  "no-route": "ErrNoRoute",
  "no-cluster": "",
};

type Fields = Readonly<Record<Exclude<keyof ExpectedCall, "strictMatch">, string>>;

function fieldsOf(outcome: Outcome): Fields {
  const only = outcome.clusters.length === 1 ? outcome.clusters[0]?.name : undefined;
  return {
    error: outcome.error === undefined ? "" : ERRORS[outcome.error],
    listenerMatched: outcome.listener ?? "",
    filterChainMatched: outcome.filterChain ?? "",
    routeConfigMatched: outcome.routeConfiguration ?? "",
    virtualHostMatched: outcome.virtualHost ?? "",
    routeMatched: outcome.route ?? "",
    clusterMatched: only ?? "",
  };
}

/** In which fields an outcome is not what was expected, with the outcome's value. */
export function differences(
  outcome: Outcome,
  { strictMatch, ...expected }: ExpectedCall,
): Partial<Fields> {
  const wrong = Object.entries(fieldsOf(outcome)).filter(([name, got]) => {
    const wanted = expected[name as keyof Fields] ?? "";
    const isJudged = name === "error" || wanted !== "" || strictMatch === true;
    return isJudged && wanted !== got;
  });
  return Object.fromEntries(wrong);
}
