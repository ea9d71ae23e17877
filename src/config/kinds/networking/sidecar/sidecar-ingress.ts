import type { Path } from "../../../kind.js";
import { ipProblem, UNIX_PREFIX, unixAddressProblem } from "../../value/addresses.js";
import { optional, strict, Text, type ValueOf } from "../../value/fields.js";
import {
  doubtful,
  each,
  type Findings,
  given,
  invalid,
  refuse,
  unique,
} from "../../value/findings.js";
import { checkPort } from "../../value/numbers.js";
import { isHttpProtocol, isTlsProtocol } from "../../value/protocols.js";
import {
  ConnectionPoolSettings,
  checkConnectionPool,
} from "../destination-rule/connection-pool.js";
import { checkServerTls, ServerTLSSettings } from "../server-tls-settings.js";
import { CaptureMode, checkSidecarPort, SidecarPort } from "./sidecar-port.js";

/** What a sidecar accepts for its workload. */
export type IstioIngressListener = ValueOf<typeof IstioIngressListener>;
export const IstioIngressListener = strict({
  port: SidecarPort,
  bind: optional(Text),
  captureMode: optional(CaptureMode),
  /** `127.0.0.1:PORT`, `0.0.0.0:PORT`, `[::1]:PORT`, `[::]:PORT` or `unix://` and a path. */
  defaultEndpoint: optional(Text),
  tls: optional(ServerTLSSettings),
  connectionPool: optional(ConnectionPoolSettings),
});

/** Listeners on ports of their own, for endpoints of the workload itself. */
export function* checkIngressListeners(
  listeners: readonly IstioIngressListener[],
  path: Path,
): Findings {
  yield* each(listeners, path, checkListener);
  const ports = listeners.map(({ port }) => port.number ?? 0);
  yield* unique(ports, (index) => [...path, index, "port", "number"], "port");
}

function* checkListener(listener: IstioIngressListener, path: Path): Findings {
  const { port, bind = "", defaultEndpoint = "", tls, connectionPool } = listener;
  yield* checkSidecarPort(port, [...path, "port"]);
  yield* checkPort(port.number ?? 0, [...path, "port", "number"]);
  yield* refuse([...path, "bind"], bind === "" ? undefined : ipProblem(bind));
  yield* refuse([...path, "defaultEndpoint"], endpointProblem(defaultEndpoint));
  yield* given(tls, [...path, "tls"], (settings, at) => checkTls(settings, at, port));
  yield* given(connectionPool, [...path, "connectionPool"], checkConnectionPool);
  if (connectionPool?.http !== undefined && !isHttpProtocol(port.protocol ?? "")) {
    const at = [...path, "connectionPool", "http"];
    yield doubtful(
      at,
      `the settings are for HTTP, the port's protocol is "${port.protocol ?? ""}"`,
    );
  }
}

function* checkTls(tls: ServerTLSSettings, path: Path, port: SidecarPort): Findings {
  const unsupported = [
    "subjectAltNames",
    "credentialName",
    "credentialNames",
    "tlsCertificates",
  ] as const;
  for (const field of unsupported) {
    if ((tls[field] ?? []).length > 0) {
      yield invalid([...path, field], `${field} is not for sidecars: give serverCertificate`);
    }
  }
  if (tls.httpsRedirect === true) {
    yield invalid([...path, "httpsRedirect"], "httpsRedirect is for gateways");
  }
  if (tls.mode === "ISTIO_MUTUAL" || tls.mode === "AUTO_PASSTHROUGH") {
    yield invalid([...path, "mode"], `mode ${tls.mode} is not for sidecars: SIMPLE or MUTUAL`);
  }
  if (!isTlsProtocol(port.protocol ?? "")) {
    const problem = `tls needs the protocol HTTPS or TLS, found "${port.protocol ?? ""}"`;
    yield invalid(path, problem);
  }
  yield* checkServerTls(tls, path);
}

/** Why an address is none that the workload itself listens on. */
function endpointProblem(endpoint: string): string | undefined {
  if (endpoint === "") return undefined;
  if (endpoint.startsWith(UNIX_PREFIX)) return unixAddressProblem(endpoint);
  const [, host = "", port = ""] = /^(.*):([^:]*)$/.exec(endpoint) ?? [];
  if (!["", "127.0.0.1", "0.0.0.0", "[::1]", "[::]"].includes(host) || port === "") {
    return `"${endpoint}" is no address of the workload itself, such as 127.0.0.1:8080`;
  }
  const valid = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
  return valid ? undefined : `"${port}" is no port: 1 to 65535`;
}
