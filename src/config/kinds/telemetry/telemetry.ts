import Type from "typebox";
import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { envoyCelProblem } from "../cel/envoy-cel.js";
import { unknownInHeader } from "../format/format-commands.js";
import { formatProblem } from "../format/format-problem.js";
import { readHeaderProblem } from "../format/http-headers.js";
import { checkedByIstio } from "../istio-resource.js";
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
} from "../value/fields.js";
import {
  atMostOne,
  doubtful,
  each,
  eachMember,
  type Findings,
  given,
  invalid,
  refuse,
} from "../value/findings.js";
import { checkDuration } from "../value/numbers.js";
import {
  checkPolicyTargets,
  PolicySelector,
  PolicyTargetReference,
  PolicyTargetReferences,
} from "../value/selectors.js";
import { notApplied } from "../value/unapplied.js";
import { metricExpression } from "./metric-expression.js";

/** A provider of the mesh configuration by its name. */
export type ProviderRef = ValueOf<typeof ProviderRef>;
const ProviderRef = strict({ name: NonEmptyText });

/** Which side of a request it is about. */
export type WorkloadMode = ValueOf<typeof WorkloadMode>;
export const WorkloadMode = oneOf("CLIENT_AND_SERVER", "CLIENT", "SERVER");

const ModeMatch = strict({ mode: optional(WorkloadMode) });

/** A tag of a span: a literal, an environment variable, a request header or a format string. */
export type CustomTag = ValueOf<typeof CustomTag>;
export const CustomTag = strict({
  literal: optional(strict({ value: NonEmptyText })),
  environment: optional(strict({ name: NonEmptyText, defaultValue: optional(Text) })),
  header: optional(strict({ name: NonEmptyText, defaultValue: optional(Text) })),
  formatter: optional(strict({ value: NonEmptyText })),
});

/** How requests are traced. */
export type Tracing = ValueOf<typeof Tracing>;
const Tracing = strict({
  match: optional(ModeMatch),
  providers: optional(list(ProviderRef)),
  randomSamplingPercentage: optional(Type.Number({ minimum: 0, maximum: 100 })),
  disableSpanReporting: optional(Flag),
  customTags: optional(mapOf(CustomTag)),
  useRequestIdForTraceSampling: optional(Flag),
  enableIstioTags: optional(Flag),
  /** Since Istio 1.30. */
  disableContextPropagation: optional(Flag),
});

/** One of Istio's metrics. */
export type IstioMetric = ValueOf<typeof IstioMetric>;
const IstioMetric = oneOf(
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

/** What becomes of a tag of a metric; `value` is CEL. */
export type TagOverride = ValueOf<typeof TagOverride>;
const TagOverride = strict({
  operation: optional(oneOf("UPSERT", "REMOVE")),
  value: optional(Text),
});

/** Whether some metrics are made, and with which tags. */
export type MetricsOverride = ValueOf<typeof MetricsOverride>;
const MetricsOverride = strict({
  match: optional(
    strict({
      metric: optional(IstioMetric),
      customMetric: optional(NonEmptyText),
      mode: optional(WorkloadMode),
    }),
  ),
  disabled: optional(Flag),
  tagOverrides: optional(mapOf(TagOverride)),
});

/** Which metrics are made. */
export type Metrics = ValueOf<typeof Metrics>;
const Metrics = strict({
  providers: optional(list(ProviderRef)),
  overrides: optional(list(MetricsOverride)),
  reportingInterval: optional(Duration),
});

/** Which requests are logged, and where; `expression` is CEL. */
export type AccessLogging = ValueOf<typeof AccessLogging>;
export const AccessLogging = strict({
  match: optional(ModeMatch),
  providers: optional(list(ProviderRef)),
  disabled: optional(Flag),
  filter: optional(strict({ expression: optional(Text) })),
});

/** What some proxies report. */
export type TelemetrySpec = ValueOf<typeof TelemetrySpec>;
export const TelemetrySpec = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  tracing: optional(list(Tracing)),
  metrics: optional(list(Metrics)),
  accessLogging: optional(list(AccessLogging)),
});

