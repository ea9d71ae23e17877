import type { Path } from "../../../kind.js";
import { ipProblem, UNIX_PREFIX, unixAddressProblem } from "../../value/addresses.js";
import { list, optional, strict, Text, type ValueOf } from "../../value/fields.js";
import { doubtful, each, type Findings, invalid, refuse, unique } from "../../value/findings.js";
import { checkEgressHost } from "../../value/host-patterns.js";
import { checkPort } from "../../value/numbers.js";
import { CaptureMode, checkSidecarPort, SidecarPort } from "./sidecar-port.js";

/** Which services (`namespace/host`) a sidecar knows, perhaps on one port alone. */
export type IstioEgressListener = ValueOf<typeof IstioEgressListener>;
export const IstioEgressListener = strict({
  port: optional(SidecarPort),
  bind: optional(Text),
  captureMode: optional(CaptureMode),
  hosts: list(Text),
});

/** Listeners on ports or sockets of their own, at most one for all other ports and that at the end. */
export function* checkEgressListeners(
  listeners: readonly IstioEgressListener[],
  path: Path,
  namespace: string,
): Findings {
  yield* each(listeners, path, function* (listener, at) {
    yield* checkListener(listener, at);
    yield* checkHosts(listener.hosts, [...at, "hosts"], namespace);
  });
  for (const [index, { port }] of listeners.slice(0, -1).entries()) {
    if (port === undefined) {
      yield invalid(
        [...path, index],
        "a listener without port takes all ports: it has to be the last",
      );
    }
  }
  const places = listeners.map(({ port, bind = "" }, index) => {
    if (port === undefined) return `listener ${index}`;
    return (port.number ?? 0) === 0 ? bind : `port ${port.number ?? 0}`;
  });
  yield* unique(places, (index) => [...path, index, "port"], "listener on");
}

function* checkListener(listener: IstioEgressListener, path: Path): Findings {
  const { port, bind = "", captureMode = "DEFAULT" } = listener;
  if (port === undefined) {
    // Istio takes any, and Envoy then refuses all that listens there.
    yield* refuse([...path, "bind"], bind === "" ? undefined : ipProblem(bind));
    return;
  }
  yield* checkSidecarPort(port, [...path, "port"]);
  const number = port.number ?? 0;
  if (number !== 0) {
    yield* checkPort(number, [...path, "port", "number"]);
    yield* refuse([...path, "bind"], bind === "" ? undefined : ipProblem(bind));
    return;
  }
  if (!bind.startsWith(UNIX_PREFIX)) {
    yield invalid([...path, "port", "number"], `port 0 needs bind: ${UNIX_PREFIX} and a path`);
    return;
  }
  yield* refuse([...path, "bind"], unixAddressProblem(bind));
  if (captureMode === "IPTABLES") {
    yield invalid([...path, "captureMode"], "connections to a socket cannot be captured: NONE");
  }
}

function* checkHosts(hosts: readonly string[], path: Path, namespace: string): Findings {
  if (hosts.length === 0) yield invalid(path, 'the listener has no hosts: "*/*" is all');
  yield* each(hosts, path, checkEgressHost);
  // `.` is the Sidecar's own namespace.
  const full = hosts.map((host) => host.replace(/^\.(?=\/)/, namespace));
  for (const [index, host] of full.entries()) {
    const other = full.findIndex((wide, at) => at !== index && includes(wide, host));
    const same = other >= 0 && full[other] === host;
    if (other >= 0 && (!same || other < index)) {
      yield doubtful(
        [...path, index],
        `"${hosts[index] ?? ""}" is in "${hosts[other] ?? ""}" already`,
      );
    }
  }
}

/** Whether one pattern names all that the other does; what is excluded by `~` is not compared. */
function includes(wide: string, host: string): boolean {
  if (wide.startsWith("~") || host.startsWith("~")) return false;
  return wide === host || wide === "*/*" || wide === `${host.slice(0, host.indexOf("/"))}/*`;
}
