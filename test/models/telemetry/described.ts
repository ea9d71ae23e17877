/** What filters of Envoy's listeners tell, in the words of the model. */
import type {
  AccessLogJson,
  HttpConnectionManagerJson,
  ListenerJson,
} from "../../../src/envoy/api.js";
import { defined } from "../traffic-policy/cluster.js";
import type { Log } from "./logs.js";
import type { Labels, MetricsDescription } from "./metrics.js";
import type { Told, What } from "./model.js";

/** A filter that reads requests or passes connections on. */
export interface Filter {
  readonly what: What;
  readonly config: HttpConnectionManagerJson;
}

const KINDS: Readonly<Record<string, What>> = {
  "envoy.filters.network.http_connection_manager": "requests",
  "envoy.filters.network.tcp_proxy": "connections",
};

const BLACK_HOLE = "BlackHoleCluster";

/** Those of a listener, but for what ends connections to nowhere. */
export function filtersOf({
  filterChains = [],
  defaultFilterChain,
}: ListenerJson): readonly Filter[] {
  const chains = [
    ...filterChains,
    ...(defaultFilterChain === undefined ? [] : [defaultFilterChain]),
  ];
  return chains
    .flatMap(({ filters = [] }) => filters)
    .flatMap(({ name = "", typedConfig }) => {
      const what = KINDS[name];
      const config = typedConfig as HttpConnectionManagerJson | undefined;
      if (what === undefined || config === undefined || config.statPrefix === BLACK_HOLE) return [];
      return [{ what, config }];
    });
}

function logOf({ filter, typedConfig }: AccessLogJson): Log {
  const { path } = typedConfig as unknown as { readonly path: string };
  const [, expression] = /"expression":"([^"]*)"/.exec(JSON.stringify(filter ?? {})) ?? [];
  return expression === undefined ? { path } : { path, filter: expression };
}

interface Stat {
  readonly stat: {
    readonly name: string;
    readonly tags?: readonly { readonly name: string; readonly valueFormat: string }[];
  };
}

interface Statistics {
  readonly counters?: readonly Stat[];
  readonly histograms?: readonly Stat[];
}

/** The expressions that worlds have for labels; all else is what Istio has. */
const SAID = /'lit-\d'/;

const labelsOf = ({ stat: { tags = [] } }: Stat): Labels =>
  Object.fromEntries(
    tags.map(({ name, valueFormat }) => [name, SAID.exec(valueFormat)?.[0] ?? ""]),
  );

function metricsOf({ typedConfig }: AccessLogJson): MetricsDescription {
  const { counters = [], histograms = [] } = typedConfig as unknown as Statistics;
  return Object.fromEntries(
    [...counters, ...histograms].map((one) => [one.stat.name, labelsOf(one)]),
  );
}

/** The host that a tracer calls, in whatever words. */
function collectorIn(provider: unknown): string | undefined {
  const text = JSON.stringify(provider);
  return /"(?:uri":"http:\/\/|authority":")([^"/]+)/.exec(text)?.[1];
}

const isIstios = (tag = ""): boolean => tag.startsWith("istio.");

function tracingOf({ tracing, requestIdExtension }: HttpConnectionManagerJson) {
  if (tracing === undefined) return undefined;
  const { customTags = [] } = tracing;
  const own = customTags.filter(({ tag }) => !isIstios(tag));
  const config = requestIdExtension?.typedConfig as
    | { readonly useRequestIdForTraceSampling?: boolean }
    | undefined;
  return defined({
    host: collectorIn(tracing.provider),
    sampling: tracing.randomSampling?.value ?? 0,
    tags: Object.fromEntries(
      own.map(({ tag, literal, requestHeader }) => [
        tag,
        literal?.value ?? `header ${requestHeader?.name ?? ""}`,
      ]),
    ),
    hasIstioTags: customTags.some(({ tag }) => isIstios(tag)),
    usesRequestId: config?.useRequestIdForTraceSampling ?? true,
    isSilent: tracing.noContextPropagation,
    maxPathTagLength: tracing.maxPathTagLength,
    startsSpans: tracing.spawnUpstreamSpan,
  });
}

const FILE = "envoy.access_loggers.file";
const STATISTICS = "envoy.access_loggers.stats";

/** What a filter tells. */
export function toldBy({ what, config }: Filter): Told {
  const { accessLog = [] } = config;
  const statistics = accessLog.filter(({ name }) => name === STATISTICS).map(metricsOf);
  return {
    logs: accessLog.filter(({ name }) => name === FILE).map(logOf),
    metrics: Object.assign({}, ...statistics) as MetricsDescription,
    tracing: what === "requests" ? tracingOf(config) : undefined,
  };
}