/** Istio's Telemetry. */
export const telemetry = {
  kind: "Telemetry",
  group: "telemetry.istio.io",
  versions: ["v1", "v1alpha1"],
  body: "spec",
  schema: TelemetrySpec,
  check: checkedByIstio(checkTelemetry),
} as const satisfies KindDefinition<TelemetrySpec>;

function* checkTelemetry({ spec }: ConfigResource<TelemetrySpec>): Findings {
  yield* checkPolicyTargets(spec, ["spec"]);
  if ((spec.tracing ?? []).length > 1) {
    yield doubtful(
      ["spec", "tracing", 1],
      "Istio says that it does not support more than one tracing: what a later one says counts",
    );
  }
  yield* each(spec.tracing, ["spec", "tracing"], checkTracing);
  yield* each(spec.accessLogging, ["spec", "accessLogging"], ({ filter, providers = [] }, at) =>
    given(filter, [...at, "filter"], function* ({ expression = "" }, place) {
      yield* refuse([...place, "expression"], envoyCelProblem(expression));
      if (providers.length > 0) return;
      yield doubtful(place, "a filter is for the providers beside it: name those that are meant");
    }),
  );
  yield* each(spec.metrics, ["spec", "metrics"], function* (metrics, at) {
    yield* each(metrics.overrides, [...at, "overrides"], checkOverride);
    yield* given(metrics.reportingInterval, [...at, "reportingInterval"], function* (text, place) {
      yield* checkDuration(text, place);
      yield notApplied(place, "an interval of reports (bytes are counted when connections end)");
    });
  });
}

function* checkTracing(tracing: Tracing, path: Path): Findings {
  if ((tracing.providers ?? []).length > 1) {
    yield doubtful([...path, "providers", 1], "spans go to one provider: the first counts");
  }
  yield* eachMember(tracing.customTags, [...path, "customTags"], checkCustomTag);
}

/** What keeps a tag from being part of a span: an Envoy would refuse all listeners that have it. */
export function* checkCustomTag(tag: CustomTag, path: Path, name: string): Findings {
  if (name === "") yield invalid(path, "a tag needs a name");
  const kinds = ["literal", "environment", "header", "formatter"];
  yield* atMostOne(tag, path, kinds);
  if (Object.keys(tag).length === 0) {
    yield doubtful(path, `the tag has no value: give one of ${kinds.join(", ")}`);
  }
  yield* given(tag.header, [...path, "header"], ({ name: header }, at) =>
    refuse([...at, "name"], readHeaderProblem(header)),
  );
  yield* given(tag.formatter, [...path, "formatter"], ({ value }, at) => {
    const problem = formatProblem(value);
    const message = problem === undefined ? undefined : `${JSON.stringify(value)} ${problem}`;
    return refuse([...at, "value"], message ?? unknownInHeader(value));
  });
}

/** A stock Envoy does not count the messages of gRPC's streams by their workloads. */
const NOT_MADE: readonly IstioMetric[] = ["GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES"];

/** Warns of a value that Envoy's formatter has no words for: the tag stays as it is without it. */
function* checkTagValue(value: string, path: Path): Findings {
  const expression = metricExpression(value);
  if ("problem" in expression) {
    yield notApplied(path, `a tag whose value has ${expression.problem}`);
  }
}

function* checkOverride(override: MetricsOverride, path: Path): Findings {
  yield* given(override.match, [...path, "match"], function* (match, at) {
    yield* atMostOne(match, at, ["metric", "customMetric"]);
    if (
      match.metric !== undefined &&
      NOT_MADE.includes(match.metric) &&
      override.disabled !== true
    ) {
      yield notApplied([...at, "metric"], `${match.metric}, which a stock Envoy does not make,`);
    }
  });
  yield* eachMember(override.tagOverrides, [...path, "tagOverrides"], function* (tag, at, name) {
    if (name === "") yield doubtful(at, "a tag needs a name");
    const { operation = "UPSERT", value = "" } = tag;
    if (operation === "UPSERT" && value === "") {
      yield invalid([...at, "value"], "the operation UPSERT needs a value");
    }
    if (operation === "REMOVE" && tag.value !== undefined) {
      yield invalid([...at, "value"], "the operation REMOVE has no value");
    }
    if (operation === "UPSERT" && value !== "") yield* checkTagValue(value, [...at, "value"]);
  });
}
