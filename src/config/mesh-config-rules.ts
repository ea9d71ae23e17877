/** The rules of the mesh's configuration that its schema cannot say. See Istio, pkg/config/validation/agent. */
import { durationMs } from "./duration.js";
import type { Path } from "./kind.js";
import { each, type Findings, given, invalid, refuse } from "./kinds/findings.js";
import { checkLocality } from "./kinds/locality.js";
import { checkDuration, checkDurationOrZero, checkPort } from "./kinds/numbers.js";
import type { MeshConfigFields, ProxyConfigFields } from "./mesh-config-schema.js";

/** `HOST:PORT`; a host of IPv6 is in brackets. */
const ADDRESS = /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]/\s]+):(\d+)$/;
/** What Istio puts the address of the machine in place of. */
const HOST_IP = "$(HOST_IP)";
const LONGEST_CONNECT_MS = 30_000;
const LONGEST_DRAIN_MS = 3_600_000;
const DNS_CAPTURE = "ISTIO_META_DNS_CAPTURE";
const AUTO_ALLOCATE = "ISTIO_META_DNS_AUTO_ALLOCATE";

/** What is wrong with a mesh configuration whose fields are of the right types. */
export function* checkMeshConfig(config: MeshConfigFields): Findings {
  yield* given(config.proxyListenPort, ["proxyListenPort"], checkPort);
  yield* given(config.connectTimeout, ["connectTimeout"], checkConnectTimeout);
  yield* given(config.protocolDetectionTimeout, ["protocolDetectionTimeout"], checkDurationOrZero);
  yield* given(config.defaultConfig, ["defaultConfig"], checkProxyConfig);
  yield* given(config.localityLbSetting, ["localityLbSetting"], checkLocality);
  if ((config.meshMTLS?.ecdhCurves ?? []).length > 0) {
    yield invalid(["meshMTLS", "ecdhCurves"], "only tlsDefaults has ecdhCurves");
  }
}

function* checkConnectTimeout(text: string, path: Path): Findings {
  yield* checkDuration(text, path);
  if ((durationMs(text) ?? 0) > LONGEST_CONNECT_MS) {
    yield invalid(path, `${text} is too long: at most 30s`);
  }
}

function* checkProxyConfig(config: ProxyConfigFields, path: Path): Findings {
  for (const name of ["configPath", "binaryPath", "serviceCluster"] as const) {
    if (config[name] === "") yield invalid([...path, name], `${name} is empty`);
  }
  yield* given(config.drainDuration, [...path, "drainDuration"], checkDrain);
  if (config.controlPlaneAuthPolicy === "INHERIT") {
    const message = "INHERIT is no policy of the control plane: NONE or MUTUAL_TLS";
    yield invalid([...path, "controlPlaneAuthPolicy"], message);
  }
  for (const name of ["statusPort", "proxyAdminPort"] as const) {
    yield* given(config[name], [...path, name], checkPort);
  }
  yield* checkAddresses(config, path);
  const { proxyMetadata = {} } = config;
  if (proxyMetadata[AUTO_ALLOCATE] === "true" && proxyMetadata[DNS_CAPTURE] !== "true") {
    const message = `${AUTO_ALLOCATE} needs ${DNS_CAPTURE}: "true"`;
    yield invalid([...path, "proxyMetadata", AUTO_ALLOCATE], message);
  }
}

function* checkDrain(text: string, path: Path): Findings {
  const ms = durationMs(text) ?? 0;
  if (ms < 1) yield invalid(path, `${text} is too short: at least 1s`);
  else if (ms % 1000 !== 0) yield invalid(path, `${text} is too precise: whole seconds only`);
  else if (ms > LONGEST_DRAIN_MS) yield invalid(path, `${text} is too long: at most 1h`);
}

function* checkAddresses(config: ProxyConfigFields, path: Path): Findings {
  const tracing = [...path, "tracing"];
  const places: readonly (readonly [Path, unknown])[] = [
    [[...path, "discoveryAddress"], config.discoveryAddress],
    [[...path, "statsdUdpAddress"], config.statsdUdpAddress],
    [[...path, "envoyMetricsServiceAddress"], config.envoyMetricsServiceAddress],
    [[...path, "envoyMetricsService", "address"], addressIn(config.envoyMetricsService)],
    [[...path, "envoyAccessLogService", "address"], addressIn(config.envoyAccessLogService)],
    [[...tracing, "zipkin", "address"], addressIn(config.tracing?.zipkin)],
    [[...tracing, "datadog", "address"], addressIn(config.tracing?.datadog)],
    [[...tracing, "lightstep", "address"], addressIn(config.tracing?.lightstep)],
  ];
  yield* each(places, [], function* ([at, address]) {
    // What is empty is as if it were not there.
    if (typeof address === "string" && address !== "") yield* refuse(at, addressProblem(address));
  });
}

const addressIn = (part: object | undefined): unknown =>
  part !== undefined && "address" in part ? part.address : undefined;

function addressProblem(address: string): string | undefined {
  const [, port] = ADDRESS.exec(address.replace(HOST_IP, "127.0.0.1")) ?? [];
  if (port === undefined) return `"${address}" is no address: HOST:PORT`;
  const number = Number(port);
  return number >= 1 && number <= 65535 ? undefined : `port ${port} is out of range: 1 to 65535`;
}
