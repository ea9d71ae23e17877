/** The control plane's own metrics, under Istio's names where it has one. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { XdsObserver } from "../xds/observer.js";
import { TYPE_URL } from "../xds/resource.js";

/** See the top of this file. */
export interface Metrics {
  readonly observer: Required<
    Pick<XdsObserver, "opened" | "pushed" | "acked" | "nacked" | "closed">
  >;
  /** How long the engine took for a change, in milliseconds. */
  readonly recordUpdate: (ms: number) => void;
  /** In Prometheus' text format. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

const SHORT: ReadonlyMap<string, string> = new Map([
  [TYPE_URL.cluster, "cds"],
  [TYPE_URL.endpoint, "eds"],
  [TYPE_URL.listener, "lds"],
  [TYPE_URL.route, "rds"],
  [TYPE_URL.secret, "sds"],
  [TYPE_URL.virtualHost, "vhds"],
  [TYPE_URL.extensionConfig, "ecds"],
]);

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

const typeOf = (typeUrl: string): string => SHORT.get(typeUrl) ?? "other";

/** What is measured. */
function createInstruments(registry: Registry) {
  const registers = [registry];
  const byType = { labelNames: ["type"], registers } as const;
  return {
    connected: new Gauge({
      name: "pilot_xds",
      help: "Number of proxies connected to this control plane",
      registers,
    }),
    pushes: new Counter({
      name: "pilot_xds_pushes",
      help: "Responses sent, by type",
      ...byType,
    }),
    bytes: new Counter({
      name: "pilot_xds_sent_bytes",
      help: "Bytes of responses sent, by type",
      ...byType,
    }),
    rejects: new Counter({
      name: "pilot_total_xds_rejects",
      help: "Responses that proxies refused, by type",
      ...byType,
    }),
    answers: new Histogram({
      name: "pilot_xds_ack_time",
      help: "Seconds from a response to its answer, by type",
      buckets: SECONDS,
      ...byType,
    }),
    updates: new Histogram({
      name: "pilot_xds_push_time",
      help: "Seconds that the control plane took to compute a change",
      buckets: SECONDS,
      registers,
    }),
  };
}

/** Metrics that start at zero. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { connected, pushes, bytes, rejects, answers, updates } = createInstruments(registry);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    recordUpdate: (ms) => {
      updates.observe(ms / 1000);
    },
    observer: {
      opened: () => {
        connected.inc();
      },
      closed: () => {
        connected.dec();
      },
      pushed: (event) => {
        const type = typeOf(event.typeUrl);
        pushes.inc({ type });
        bytes.inc({ type }, event.bytes);
      },
      acked: ({ typeUrl, ms }) => {
        answers.observe({ type: typeOf(typeUrl) }, ms / 1000);
      },
      nacked: ({ typeUrl }) => {
        rejects.inc({ type: typeOf(typeUrl) });
      },
    },
  };
}
