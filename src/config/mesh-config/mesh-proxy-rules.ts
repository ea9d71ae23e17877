/** The rules of `defaultConfig`. See Istio, ValidateMeshConfigProxyConfig. */
import { durationMs } from "../duration.js";
import type { Path } from "../kind.js";
import { checkClientTls } from "../kinds/networking/destination-rule/client-tls-settings.js";
import { checkCustomTag } from "../kinds/telemetry/telemetry.js";
import { domainProblem, isIpAddress } from "../kinds/value/dns-names.js";
import {
  atMostOne,
  doubtful,
  each,
  eachMember,
  type Findings,
  given,
  invalid,
  refuse,
} from "../kinds/value/findings.js";
import { checkPort } from "../kinds/value/numbers.js";
import type { ProxyConfigFields } from "./mesh-config-schema.js";

/** `HOST:PORT`; a host of IPv6 is in brackets. */
const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d+)$/;
/** What Istio puts the address of the machine in place of. */
const HOST_IP = "$(HOST_IP)";
const AUTO_ALLOCATE = "ISTIO_META_DNS_AUTO_ALLOCATE";

/** What is wrong with the settings of a proxy whose fields are of the right types. */
export function* checkProxyConfig(config: ProxyConfigFields, path: Path): Findings {
  for (const name of ["configPath", "binaryPath", "serviceCluster", "discoveryAddress"] as const) {
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
  yield* given(config.tracing, [...path, "tracing"], checkTracing);
  yield* given(config.privateKeyProvider, [...path, "privateKeyProvider"], checkKeyProvider);
  if (config.proxyMetadata?.[AUTO_ALLOCATE] !== undefined) {
    const message = `${AUTO_ALLOCATE} is deprecated: addresses are allocated without it`;
    yield doubtful([...path, "proxyMetadata", AUTO_ALLOCATE], message);
  }
}

function* checkDrain(text: string, path: Path): Findings {
  const ms = durationMs(text) ?? 0;
  if (ms < 1) yield invalid(path, `${text} is too short: at least 1s`);
  else if (ms % 1000 !== 0) yield invalid(path, `${text} is too precise: whole seconds only`);
}

function* checkAddresses(config: ProxyConfigFields, path: Path): Findings {
  const places: readonly (readonly [Path, unknown])[] = [
    [[...path, "discoveryAddress"], config.discoveryAddress],
    [[...path, "statsdUdpAddress"], config.statsdUdpAddress],
    [[...path, "envoyMetricsServiceAddress"], config.envoyMetricsServiceAddress],
    [[...path, "envoyMetricsService", "address"], addressIn(config.envoyMetricsService)],
    [[...path, "envoyAccessLogService", "address"], addressIn(config.envoyAccessLogService)],
  ];
  yield* each(places, [], function* ([at, address]) {
    // What is empty is as if it were not there.
    if (typeof address === "string" && address !== "") yield* refuse(at, addressProblem(address));
  });
}

const addressIn = (part: object | undefined): unknown =>
  part !== undefined && "address" in part ? part.address : undefined;

function* checkTracing(tracing: NonNullable<ProxyConfigFields["tracing"]>, path: Path): Findings {
  for (const name of ["zipkin", "datadog", "lightstep"] as const) {
    yield* given(tracing[name], [...path, name], ({ address = "" }, at) =>
      refuse([...at, "address"], addressProblem(address)),
    );
  }
  yield* given(tracing.lightstep, [...path, "lightstep"], ({ accessToken = "" }, at) =>
    refuse(
      [...at, "accessToken"],
      accessToken === "" ? "lightstep needs an accessToken" : undefined,
    ),
  );
  yield* eachMember(tracing.customTags, [...path, "customTags"], checkCustomTag);
  yield* given(tracing.tlsSettings, [...path, "tlsSettings"], (tls, at) =>
    checkClientTls(tls, at, undefined),
  );
}

/** A device that has private keys, and how often it is asked. */
function* checkKeyProvider(
  provider: NonNullable<ProxyConfigFields["privateKeyProvider"]>,
  path: Path,
): Findings {
  const kinds = ["cryptomb", "qat"] as const;
  yield* atMostOne(provider, path, kinds);
  if (kinds.every((kind) => provider[kind] === undefined)) {
    yield invalid(path, `privateKeyProvider is none: give one of ${kinds.join(", ")}`);
  }
  for (const kind of kinds) {
    yield* given(provider[kind], [...path, kind], ({ pollDelay }, at) => {
      const isGiven = pollDelay !== undefined && durationMs(pollDelay) !== 0;
      return refuse([...at, "pollDelay"], isGiven ? undefined : `${kind} needs a pollDelay`);
    });
  }
}

function addressProblem(address: string): string | undefined {
  const [, ip, name = ip ?? "", port] = ADDRESS.exec(address.replace(HOST_IP, "127.0.0.1")) ?? [];
  if (port === undefined) return `"${address}" is no address: HOST:PORT`;
  const number = Number(port);
  if (number < 1 || number > 65535) return `port ${port} is out of range: 1 to 65535`;
  return isIpAddress(name) ? undefined : domainProblem(name);
}
