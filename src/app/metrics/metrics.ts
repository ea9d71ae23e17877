/** The control plane's own metrics, under Istio's names where it has one. Of the event loop Node tells the rest. */

import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { XdsObserver } from "../../xds/observer.js";
import type { CertificateEvent } from "../identity/certificate-events.js";
import type { Settled } from "../update/followed-update.js";
import type { Update } from "../update/update.js";
import { addHistogram, SECONDS } from "./histogram.js";
import { createQuarantineGauge, createXdsMetrics } from "./xds-metrics.js";

/** What is looked at when somebody asks. */
export interface MeasuredState {
  readonly version: string;
  readonly services: () => number;
  readonly virtualServices: () => number;
  /** Milliseconds since 1970. */
  readonly rootExpiresAt: () => number;
  readonly signingExpiresAt: () => number;
  /** The control planes that are followed. */
  readonly peers: () => readonly MeasuredPeer[];
  readonly now: () => number;
}

/** A control plane that is followed, or is to be. */
export interface MeasuredPeer {
  readonly address: string;
  readonly isFollowing: boolean;
  /** What is known to be registered there. */
  readonly registrations: { readonly size: number };
}

/** See the top of this file. */
export interface Metrics {
  readonly observer: Required<
    Pick<XdsObserver, "opened" | "pushed" | "acked" | "nacked" | "closed">
  >;
  /** How long the engine took for a change, in milliseconds. */
  readonly recordComputed: (ms: number) => void;
  readonly recordUpdate: (update: Update) => void;
  readonly recordSettled: (settled: Settled) => void;
  /** Whether a Wasm module that was to be fetched was. */
  readonly recordModule: (succeeded: boolean) => void;
  readonly recordCertificate: (event: CertificateEvent) => void;
  /** How many resources are in quarantine, each once for each proxy, by type URL. */
  readonly recordQuarantine: (counts: ReadonlyMap<string, number>) => void;
  /** In Prometheus' text format. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/**
 * The event loop's delay is measured so often, in milliseconds. Each time wakes the process, which is most of what it costs while
 * nothing happens; Node's default is 10.
 */
const LOOP_EVERY_MS = 200;

/** Istio's boundaries, and finer ones below. */
const CONVERGENCE_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.5, 1, 3, 5, 10, 20, 30];

/** Istio's words for what becomes of a resource. */
const EVENTS = { added: "add", changed: "update", removed: "delete" } as const;

/** Metrics that start at zero. */
export function createMetrics(state: MeasuredState): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_EVERY_MS });
  createGauges(registry, state);
  createPeerGauges(registry, state);
  const computed = addHistogram(registry, {
    name: "pilot_pushcontext_init_seconds",
    help: "Seconds that it took to compute what a change means for the mesh",
    bounds: SECONDS,
  })({});
  const converged = addHistogram(registry, {
    name: "pilot_proxy_convergence_time",
    help: "Seconds from a change of the configuration to a proxy's having accepted all that it means for it",
    bounds: CONVERGENCE_SECONDS,
  })({});
  const events = new Counter({
    name: "pilot_k8s_cfg_events",
    help: "Resources that came, changed and went, by kind",
    labelNames: ["type", "event"],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observer: createXdsMetrics(registry, state.version),
    recordComputed: (ms) => {
      computed.observe(ms / 1000);
    },
    recordUpdate: ({ changed }) => {
      for (const { ref, action } of changed) events.inc({ type: ref.kind, event: EVENTS[action] });
    },
    recordSettled: ({ times }) => {
      for (const ms of times) converged.observe(ms / 1000);
    },
    recordModule: createModuleCounter(registry),
    recordCertificate: createCertificateCounters(registry),
    recordQuarantine: createQuarantineGauge(registry),
  };
}

function createGauges(registry: Registry, state: MeasuredState): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    const created: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => {
        created.set(value());
      },
    });
  };
  gauge("pilot_services", "Services of the mesh", state.services);
  gauge("pilot_virt_services", "VirtualServices in force", state.virtualServices);
  const expiry = (name: string, what: string, expiresAt: () => number): void => {
    gauge(
      `citadel_server_${name}_expiry_timestamp`,
      `When ${what} expires, in seconds since 1970`,
      () => expiresAt() / 1000,
    );
    gauge(
      `citadel_server_${name}_expiry_seconds`,
      `Seconds until ${what} expires`,
      () => (expiresAt() - state.now()) / 1000,
    );
  };
  expiry("root_cert", "the root certificate", state.rootExpiresAt);
  expiry(
    "cert_chain",
    "the first certificate of the chain that signs those of workloads",
    state.signingExpiresAt,
  );
  new Gauge({
    name: "istio_build",
    help: "Always 1; the label tag is the version",
    labelNames: ["component", "tag"],
    registers: [registry],
  }).set({ component: "pilot", tag: state.version }, 1);
}

function createPeerGauges(registry: Registry, { peers }: MeasuredState): void {
  const gauge = (name: string, help: string, value: (peer: MeasuredPeer) => number): void => {
    const created = new Gauge({
      name,
      help,
      labelNames: ["peer"] as const,
      registers: [registry],
      collect: () => {
        for (const peer of peers()) created.set({ peer: peer.address }, value(peer));
      },
    });
  };
  gauge(
    "fairlead_peer_followed",
    "Whether it is known what is registered at another control plane",
    ({ isFollowing }) => (isFollowing ? 1 : 0),
  );
  gauge(
    "fairlead_peer_registrations",
    "Workloads that are known to be registered at another control plane",
    ({ registrations }) => registrations.size,
  );
}

/** Of attempts to fetch Wasm modules, which Istio's agents count. */
function createModuleCounter(registry: Registry): (succeeded: boolean) => void {
  const fetches = new Counter({
    name: "wasm_remote_fetch_count",
    help: "Attempts to fetch Wasm modules, by result",
    labelNames: ["result"],
    registers: [registry],
  });
  return (succeeded) => {
    fetches.inc({ result: succeeded ? "success" : "download_failure" });
  };
}

function createCertificateCounters(registry: Registry): (event: CertificateEvent) => void {
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `citadel_server_${name}`, help, registers: [registry] });
  const requests = counter(
    "csr_count",
    "Requests of agents for the certificate of a key of theirs",
  );
  const certified = counter("success_cert_issuance_count", "Such requests that were granted");
  const unreadable = counter("csr_parsing_err_count", "Such requests that were refused as invalid");
  const failed = counter("csr_sign_err_count", "Such requests that failed for a fault of ours");
  const unauthenticated = counter(
    "authentication_failure_count",
    "Streams and requests of peers that could not prove who they are",
  );
  const outcomes = { certified, unreadable, failed } as const;
  return (event) => {
    if (event === "unauthenticated") {
      unauthenticated.inc();
      return;
    }
    requests.inc();
    outcomes[event].inc();
  };
}
