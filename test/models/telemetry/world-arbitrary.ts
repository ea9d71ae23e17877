/** Worlds at random of Telemetries that speak of the same few providers. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "../routing/arbitraries.js";
import type { AccessLogging, MeshConfig, Metrics, Telemetry, Tracing, World } from "./objects.js";
import { OWN_TRACER } from "./still-world.js";

const of = <T>(...pool: readonly T[]): Arbitrary<T> => fc.constantFrom(...pool);

const match = seldom(
  fc.record({ mode: of("CLIENT" as const, "SERVER" as const, "CLIENT_AND_SERVER" as const) }),
  2,
);

const providers = (...names: readonly string[]): Arbitrary<{ name: string }[] | undefined> =>
  mostly(
    fc
      .shuffledSubarray([...names], { minLength: 1, maxLength: 2 })
      .map((all) => all.map((name) => ({ name }))),
    2,
  );

const accessLogging: Arbitrary<AccessLogging> = given({
  match,
  providers: providers("one", "two", "envoy", "lost", "prom"),
  disabled: seldom(of(true, true, false), 3),
  filter: seldom(fc.record({ expression: of("response.code == 500", "response.code >= 400") }), 3),
});

const tagOverrides = fc.dictionary(
  of("extra", "source_app", "response_flags", "reporter"),
  of(
    { value: "'lit-1'" },
    { operation: "UPSERT" as const, value: "'lit-2'" },
    { operation: "REMOVE" as const },
  ),
  { minKeys: 1, maxKeys: 2, noNullPrototype: true },
);

const metric = of(
  "ALL_METRICS" as const,
  "REQUEST_COUNT" as const,
  "RESPONSE_SIZE" as const,
  "TCP_SENT_BYTES" as const,
);

const override = given({
  match: mostly(
    given({
      metric: mostly(metric, 4),
      mode: seldom(of("CLIENT" as const, "SERVER" as const, "CLIENT_AND_SERVER" as const), 2),
    }),
    4,
  ),
  disabled: seldom(of(true, false), 2),
  tagOverrides: mostly(tagOverrides, 2),
});

const metrics: Arbitrary<Metrics> = given({
  providers: providers("prom", "prom", "zip", "lost").map((all) =>
    all?.filter(({ name }, i) => all.findIndex((one) => one.name === name) === i),
  ),
  overrides: mostly(fc.array(override, { minLength: 1, maxLength: 2 }), 4),
});

const customTags = of(
  { one: { literal: { value: "1" } } },
  { two: { header: { name: "x-two" } } },
  { one: { literal: { value: "other" } }, two: { literal: { value: "2" } } },
);

const flag = (times: number): Arbitrary<boolean | undefined> => seldom(of(true, false), times);

const tracing: Arbitrary<Tracing> = given({
  match,
  providers: providers("zip", "otel", "lost", "prom"),
  randomSamplingPercentage: seldom(of(0, 7.5, 100), 2),
  disableSpanReporting: flag(4),
  customTags: seldom(fc.oneof(customTags, fc.constant({})), 2),
  useRequestIdForTraceSampling: flag(4),
  enableIstioTags: flag(4),
  disableContextPropagation: flag(5),
});

const few = <T>(one: Arbitrary<T>): Arbitrary<T[]> => fc.array(one, { minLength: 1, maxLength: 2 });

/** Whom a Telemetry is for: all of its namespace, or some. */
const targets = of<Pick<Telemetry["spec"], "selector" | "targetRefs">>(
  {},
  {},
  {},
  { selector: { matchLabels: { app: "shop" } } },
  { selector: { matchLabels: { app: "ingress" } } },
  { selector: { matchLabels: { version: "v2" } } },
  { targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "gateway" }] },
  { targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "other" }] },
);

const spec: Arbitrary<Telemetry["spec"]> = fc
  .tuple(
    targets,
    given({
      accessLogging: mostly(few(accessLogging), 2),
      metrics: mostly(few(metrics), 2),
      tracing: mostly(few(tracing), 2),
    }),
  )
  .map(([some, said]) => ({ ...some, ...said }));

const telemetries: Arbitrary<Telemetry[]> = fc
  .array(fc.tuple(of("a", "b", "edge", "istio-system"), spec, fc.nat(8)), {
    maxLength: 6,
    size: "max",
  })
  .map((all) =>
    all.map(([namespace, own, age], i) => ({
      metadata: {
        name: `telemetry-${i}`,
        namespace,
        creationTimestamp: `2026-01-0${age + 1}T00:00:00Z`,
      },
      spec: own,
    })),
  );

const names = (...pool: readonly string[]) =>
  seldom(fc.shuffledSubarray([...pool], { minLength: 1, maxLength: 2 }), 2);

const meshConfig: Arbitrary<MeshConfig> = fc.record({
  accessLogFile: of("", "/log/mesh"),
  enableTracing: of(true, true, false),
  defaultProviders: given({
    accessLogging: names("one", "two", "lost"),
    metrics: names("prom", "zip"),
    tracing: names("zip", "otel", "lost"),
  }),
  defaultConfig: given({
    tracing: mostly(
      given({
        zipkin: mostly(fc.constant({ address: OWN_TRACER.address }), 3),
        sampling: seldom(of(0, 50), 2),
        maxPathTagLength: seldom(of(0, 64), 2),
        customTags: seldom(customTags, 2),
        enableIstioTags: flag(3),
      }),
      3,
    ),
  }),
});

/** See the top of this file. */
export const world: Arbitrary<World> = fc.noBias(fc.record({ telemetries, meshConfig }));
