/**
 * What proxies refused and are kept from: each is blamed on the configuration that made it, for as long as a proxy that
 * is connected would be sent it again.
 */

import type { Clock } from "../../base/clock.js";
import type { Diagnostic } from "../../base/diagnostic.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { blameFor, placeOf } from "../../envoy/diagnostics/refusals.js";
import type { Refusal } from "../../envoy/resource/resource-set.js";
import type { XdsObserver } from "../../xds/observer.js";
import type { StreamStatus } from "../../xds/state/status/stream-status.js";
import { createTellingPace } from "../log/telling-pace.js";
import { diagnosticsBetween, type Update } from "../update/update.js";
import { refusedDiagnostics } from "./refused-diagnostics.js";
import {
  countsOf,
  type RefusedResource,
  refusedResources,
  type Wanted,
} from "./refused-resources.js";

/** What is looked at, and who is told. */
export interface QuarantineOptions {
  readonly streams: () => readonly StreamStatus[];
  readonly wanted: Wanted;
  readonly snapshot: () => Pick<ConfigSnapshot, "tables" | "locate">;
  /** Told of what is in quarantine now and was not before, and the other way round. */
  readonly onChange: (change: Update) => void;
  /** Told how many resources are in quarantine, each once for each proxy, by type URL. */
  readonly onCounts: (counts: ReadonlyMap<string, number>) => void;
  readonly clock: Clock;
}

/** See the top of this file. */
export interface Quarantine {
  readonly observer: Required<Pick<XdsObserver, "acked" | "nacked" | "closed">>;
  readonly list: () => readonly Diagnostic[];
  /** What of a type proxies refuse. */
  readonly refusedOf: (typeUrl: string) => readonly Refusal[];
  /** Has it looked at soon: what proxies would be sent has changed, and what they refused before they are not sent again. */
  readonly lookSoon: () => void;
  /** Where the configuration is written that made a resource which a proxy refused. */
  readonly place: (
    session: string,
    typeUrl: string,
    name: string,
  ) => Pick<Diagnostic, "position" | "resource">;
}

/** The culprit of a response is found in some rounds, and several proxies refuse it at about the same time. */
const SETTLE_MS = 100;
/** While many proxies refuse much, it is looked at no more often than after so many times as long as a look takes. */
const REST_TIMES = 10;

/** Nothing is refused yet, and as long as nothing is, it costs nothing. */
export function createQuarantine(options: QuarantineOptions): Quarantine {
  const { snapshot, clock, streams, wanted } = options;
  const paced = createTellingPace(clock.now);
  let isWatching = false;
  let last: readonly Diagnostic[] = [];
  let isDue = false;
  let restMs = SETTLE_MS;
  const refusedNow = (): readonly RefusedResource[] => refusedResources(streams(), wanted);
  const list = (): readonly Diagnostic[] =>
    isWatching ? refusedDiagnostics(refusedNow(), snapshot()) : [];
  const look = (): void => {
    isDue = false;
    const begun = clock.now();
    const refused = refusedNow();
    const now = refusedDiagnostics(refused, snapshot());
    const change = diagnosticsBetween(last, now);
    const tookMs = clock.now() - begun;
    restMs = Math.max(SETTLE_MS, tookMs * REST_TIMES, paced(change?.newDiagnostics.length ?? 0));
    last = now;
    isWatching = hasRefused(streams());
    options.onCounts(countsOf(refused));
    if (change !== undefined) options.onChange(change);
  };
  const lookSoon = (): void => {
    if (isDue) return;
    isDue = true;
    clock.after(restMs, look);
  };
  const lookIfWatching = (): void => {
    if (isWatching) lookSoon();
  };
  return {
    list,
    refusedOf: (typeUrl) => {
      const refused = isWatching ? refusedNow() : [];
      return refused
        .filter((one) => one.typeUrl === typeUrl)
        .map(({ error, resource }) => ({
          reason: error,
          violations: [],
          sources: resource?.sources ?? [],
        }));
    },
    lookSoon: lookIfWatching,
    place: (session, typeUrl, name) =>
      placeOf(blameFor(wanted(session, typeUrl, name)), snapshot()),
    observer: {
      nacked: () => {
        isWatching = true;
        lookSoon();
      },
      acked: lookIfWatching,
      closed: lookIfWatching,
    },
  };
}

/** Whether who is connected refused anything, also what it would not be sent now. */
const hasRefused = (streams: readonly StreamStatus[]): boolean =>
  streams.some(({ types }) => types.some(({ lastNacked }) => lastNacked !== undefined));
