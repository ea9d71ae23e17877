/** How the Envoy of a pod is started: what ProxyConfigs, annotations and the mesh configuration say of its bootstrap. */
import { defined } from "../../base/defined.js";
import type { ProxyConfigSpec } from "../../config/kinds/networking/proxy-config.js";
import { METADATA_PREFIX } from "../../config/kinds/networking/unapplied-metadata.js";
import type { ResourceOf } from "../../config/kinds.js";
import { meshConfigIn } from "../../config/mesh-config/mesh-config.js";
import type {
  ProxyConfigFields,
  ServiceNaming,
  ToldSettings,
} from "../../config/mesh-config/mesh-config-schema.js";
import {
  PROXY_CONFIG_ANNOTATION,
  readProxyConfig,
} from "../../config/mesh-config/proxy-config-annotation.js";
import {
  type ProxyStatistics,
  proxyStatistics,
} from "../../config/mesh-config/proxy-statistics.js";
import { tracingSettings } from "../../config/mesh-config/tracing-settings.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { type Labels, selects } from "../../mesh/labels.js";
import { comparePrecedence } from "../../mesh/precedence.js";
import { makesMetrics } from "../../mesh/telemetry/metrics.js";

/** How a proxy is started, beside what every proxy is told. */
export interface ProxyStart {
  /** What its node says beside its own metadata. */
  readonly nodeMetadata: Readonly<Record<string, string>>;
  /** Its worker threads; 0 is one for each CPU. */
  readonly concurrency: number;
  /** What it tells the control plane of its own settings; what it does not is as the mesh's configuration says. */
  readonly settings: ToldSettings;
  /** What its service is called. */
  readonly naming: ServiceNaming;
  /** What is asked of its statistics. */
  readonly statistics: ProxyStatistics;
  /** Its mesh makes metrics, whose names its bootstrap decides. */
  readonly makesMetrics: boolean;
}

/** The pods of a workload, as far as ProxyConfigs tell them apart. */
interface Pods {
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Many proxies share this machine. */
const USUAL_CONCURRENCY = 1;

/**
 * How the proxies of some pods are started: by `defaultConfig` of the mesh's configuration, over it the ProxyConfig of the
 * root namespace and that of their own, over these the pods' annotation, and over all the ProxyConfig that selects them.
 * Of variables those count that are called `ISTIO_META_NAME`. What cannot be read of an annotation says nothing.
 */
export function proxyStart(tables: ResourceTables, pods: Pods): ProxyStart {
  const mesh = meshConfigIn(tables);
  const { defaultConfig, rootNamespace } = mesh;
  const configs = [...tables.ProxyConfig.values()].sort(comparePrecedence);
  const wholeNamespace = (namespace: string) =>
    configs.find((one) => one.metadata.namespace === namespace && selectorOf(one) === undefined);
  const selecting = configs.find((one) => {
    const selector = selectorOf(one);
    const isNear = one.metadata.namespace === pods.namespace;
    return isNear && selector !== undefined && selects(selector, pods.labels);
  });
  const { fields: annotated } = readProxyConfig(pods.annotations[PROXY_CONFIG_ANNOTATION] ?? "");
  const settings: readonly Settings[] = [
    defaultConfig,
    meantBy(wholeNamespace(rootNamespace)?.spec),
    meantBy(wholeNamespace(pods.namespace)?.spec),
    annotated,
    meantBy(selecting?.spec),
  ];
  const numbers = settings.flatMap(({ concurrency = -1 }) => (concurrency >= 0 ? concurrency : []));
  return {
    nodeMetadata: Object.assign({}, ...settings.map(metadataIn)) as ProxyStart["nodeMetadata"],
    concurrency: numbers.at(-1) ?? USUAL_CONCURRENCY,
    settings: told(annotated),
    naming: namingIn(annotated) ?? namingIn(defaultConfig) ?? {},
    statistics: proxyStatistics({ ...defaultConfig, ...annotated }, pods.annotations),
    makesMetrics: makesMetrics(tables.Telemetry, mesh),
  };
}

function told({ gatewayTopology, proxyHeaders, tracing: all }: ProxyConfigFields): ToldSettings {
  return defined({ gatewayTopology, proxyHeaders, tracing: tracingSettings(all) });
}

/** Each of the two ways to name a service counts over both of those that are less near. */
function namingIn({
  serviceCluster,
  tracingServiceName,
}: ProxyConfigFields): ServiceNaming | undefined {
  if (tracingServiceName !== undefined) return { tracingServiceName };
  return serviceCluster === undefined ? undefined : { serviceCluster };
}

/** Settings as the mesh's configuration has them. */
interface Settings {
  readonly concurrency?: number | undefined;
  readonly proxyMetadata?: ProxyConfigFields["proxyMetadata"] | undefined;
}

const selectorOf = ({ spec }: ResourceOf<"ProxyConfig">): Labels | undefined => {
  const labels = spec.selector?.matchLabels ?? {};
  return Object.keys(labels).length === 0 ? undefined : labels;
};

function meantBy(spec: ProxyConfigSpec | undefined): Settings {
  return { concurrency: spec?.concurrency, proxyMetadata: spec?.environmentVariables };
}

function metadataIn({ proxyMetadata = {} }: Settings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(proxyMetadata)
      .filter(([name]) => name.startsWith(METADATA_PREFIX))
      .map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]),
  );
}
