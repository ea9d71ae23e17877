/** How Envoy reports spans, by the kind of who is told of them. */
import type { ProviderHeader } from "../../config/mesh-config/extension-provider.js";
import type { Tracer } from "../../config/mesh-config/tracer.js";
import type { ProxyTracing } from "../../mesh/telemetry/tracing.js";
import { any } from "../any.js";
import type {
  HeaderValueJson,
  HeaderValueOptionJson,
  HttpConnectionManager_TracingJson,
} from "../api.js";
import { goDuration } from "../duration.js";
import { outboundClusterName } from "../names.js";

type ProviderJson = NonNullable<HttpConnectionManager_TracingJson["provider"]>;

/** Where spans are sent. */
interface Collector {
  readonly cluster: string;
  readonly hostname: string;
}

type SettingsOf<Kind extends Tracer["kind"]> = Extract<Tracer, { kind: Kind }>["settings"];

/** Envoy has no default for the time that a collector has. */
const DEFAULT_TIMEOUT = "5s";

/**
 * By what spans are said to be a proxy's whose listeners others share: OpenTelemetry's and Datadog's variables of the
 * proxy's environment count over it.
 */
const SHARED_SERVICE_NAME = "istio-proxy";

/** Headers whose value is in the control plane's environment are left out. */
function headerValues(headers: readonly ProviderHeader[]): readonly HeaderValueJson[] {
  return headers.flatMap(({ name, value }) => (value === undefined ? [] : [{ key: name, value }]));
}

const headerOptions = (headers: readonly ProviderHeader[]): HeaderValueOptionJson[] =>
  headerValues(headers).map((header) => ({
    header,
    appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
  }));

interface HttpSettings {
  readonly path: string;
  readonly timeout?: string | undefined;
  readonly headers?: readonly ProviderHeader[] | undefined;
}

function httpService({ cluster, hostname }: Collector, settings: HttpSettings) {
  const { path, timeout = DEFAULT_TIMEOUT, headers = [] } = settings;
  const slash = path.startsWith("/") ? "" : "/";
  return {
    httpUri: {
      uri: `http://${hostname}${slash}${path}`,
      cluster,
      timeout: goDuration(timeout) ?? DEFAULT_TIMEOUT,
    },
    ...(headers.length === 0 ? {} : { requestHeadersToAdd: headerOptions(headers) }),
  };
}

const grpcService = ({ cluster, hostname }: Collector) => ({
  envoyGrpc: { clusterName: cluster, authority: hostname },
});

function zipkin(settings: SettingsOf<"zipkin">, collector: Collector): ProviderJson {
  const { path = "", timeout, headers, traceContextOption } = settings;
  const both = traceContextOption === "USE_B3_WITH_W3C_PROPAGATION";
  return {
    name: "envoy.tracers.zipkin",
    typedConfig: any("envoy.config.trace.v3.ZipkinConfig", {
      collectorEndpointVersion: "HTTP_JSON",
      traceId128bit: settings.enable64bitTraceId !== true,
      sharedSpanContext: false,
      collectorService: httpService(collector, {
        path: path === "" ? "/api/v2/spans" : path,
        timeout,
        headers,
      }),
      ...(both ? { traceContextOption } : {}),
    }),
  };
}

const DETECTORS = {
  environment: "EnvironmentResourceDetectorConfig",
  dynatrace: "DynatraceResourceDetectorConfig",
} as const;

function detector(name: keyof typeof DETECTORS) {
  return {
    name: `envoy.tracers.opentelemetry.resource_detectors.${name}`,
    typedConfig: any(
      `envoy.extensions.tracers.opentelemetry.resource_detectors.v3.${DETECTORS[name]}`,
      {},
    ),
  };
}

function exporter({ http, grpc }: SettingsOf<"opentelemetry">, collector: Collector) {
  if (http !== undefined) return { httpService: httpService(collector, http) };
  const { timeout, initialMetadata = [] } = grpc ?? {};
  const metadata = headerValues(initialMetadata);
  const limit = timeout === undefined ? undefined : goDuration(timeout);
  return {
    grpcService: {
      ...grpcService(collector),
      ...(limit === undefined ? {} : { timeout: limit }),
      ...(metadata.length === 0 ? {} : { initialMetadata: metadata }),
    },
  };
}

/** The proxy's environment is always looked at: it alone says whose spans those of shared listeners are. */
function openTelemetry(
  settings: SettingsOf<"opentelemetry">,
  collector: Collector,
  serviceName: string,
): ProviderJson {
  const isDynatrace = settings.resourceDetectors?.dynatrace !== undefined;
  return {
    name: "envoy.tracers.opentelemetry",
    typedConfig: any("envoy.config.trace.v3.OpenTelemetryConfig", {
      ...exporter(settings, collector),
      serviceName,
      resourceDetectors: [detector("environment"), ...(isDynatrace ? [detector("dynatrace")] : [])],
    }),
  };
}

function datadog({ cluster, hostname }: Collector, serviceName: string): ProviderJson {
  return {
    name: "envoy.tracers.datadog",
    typedConfig: any("envoy.config.trace.v3.DatadogConfig", {
      collectorCluster: cluster,
      serviceName,
      collectorHostname: hostname,
    }),
  };
}

function skywalking(collector: Collector): ProviderJson {
  return {
    name: "envoy.tracers.skywalking",
    typedConfig: any("envoy.config.trace.v3.SkyWalkingConfig", {
      grpcService: grpcService(collector),
    }),
  };
}

/** The cluster by which a proxy reports spans. */
export function collectorCluster({
  tracer: { settings },
  hostname,
}: Pick<ProxyTracing, "tracer" | "hostname">): string {
  return outboundClusterName({ port: settings.port, subset: "", hostname });
}

/**
 * Envoy's tracer. `serviceName` is whose its spans are; undefined where proxies share it. Zipkin's and SkyWalking's take it
 * from the proxy's node. See Istio, configureFromProviderConfig.
 */
export function tracerProvider(
  tracing: Pick<ProxyTracing, "tracer" | "hostname">,
  serviceName: string = SHARED_SERVICE_NAME,
): ProviderJson {
  const { tracer, hostname } = tracing;
  const collector = { cluster: collectorCluster(tracing), hostname };
  switch (tracer.kind) {
    case "zipkin":
      return zipkin(tracer.settings, collector);
    case "opentelemetry":
      return openTelemetry(tracer.settings, collector, serviceName);
    case "datadog":
      return datadog(collector, serviceName);
    case "skywalking":
      return skywalking(collector);
  }
}
