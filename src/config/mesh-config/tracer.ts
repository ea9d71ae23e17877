import {
  headerNameProblem,
  headerValueProblem,
  requestTextProblem,
} from "../kinds/format/http-headers.js";
import {
  type ExtensionProvider,
  type ProviderHeader,
  type ProviderOf,
  providerOf,
} from "./extension-provider.js";

/** A service to which a stock Envoy can report spans, and how. */
export type Tracer = ProviderOf<"zipkin" | "opentelemetry" | "datadog" | "skywalking">;

const TRACERS = ["zipkin", "opentelemetry", "lightstep", "datadog", "skywalking"] as const;

/** The tracer that a provider is; undefined for providers of another kind. */
export function tracerOf(provider: ExtensionProvider): Tracer | undefined {
  const tracer = providerOf(provider, TRACERS);
  return tracer?.kind === "lightstep" ? lightstepTracer(tracer.settings) : tracer;
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
