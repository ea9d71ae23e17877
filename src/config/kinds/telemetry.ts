import Type from "typebox";
import type { KindDefinition } from "../kind.js";
import {
  Duration,
  Flag,
  list,
  mapOf,
  NonEmptyText,
  oneOf,
  optional,
  strict,
  Text,
  type ValueOf,
} from "./fields.js";
import { PolicySelector, PolicyTargetReference, PolicyTargetReferences } from "./selectors.js";

/** A provider of the mesh configuration by its name. */
export const ProviderRef = strict({ name: NonEmptyText });
export type ProviderRef = ValueOf<typeof ProviderRef>;

/** Which side of a request it is about. */
export const WorkloadMode = oneOf("CLIENT_AND_SERVER", "CLIENT", "SERVER");
export type WorkloadMode = ValueOf<typeof WorkloadMode>;

const ModeMatch = strict({ mode: optional(WorkloadMode) });

/** A tag of a span: a literal, an environment variable, a request header or a format string. */
export const CustomTag = strict({
  literal: optional(strict({ value: NonEmptyText })),
  environment: optional(strict({ name: NonEmptyText, defaultValue: optional(Text) })),
  header: optional(strict({ name: NonEmptyText, defaultValue: optional(Text) })),
  formatter: optional(strict({ value: NonEmptyText })),
});
export type CustomTag = ValueOf<typeof CustomTag>;

/** How requests are traced. */
export const Tracing = strict({
  match: optional(ModeMatch),
  providers: optional(list(ProviderRef)),
  randomSamplingPercentage: optional(Type.Number({ minimum: 0, maximum: 100 })),
  disableSpanReporting: optional(Flag),
  customTags: optional(mapOf(CustomTag)),
  useRequestIdForTraceSampling: optional(Flag),
  enableIstioTags: optional(Flag),
});
export type Tracing = ValueOf<typeof Tracing>;

/** One of Istio's metrics. */
export const IstioMetric = oneOf(
  "ALL_METRICS",
  "REQUEST_COUNT",
  "REQUEST_DURATION",
  "REQUEST_SIZE",
  "RESPONSE_SIZE",
  "TCP_OPENED_CONNECTIONS",
  "TCP_CLOSED_CONNECTIONS",
  "TCP_SENT_BYTES",
  "TCP_RECEIVED_BYTES",
  "GRPC_REQUEST_MESSAGES",
  "GRPC_RESPONSE_MESSAGES",
);
export type IstioMetric = ValueOf<typeof IstioMetric>;

/** Whether some metrics are made, and with which tags. */
export const MetricsOverride = strict({
  match: optional(
    strict({
      metric: optional(IstioMetric),
      customMetric: optional(Type.String({ minLength: 1 })),
      mode: optional(WorkloadMode),
    }),
  ),
  disabled: optional(Flag),
  tagOverrides: optional(
    mapOf(strict({ operation: optional(oneOf("UPSERT", "REMOVE")), value: optional(Text) })),
  ),
});
export type MetricsOverride = ValueOf<typeof MetricsOverride>;

/** Which metrics are made. */
export const Metrics = strict({
  providers: optional(list(ProviderRef)),
  overrides: optional(list(MetricsOverride)),
  reportingInterval: optional(Duration),
});
export type Metrics = ValueOf<typeof Metrics>;

/** Which requests are logged, and where; `expression` is CEL. */
export const AccessLogging = strict({
  match: optional(ModeMatch),
  providers: optional(list(ProviderRef)),
  disabled: optional(Flag),
  filter: optional(strict({ expression: optional(Text) })),
});
export type AccessLogging = ValueOf<typeof AccessLogging>;

/** What some proxies report. */
export const TelemetrySpec = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  tracing: optional(list(Tracing)),
  metrics: optional(list(Metrics)),
  accessLogging: optional(list(AccessLogging)),
});
export type TelemetrySpec = ValueOf<typeof TelemetrySpec>;

/** Istio's Telemetry. */
export const telemetry = {
  kind: "Telemetry",
  group: "telemetry.istio.io",
  versions: ["v1", "v1alpha1"],
  body: "spec",
  schema: TelemetrySpec,
} as const satisfies KindDefinition<TelemetrySpec>;
