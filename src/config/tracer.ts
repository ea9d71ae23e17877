import type { ExtensionProvider } from "./extension-provider.js";

/** By kind, the providers to which a stock Envoy can report spans. */
type TracerProviders = Required<
  Pick<ExtensionProvider, "zipkin" | "opentelemetry" | "datadog" | "skywalking">
>;

/** A service to which spans are reported, and how. */
export type Tracer = {
  readonly [Kind in keyof TracerProviders]: {
    readonly kind: Kind;
    readonly settings: TracerProviders[Kind];
  };
}[keyof TracerProviders];

/** The tracer that a provider is; undefined for providers of another kind. */
export function tracerOf(provider: ExtensionProvider): Tracer | undefined {
  const { zipkin, opentelemetry, datadog, skywalking } = provider;
  if (zipkin !== undefined) return { kind: "zipkin", settings: zipkin };
  if (opentelemetry !== undefined) return { kind: "opentelemetry", settings: opentelemetry };
  if (datadog !== undefined) return { kind: "datadog", settings: datadog };
  return skywalking === undefined ? undefined : { kind: "skywalking", settings: skywalking };
}
