/** What the listener filters find out about a connection before its filter chain is chosen. */
import type { ListenerFilterJson, ListenerJson } from "../envoy/api.js";
import type { Call } from "./call.js";

/** What filter chains are chosen by, beside addresses. */
export interface Detected {
  readonly transportProtocol: "tls" | "raw_buffer";
  readonly serverName: string;
  /** In the client's order. */
  readonly applicationProtocols: readonly string[];
}

type Predicate = NonNullable<ListenerFilterJson["filterDisabled"]>;

/** Whether a connection to a port is one that the predicate names. See Envoy, ListenerFilterChainMatchPredicate. */
function holds(predicate: Predicate, port: number): boolean {
  const { orMatch, andMatch, notMatch, anyMatch, destinationPortRange } = predicate;
  if (orMatch !== undefined) return (orMatch.rules ?? []).some((rule) => holds(rule, port));
  if (andMatch !== undefined) return (andMatch.rules ?? []).every((rule) => holds(rule, port));
  if (notMatch !== undefined) return !holds(notMatch, port);
  if (destinationPortRange !== undefined) {
    const { start = 0, end = 0 } = destinationPortRange;
    return port >= start && port < end;
  }
  return anyMatch === true;
}

function runs(listener: ListenerJson, name: string, port: number): boolean {
  return (listener.listenerFilters ?? []).some(
    (filter) =>
      filter.name === `envoy.filters.listener.${name}` &&
      (filter.filterDisabled === undefined || !holds(filter.filterDisabled, port)),
  );
}

/** Reads the first bytes of a connection as far as the listener's filters do. */
export function detect(listener: ListenerJson, call: Call): Detected {
  const { port } = call.destination;
  if (call.encryption !== "plaintext") {
    return runs(listener, "tls_inspector", port)
      ? {
          transportProtocol: "tls",
          serverName: call.serverName,
          applicationProtocols: call.alpn,
        }
      : NOTHING;
  }
  if (call.request === undefined || !runs(listener, "http_inspector", port)) return NOTHING;
  const { version } = call.request;
  return { ...NOTHING, applicationProtocols: [version === "h2" ? "h2c" : version] };
}

const NOTHING: Detected = {
  transportProtocol: "raw_buffer",
  serverName: "",
  applicationProtocols: [],
};
