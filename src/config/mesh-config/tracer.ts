import {
  headerNameProblem,
  headerValueProblem,
  requestTextProblem,
} from "../kinds/format/http-headers.js";
import type { ExtensionProvider, ProviderHeader } from "./extension-provider.js";

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
  const { zipkin, opentelemetry, datadog, skywalking, lightstep } = provider;
  if (zipkin !== undefined) return { kind: "zipkin", settings: zipkin };
  if (opentelemetry !== undefined) return { kind: "opentelemetry", settings: opentelemetry };
  if (lightstep !== undefined) return lightstepTracer(lightstep);
  if (datadog !== undefined) return { kind: "datadog", settings: datadog };
  return skywalking === undefined ? undefined : { kind: "skywalking", settings: skywalking };
}

/** Where spans for Lightstep are sent, and by what it knows whose they are. */
interface Lightstep {
  readonly service: string;
  readonly port: number;
  readonly maxTagLength?: number;
  readonly accessToken?: string | undefined;
}

/** Envoy has no tracer for Lightstep's own protocol any more; Lightstep takes OpenTelemetry's. See Istio, otelLightStepConfig. */
export function lightstepTracer({ accessToken = "", ...settings }: Lightstep): Tracer {
  const { service, port, maxTagLength: length } = settings;
  return {
    kind: "opentelemetry",
    settings: {
      service,
      port,
      ...(length === undefined ? {} : { maxTagLength: length }),
      grpc: { initialMetadata: [{ name: "lightstep-access-token", value: accessToken }] },
    },
  };
}

/** What is written into the requests by which spans are reported. */
interface ReportTexts {
  readonly path?: string | undefined;
  readonly headers?: readonly ProviderHeader[] | undefined;
}

function textsOf({ kind, settings }: Tracer): ReportTexts {
  if (kind === "zipkin") return settings;
  if (kind !== "opentelemetry") return {};
  const { http, grpc } = settings;
  return { path: http?.path, headers: http?.headers ?? grpc?.initialMetadata };
}

/** Why no spans can be reported by such settings: an Envoy would refuse all listeners that have them. */
export function tracerProblem(tracer: Tracer): string | undefined {
  const { path = "", headers = [] } = textsOf(tracer);
  const problems = headers.map(
    ({ name, value = "" }) => headerNameProblem(name) ?? headerValueProblem(value),
  );
  return [requestTextProblem(path), ...problems].find((problem) => problem !== undefined);
}
