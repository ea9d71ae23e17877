/** What happens on discovery streams, in numbers. */
import { Counter, Gauge, type Registry } from "prom-client";
import { SHORT_NAMES } from "../../debug/sync-state.js";
import type { XdsObserver } from "../../xds/observer.js";
import { addHistogram, type Distribution, SECONDS } from "./histogram.js";

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

/** Istio's boundaries: gRPC's default limit is 4 MB. */
const BYTES = [1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000];

/** What is counted of one type. */
interface OfType {
  /** Of responses, in bytes. */
  readonly sizes: Distribution;
  /** In seconds. */
  readonly pushTimes: Distribution;
  /** In seconds. */
  readonly answerTimes: Distribution;
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

/** How many responses were sent, and how many bytes, is what their sizes are, in other words. */
function createSentCounters(
  registry: Registry,
  sizes: ReadonlyMap<string, Pick<Distribution, "count" | "sum">>,
): void {
  const add = (name: string, help: string, of: "count" | "sum"): void => {
    const counter = new Counter({
      name,
      help,
      labelNames: ["type"],
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const [type, sent] of sizes) if (sent.count > 0) counter.inc({ type }, sent[of]);
      },
    });
  };
  add("pilot_xds_pushes", "Responses sent, by type", "count");
  add("pilot_xds_sent_bytes", "Bytes of responses sent, by type", "sum");
}

function createInstruments(registry: Registry): (type: string) => OfType {
  const sizes = new Map<string, Distribution>();
  createSentCounters(registry, sizes);
  const sizesOf = addHistogram(registry, {
    name: "pilot_xds_config_size_bytes",
    help: "Sizes of responses, by type",
    bounds: BYTES,
  });
  const pushTimesOf = addHistogram(registry, {
    name: "pilot_xds_push_time",
    help: "Seconds that a response took to be made and handed to the connection, by type",
    bounds: SECONDS,
  });
  const answerTimesOf = addHistogram(registry, {
    name: "pilot_xds_ack_time",
    help: "Seconds from a response to its being accepted, by type",
    bounds: SECONDS,
  });
  const rejects = new Counter({
    name: "pilot_total_xds_rejects",
    help: "Responses that proxies refused, by type",
    labelNames: ["type"],
    registers: [registry],
  });
  const rejectsByProxy = createRejectGauges(registry);
  return (type) => {
    const ofType = {
      sizes: sizesOf({ type }),
      pushTimes: pushTimesOf({ type }),
      answerTimes: answerTimesOf({ type }),
      rejects: rejects.labels(type),
      rejectsByProxy: rejectsByProxy.get(type),
    };
    sizes.set(type, ofType.sizes);
    return ofType;
  };
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
      sizes.observe(event.bytes);
      pushTimes.observe(event.ms / 1000);
    },
    acked: ({ typeUrl, ms }) => {
      of(typeUrl).answerTimes.observe(ms / 1000);
    },
    nacked: ({ typeUrl, session }) => {
      const { rejects, rejectsByProxy } = of(typeUrl);
      rejects.inc();
      rejectsByProxy?.inc({ node: session });
    },
  };
}
