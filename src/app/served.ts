/** What of a control plane faces proxies and operators, made of its parts. Some of it asks what is made after it: by functions. */

import { steadyClock, systemClock } from "../base/clock.js";
import type { Diagnostic } from "../base/diagnostic.js";
import { createAcceptBoth } from "../envoy/cluster/peers.js";
import { createNamedFiles } from "../envoy/resource/named-files.js";
import { type AdsServer, createAdsServer } from "../xds/ads-server.js";
import type { ControlPlaneOptions } from "./control-plane-options.js";
import { createDebugEndpoints, type DebugEndpoints } from "./debug-endpoints.js";
import { logObserver } from "./log/log-observer.js";
import { joinObservers } from "./observers.js";
import type { Parts } from "./parts.js";
import { createPlanner } from "./planner.js";
import { createRefusals, type Refusals } from "./refused/refusals.js";
import { createMeshSessions, type MeshSessions } from "./sessions/mesh-sessions.js";
import type { ProxySessions } from "./sessions/proxy-sessions.js";
import type { Watchers } from "./update/watchers.js";

/** Who is served, and who is told of it: `ads` is there once somebody asks. */
export interface Served extends Watchers, Pick<MeshSessions, "forgetting"> {
  readonly ads: () => AdsServer;
  /** Has proxies sent what is new for them. */
  readonly publish: () => void;
  readonly sessions: ProxySessions;
  readonly refusals: Refusals;
  /** What is wrong with what the configuration leads to. */
  readonly effects: () => readonly Diagnostic[];
  readonly version: string;
}

/** Finds what is refused: what cannot be encoded for Envoy, and what a proxy does not take. */
export function watchRefusals(
  { configuration, discovery, hasRefused, lastGood, onFault }: Parts,
  { ads, publish, sessions, settled, updates, metrics }: Omit<Served, "refusals" | "effects">,
): Refusals {
  return createRefusals({
    configuration,
    discovery,
    hasRefused,
    lastGood,
    sessions,
    settled,
    onFault,
    publish,
    onChange: updates.tell,
    onCounts: metrics.recordQuarantine,
    streams: () => ads().streams(),
    clock: steadyClock,
  });
}

/** The streams of discovery, and who is told of what happens on them. */
export function openStreams(
  { configuration, encoder, logs }: Parts,
  { sessions, events, pushes, metrics, convergence, refusals }: Served,
  { questions }: DebugEndpoints,
): AdsServer {
  const observing = [events, pushes, metrics, convergence, refusals];
  return createAdsServer({
    sessions,
    isChangeDue: configuration.isLooking,
    questions,
    acceptBoth: createAcceptBoth(encoder),
    files: createNamedFiles(encoder.registry),
    registry: encoder.registry,
    clock: steadyClock,
    observer: joinObservers([
      ...observing.map((one) => one.observer),
      logObserver(logs.loggers.ads, steadyClock.now),
    ]),
  });
}

/** What is wrong with what the configuration names, and what was refused of what came of it. */
export const effectsOf = (
  { domains, issuers, modules, peers }: Parts,
  refusals: Refusals,
): readonly Diagnostic[] => [
  ...[domains, issuers, modules, peers].flatMap((one) => one.diagnostics()),
  ...refusals.list(),
];

/** Who is let in, for discovery and for health checks. */
export function openDoor(parts: Parts): MeshSessions {
  return createMeshSessions({
    ...parts,
    onStranger: ({ id }, problem) => {
      parts.logs.loggers.ads.warn({ proxy: id }, problem);
    },
  });
}

/** What operators may ask, with all that it looks at. */
export function openDebug(
  { operators }: ControlPlaneOptions,
  parts: Parts,
  { ads, sessions, events, pushes, updates, version, refusals, effects }: Served,
): DebugEndpoints {
  const { encoder, configuration, discovery, identity, logs, api } = parts;
  const connected = () => sessions.connected().map((session) => session.connected);
  return createDebugEndpoints({
    observed: {
      streams: () => ads().streams(),
      accepted: (stream, typeUrl) => ads().accepted(stream, typeUrl),
      wanted: (stream, typeUrl) => ads().wanted(stream, typeUrl),
      outstanding: (stream) => ads().outstanding(stream),
      sessions: () => sessions.connected(),
      peers: () => parts.peers.statuses(),
      refresh: () => configuration.refresh(),
      snapshot: () => configuration.snapshot(),
      mesh: () => discovery.mesh(),
      events,
      pushes,
      onUpdate: (listener) => updates.add(listener),
      effects,
      madeAt: refusals.madeAt,
      makersOf: refusals.makersOf,
    },
    version,
    api,
    encoder,
    resourcesOf: (proxy) => discovery.resourcesOf({ proxy, controlPlane: undefined }),
    authenticate: identity.authenticate,
    operators: operators ?? [],
    plans: { begin: createPlanner({ ...parts, connected }), clock: steadyClock },
    now: systemClock.now,
    logs,
  });
}
