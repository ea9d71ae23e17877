/** What the mesh's configuration can ask for, and what is not done here. */

import type { Path } from "../kind.js";
import type { TrafficPolicy } from "../kinds/networking/destination-rule/traffic-policy.js";
import { unappliedMetadata } from "../kinds/networking/unapplied-metadata.js";
import { each, type Findings, given } from "../kinds/value/findings.js";
import { notApplied } from "../kinds/value/unapplied.js";
import type { ExtensionProvider, ProviderHeader } from "./extension-provider.js";
import type { MeshConfigFields, ProxyConfigFields } from "./mesh-config-schema.js";
import { checkStatistics } from "./proxy-statistics.js";

/** Where Istio has what is captured go, if nobody says otherwise. */
const DEFAULT_PORTS = { proxyListenPort: 15001, proxyInboundListenPort: 15006 } as const;

/** Warns of the fields that ask for what is not done; not of those that have what is done anyway. */
export function* unappliedMeshFields(config: MeshConfigFields): Findings {
  for (const name of ["proxyListenPort", "proxyInboundListenPort"] as const) {
    const port = DEFAULT_PORTS[name];
    if ((config[name] ?? port) !== port) {
      yield notApplied([name], `another ${name} than ${port}`);
    }
  }
  yield* unapplied([], {
    enableEnvoyAccessLogService: config.enableEnvoyAccessLogService,
    configSources: config.configSources,
    certificates: config.certificates,
    serviceScopeConfigs: config.serviceScopeConfigs,
    hboneIdleTimeout: config.hboneIdleTimeout,
  });
  const {
    connectionPool: _pool,
    outlierDetection: _outliers,
    ...ofPolicy
  } = config.defaultTrafficPolicy ?? {};
  yield* unapplied(["defaultTrafficPolicy"], ofPolicy);
  yield* unappliedLimits(config.defaultTrafficPolicy);
  const { retryRemoteLocalities, retryIgnorePreviousHosts } =
    config.defaultInboundHttpRetryPolicy ?? {};
  // An application is one endpoint: there are no others to prefer.
  yield* unapplied(["defaultInboundHttpRetryPolicy"], {
    retryRemoteLocalities,
    retryIgnorePreviousHosts,
  });
  if (config.verifyCertificateAtClient === false) {
    yield notApplied(
      ["verifyCertificateAtClient"],
      "not to verify servers (a DestinationRule says so of one, by insecureSkipVerify)",
    );
  }
  yield* each(config.extensionProviders, ["extensionProviders"], unappliedProviderFields);
  const { zipkin: _, lightstep: _other, ...tracers } = config.defaultConfig?.tracing ?? {};
  const settings = { ...config.defaultConfig, tracing: tracers };
  yield* unappliedProxyFields(settings, ["defaultConfig"]);
}

/** Limits of time that are the mesh's are for requests: those of connections go by the rule for whom they lead to. */
function* unappliedLimits({ connectionPool }: TrafficPolicy = {}): Findings {
  const path = ["defaultTrafficPolicy", "connectionPool", "tcp"];
  for (const name of ["idleTimeout", "maxConnectionDuration"] as const) {
    if (connectionPool?.tcp?.[name] === undefined) continue;
    const what = `${name} for connections that are not HTTP (a DestinationRule says it of a host)`;
    yield notApplied([...path, name], what);
  }
}

/** The same of a service that is told of spans. */
function* unappliedProviderFields(provider: ExtensionProvider, path: Path): Findings {
  yield* given(provider.opentelemetry, [...path, "opentelemetry"], function* (otel, at) {
    const { dynatraceSampler, serviceAttributeEnrichment, http, grpc } = otel;
    yield* unapplied(at, { dynatraceSampler, serviceAttributeEnrichment });
    yield* each(http?.headers, [...at, "http", "headers"], unappliedHeader);
    yield* each(grpc?.initialMetadata, [...at, "grpc", "initialMetadata"], unappliedHeader);
  });
  yield* given(provider.zipkin, [...path, "zipkin"], ({ headers }, at) =>
    each(headers, [...at, "headers"], unappliedHeader),
  );
}

const unappliedHeader = ({ envName }: ProviderHeader, path: Path): Findings =>
  unapplied(path, { envName });

/** Where spans go is the mesh's to say. */
const OWN_TRACER = "a tracer of a proxy's own, other than the mesh's for Zipkin or Lightstep,";

/**
 * The same of the settings of a single proxy. The tags that a Telemetry adds to metrics are labels of them whatever
 * `extraStatTags` lists.
 */
export function* unappliedProxyFields(config: ProxyConfigFields, path: Path): Findings {
  const { zipkin, lightstep, datadog, stackdriver, openCensusAgent } = config.tracing ?? {};
  const tracing = { zipkin, lightstep, datadog, stackdriver, openCensusAgent };
  for (const [name, tracer] of Object.entries(tracing)) {
    if (tracer !== undefined) yield notApplied([...path, "tracing", name], OWN_TRACER);
  }
  yield* unappliedMetadata(config.proxyMetadata ?? {}, [...path, "proxyMetadata"]);
  yield* checkStatistics(config, path);
  yield* unapplied(path, {
    zipkinAddress: config.zipkinAddress,
    envoyMetricsServiceAddress: config.envoyMetricsServiceAddress,
    envoyMetricsService: config.envoyMetricsService,
    envoyAccessLogService: config.envoyAccessLogService,
    customConfigFile: config.customConfigFile,
    proxyBootstrapTemplatePath: config.proxyBootstrapTemplatePath,
    runtimeValues: config.runtimeValues,
    caCertificatesPem: config.caCertificatesPem,
    privateKeyProvider: config.privateKeyProvider,
  });
}

function* unapplied(path: Path, fields: Readonly<Record<string, unknown>>): Findings {
  for (const [name, value] of Object.entries(fields)) {
    if (isAsked(value)) yield notApplied([...path, name], name);
  }
}

/** Whether a value is more than none: no text, number or list is the same as an empty one. */
function isAsked(value: unknown): boolean {
  return typeof value === "object" && value !== null
    ? Object.keys(value).length > 0
    : Boolean(value);
}
