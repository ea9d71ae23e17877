/** What Envoy's response flags say of a request. See Envoy, "Access logging", %RESPONSE_FLAGS%. */
import { memberOf } from "../../base/member-of.js";

/** What of a configuration has to do with a flag: what steps of explanations are about. */
type Aspect =
  | "TLS"
  | "authorization"
  | "cluster"
  | "ends"
  | "fault"
  | "filter chain"
  | "limits"
  | "listener"
  | "outliers"
  | "peers"
  | "retries"
  | "route"
  | "timeout"
  | "token"
  | "virtual host";

/** See the top of this file. */
export interface ResponseFlag {
  readonly flag: string;
  readonly meaning: string;
  /** What to look at; empty where no configuration has to do with it. */
  readonly aspects: readonly Aspect[];
}

/** By the flag. */
const FLAGS: Readonly<Record<string, Omit<ResponseFlag, "flag">>> = {
  DC: {
    meaning: "the caller closed the connection before it had the answer",
    aspects: ["timeout"],
  },
  DF: { meaning: "the name of an upstream host could not be resolved", aspects: ["cluster"] },
  DI: { meaning: "a fault that a route asks for delayed the request", aspects: ["route", "fault"] },
  DO: { meaning: "the proxy sheds load: it has no memory, or too many connections", aspects: [] },
  DPE: {
    meaning: "what the caller sent was no HTTP that the proxy reads",
    aspects: ["listener", "filter chain"],
  },
  DR: { meaning: "the caller reset the stream", aspects: [] },
  DT: { meaning: "the request or connection took longer than it may", aspects: ["timeout"] },
  FI: { meaning: "a fault that a route asks for ended the request", aspects: ["route", "fault"] },
  IH: { meaning: "a header had a value that may not be", aspects: [] },
  LH: { meaning: "the service failed its health checks", aspects: ["cluster", "outliers"] },
  LR: { meaning: "the proxy itself reset the stream", aspects: [] },
  NC: {
    meaning: "the proxy has no cluster of the name in the route",
    aspects: ["route", "cluster"],
  },
  NFCF: { meaning: "no filter of that name came in time", aspects: ["listener"] },
  NR: {
    meaning: "no route takes the request, or no filter chain the connection",
    aspects: ["listener", "filter chain", "virtual host", "route"],
  },
  OM: { meaning: "the proxy ended the request because memory ran out", aspects: [] },
  RFCF: { meaning: "the answer was taken from a cache", aspects: [] },
  RL: { meaning: "the request was one more than a rate limit allows", aspects: [] },
  RLSE: { meaning: "the rate limit service answered with an error", aspects: [] },
  SI: { meaning: "nothing came for too long on the stream", aspects: ["timeout"] },
  UAEX: {
    meaning: "an external authorizer refused the request",
    aspects: ["authorization"],
  },
  UC: {
    meaning: "the server closed the connection: often it takes only mutual TLS, and was sent none",
    aspects: ["TLS", "peers", "authorization"],
  },
  UF: {
    meaning: "no connection could be made: nobody listens, or the two sides do not agree on TLS",
    aspects: ["cluster", "TLS", "peers"],
  },
  UH: {
    meaning: "the cluster has no endpoint, or none that is healthy",
    aspects: ["route", "cluster", "outliers"],
  },
  UMSDR: { meaning: "the stream lasted longer than it may", aspects: ["timeout"] },
  UO: {
    meaning: "there were as many connections or requests as a connection pool allows",
    aspects: ["cluster", "limits"],
  },
  UPE: { meaning: "what the server sent was no HTTP that the proxy reads", aspects: ["cluster"] },
  UR: { meaning: "the server reset the stream", aspects: ["retries"] },
  URX: { meaning: "it was tried as often as it may, and failed each time", aspects: ["retries"] },
  UT: { meaning: "the server did not answer in time", aspects: ["route", "timeout"] },
};

/** The flags of a list as an access log has it; undefined for a word that is none. */
export function readFlags(text: string): readonly (ResponseFlag | undefined)[] {
  return text
    .toUpperCase()
    .split(",")
    .map((word) => word.trim())
    .map((flag) => {
      const found = memberOf(FLAGS, flag);
      return found === undefined ? undefined : { flag, ...found };
    });
}

/** All flags that are known. */
export const KNOWN_FLAGS: readonly string[] = Object.keys(FLAGS);
