/** What happens on discovery streams, in numbers. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { SHORT_NAMES } from "../debug/sync-state.js";
import type { XdsObserver } from "../xds/observer.js";
import { each, Samples } from "./samples.js";

/** Istio's words for the types. */
const SHORT: ReadonlyMap<string, string> = new Map(
  SHORT_NAMES.map(([typeUrl, name]) => [typeUrl, name.toLowerCase()]),
);

const OTHER = "other";

/** Those that Istio counts refusals of by proxy. */
const REFUSED = {
  cds: "clusters",
  eds: "endpoints",
  lds: "listeners",
  rds: "routes",
} as const;

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
/** Istio's boundaries: gRPC's default limit is 4 MB. */
const BYTES = [1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000];

/** What is counted of one type. */
interface OfType {
  /** Of responses, in bytes. */
  readonly sizes: Samples;
  /** In seconds. */
  readonly pushTimes: Samples;
  /** In seconds. */
  readonly answerTimes: Samples;
  readonly rejects: Counter.Internal;
  /** By proxy; absent where Istio has none. */
  readonly rejectsByProxy: Gauge<"node"> | undefined;
}

/** By type, for those of REFUSED. */
function createRejectGauges(registry: Registry): ReadonlyMap<string, Gauge<"node">> {
  return new Map(
    Object.entries(REFUSED).map(([type, words]) => [
      type,
      new Gauge({
        name: `pilot_xds_${type}_reject`,
        help: `Responses with ${words} that a proxy refused while it was connected`,
        labelNames: ["node"] as const,
        registers: [registry],
      }),
    ]),
  );
}

function createInstruments(registry: Registry): (type: string) => OfType {
  const all: Samples[] = [];
  const collect = (): void => {
    for (const samples of all) samples.flush();
  };
  const samplesFor = (count: (values: readonly number[]) => void): Samples => {
    const samples = new Samples(count);
    all.push(samples);
    return samples;
  };
  const byType = { labelNames: ["type"] as const, registers: [registry], collect };
  const counter = (name: string, help: string): Counter<"type"> =>
    new Counter({ name, help, ...byType });
  const histogram = (name: string, help: string, buckets: number[]): Histogram<"type"> =>
    new Histogram({ name, help, buckets, ...byType });
  const pushes = counter("pilot_xds_pushes", "Responses sent, by type");
  const bytes = counter("pilot_xds_sent_bytes", "Bytes of responses sent, by type");
  const sizes = histogram("pilot_xds_config_size_bytes", "Sizes of responses, by type", BYTES);
  const pushTimes = histogram(
    "pilot_xds_push_time",
    "Seconds that a response took to be made and handed to the connection, by type",
    SECONDS,
  );
  const answerTimes = histogram(
    "pilot_xds_ack_time",
    "Seconds from a response to its being accepted, by type",
    SECONDS,
  );
  const rejects = counter("pilot_total_xds_rejects", "Responses that proxies refused, by type");
  const rejectsByProxy = createRejectGauges(registry);
  return (type) => ({
    sizes: samplesFor((values) => {
      pushes.inc({ type }, values.length);
      bytes.inc(
        { type },
        values.reduce((sum, value) => sum + value, 0),
      );
      for (const value of values) sizes.observe({ type }, value);
    }),
    pushTimes: samplesFor(
      each((seconds) => {
        pushTimes.observe({ type }, seconds);
      }),
    ),
    answerTimes: samplesFor(
      each((seconds) => {
        answerTimes.observe({ type }, seconds);
      }),
    ),
    rejects: rejects.labels(type),
    rejectsByProxy: rejectsByProxy.get(type),
  });
}

/** Takes how many resources are in quarantine, each once for each proxy, by type URL. */
export function createQuarantineGauge(
  registry: Registry,
): (counts: ReadonlyMap<string, number>) => void {
  const gauge = new Gauge({
    name: "fairlead_quarantined_resources",
    help: "Resources that a proxy refused and goes on without, once for each proxy, by type",
    labelNames: ["type"] as const,
    registers: [registry],
  });
  return (counts) => {
    gauge.reset();
    for (const [typeUrl, count] of counts) gauge.set({ type: SHORT.get(typeUrl) ?? OTHER }, count);
  };
}

/** Counts from zero; `version` is fairlead's own. */
export function createXdsMetrics(
  registry: Registry,
  version: string,
): Required<Pick<XdsObserver, "opened" | "pushed" | "acked" | "nacked" | "closed">> {
  const connected = new Gauge({
    name: "pilot_xds",
    help: "Streams of proxies that are connected",
    labelNames: ["version"] as const,
    registers: [registry],
  }).labels(version);
  const instrumentsOf = createInstruments(registry);
  const byTypeUrl = new Map([...SHORT].map(([typeUrl, type]) => [typeUrl, instrumentsOf(type)]));
  const others = instrumentsOf(OTHER);
  const of = (typeUrl: string): OfType => byTypeUrl.get(typeUrl) ?? others;
  connected.set(0);
  return {
    opened: () => {
      connected.inc();
    },
    closed: ({ session }) => {
      connected.dec();
      for (const { rejectsByProxy } of byTypeUrl.values()) rejectsByProxy?.remove(session);
    },
    pushed: (event) => {
      const { sizes, pushTimes } = of(event.typeUrl);
      sizes.add(event.bytes);
      pushTimes.add(event.ms / 1000);
    },
    acked: ({ typeUrl, ms }) => {
      of(typeUrl).answerTimes.add(ms / 1000);
    },
    nacked: ({ typeUrl, session }) => {
      const { rejects, rejectsByProxy } = of(typeUrl);
      rejects.inc();
      rejectsByProxy?.inc({ node: session });
    },
  };
}
