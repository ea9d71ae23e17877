/** Which requests of a proxy are traced, with which tags, and where the spans are sent. See Istio, Telemetry.tracing. */
import type { Table } from "../../base/table/table.js";
import type { CustomTag, Tracing } from "../../config/kinds/telemetry/telemetry.js";
import { telemetryProvider } from "../../config/mesh-config/extension-provider.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { TracingSettings } from "../../config/mesh-config/mesh-config-schema.js";
import { ownTracer } from "../../config/mesh-config/own-tracer.js";
import { type Tracer, tracerOf, tracerProblem } from "../../config/mesh-config/tracer.js";
import type { ProviderHosts } from "../security/security-policies.js";
import {
  appliedTelemetries,
  covers,
  type Telemetry,
  type TelemetryQuery,
} from "./applied-telemetry.js";

/** The tags of spans by name. */
export type CustomTags = Readonly<Record<string, CustomTag>>;

/** How a proxy traces on one side. */
export interface ProxyTracing {
  readonly tracer: Tracer;
  /** The host of the tracer's service. */
  readonly hostname: string;
  /** The percentage of requests to trace, among those for which nobody has decided yet. */
  readonly sampling: number;
  readonly customTags: CustomTags;
  /** The spans say of which workload they are. */
  readonly istioTags: boolean;
  /** Whether a request is traced is written into its ID, and read from there. */
  readonly useRequestId: boolean;
  /** The headers of requests are left as they are. */
  readonly isSilent?: true;
  /** The length at which paths are cut off; undefined for Envoy's own. */
  readonly maxPathTagLength?: number;
}

/** Istio's PILOT_TRACE_SAMPLING. */
const DEFAULT_SAMPLING = 1;

interface Effective {
  readonly provider: string | undefined;
  readonly disabled: boolean;
  readonly sampling: number | undefined;
  readonly customTags: CustomTags | undefined;
  readonly istioTags: boolean;
  readonly useRequestId: boolean;
  readonly isSilent: boolean;
}

/** Each field that is said counts over what was said before, tags as a whole; of several providers the first. */
function apply(before: Effective, tracing: Tracing): Effective {
  return {
    provider: tracing.providers?.[0]?.name ?? before.provider,
    disabled: tracing.disableSpanReporting ?? before.disabled,
    sampling: tracing.randomSamplingPercentage ?? before.sampling,
    customTags: tracing.customTags ?? before.customTags,
    istioTags: tracing.enableIstioTags ?? before.istioTags,
    useRequestId: tracing.useRequestIdForTraceSampling ?? before.useRequestId,
    isSilent: tracing.disableContextPropagation ?? before.isSilent,
  };
}

const isEmpty = (tags: CustomTags): boolean => Object.keys(tags).length === 0;

/** What a proxy's own settings say, else the configuration of the mesh. 0 is nothing said. See Istio, ProxyConfig.tracing. */
function defaultsOf({ defaultConfig: { tracing } }: MeshConfig, told: TracingSettings | undefined) {
  const { sampling = 0, maxPathTagLength = 0, customTags = {} } = { ...tracing, ...told };
  return {
    sampling: sampling === 0 ? DEFAULT_SAMPLING : sampling,
    maxPathTagLength,
    customTags,
  };
}

/** What holds before anything is said: for the tracer of the mesh's proxies alone it has a word on Istio's tags. */
function initialOf({ defaultProviders, defaultConfig: { tracing } }: MeshConfig, isOwn: boolean) {
  return {
    provider: defaultProviders.tracing?.[0],
    disabled: false,
    sampling: undefined,
    customTags: undefined,
    istioTags: !isOwn || tracing?.enableIstioTags !== false,
    useRequestId: true,
    isSilent: false,
  } satisfies Effective;
}

function namedTracer(mesh: MeshConfig, name: string | undefined): Tracer | undefined {
  const provider = telemetryProvider(mesh.extensionProviders, name);
  return provider && tracerOf(provider);
}

/** 0 for tracers of which it cannot be said. */
const maxTagLength = (tracer: Tracer): number =>
  tracer.kind === "skywalking" ? 0 : (tracer.settings.maxTagLength ?? 0);

/**
 * How a workload's proxy traces on one side, by the default provider of the mesh and by Telemetries, the more specific over the
 * less specific; by the tracer of the mesh's proxies where there is no default, and no Telemetry says anything of tracing, on
 * whatever side. undefined without a provider that a stock Envoy can report to and whose service is known. See Istio,
 * Telemetry.tracing, and Telemetries.Tracing in its code: as soon as a Telemetry says something it is by providers alone.
 */
export function proxyTracing(
  telemetries: Table<Telemetry>,
  mesh: MeshConfig,
  hosts: ProviderHosts,
  query: TelemetryQuery & { readonly tracing?: TracingSettings | undefined },
): ProxyTracing | undefined {
  const said = appliedTelemetries(telemetries, query).flatMap(({ spec }) => spec.tracing ?? []);
  const isOwn = said.length === 0 && mesh.defaultProviders.tracing?.[0] === undefined;
  const {
    provider: name,
    disabled,
    ...effective
  } = said
    .filter(({ match }) => covers(match?.mode, query.side))
    .reduce<Effective>(apply, initialOf(mesh, isOwn));
  const tracer = isOwn ? ownTracer(mesh) : namedTracer(mesh, name);
  const hostname = tracer && hosts.get(tracer.settings.service);
  if (disabled || tracer === undefined || hostname === undefined) return undefined;
  if (tracerProblem(tracer) !== undefined) return undefined;
  const defaults = defaultsOf(mesh, query.tracing);
  const { sampling = defaults.sampling, customTags = {} } = effective;
  const maxPathTagLength = maxTagLength(tracer) || defaults.maxPathTagLength;
  return {
    tracer,
    hostname,
    sampling,
    customTags: isEmpty(customTags) ? defaults.customTags : customTags,
    istioTags: effective.istioTags,
    useRequestId: effective.useRequestId,
    ...(effective.isSilent ? { isSilent: true } : {}),
    ...(maxPathTagLength === 0 ? {} : { maxPathTagLength }),
  };
}
