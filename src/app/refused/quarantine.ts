/**
 * What proxies refused and are kept from: each is blamed on the configuration that made it, for as long as a proxy that
 * is connected would be sent it again.
 */

import type { Clock } from "../../base/clock.js";
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { showable } from "../../config/yaml/lines.js";
import { awaitedFiles } from "../../console/awaited-files.js";
import { shortName } from "../../debug/sync-state.js";
import { blameFor, placeOf } from "../../envoy/diagnostics/refusals.js";
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import type { XdsObserver } from "../../xds/observer.js";
import type { StreamStatus } from "../../xds/state/status/stream-status.js";
import { createTellingPace } from "../log/telling-pace.js";
import { missingIn, type Update } from "../update/update.js";

/** What is looked at, and who is told. */
export interface QuarantineOptions {
  readonly streams: () => readonly StreamStatus[];
  /** What a proxy should hold, as it was built. */
  readonly wanted: (session: string, typeUrl: string, name: string) => EnvoyResource | undefined;
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
  /** Has it looked at soon: what proxies would be sent has changed, and what they refused before they are not sent again. */
  readonly lookSoon: () => void;
  /** Where the configuration is written that made a resource which a proxy refused. */
  readonly place: (
    session: string,
    typeUrl: string,
    name: string,
  ) => Pick<Diagnostic, "position" | "resource">;
}

/** A resource that proxies refuse for one reason. */
interface Refused {
  /** Tells it from others. */
  readonly key: string;
  readonly typeUrl: string;
  readonly name: string;
  readonly error: string;
  readonly resource: EnvoyResource | undefined;
  readonly files: readonly string[];
  readonly proxies: Set<string>;
}

const CODE = "refused-by-proxy";

/** The culprit of a response is found in some rounds, and several proxies refuse it at about the same time. */
const SETTLE_MS = 100;
/** While many proxies refuse much, it is looked at no more often than after so many times as long as a look takes. */
const REST_TIMES = 10;
const MAX_NAMES = 3;
/** A mesh in which more is refused has one cause for most of it; and what is refused clients choose, and in what words. */
const MAX_DIAGNOSTICS = 100;
const MAX_NAME_LENGTH = 200;

/** Nothing is refused yet, and as long as nothing is, it costs nothing. */
export function createQuarantine(options: QuarantineOptions): Quarantine {
  const { snapshot, clock } = options;
  const paced = createTellingPace(clock.now);
  let isWatching = false;
  let last: readonly Diagnostic[] = [];
  let isDue = false;
  let restMs = SETTLE_MS;
  const list = (): readonly Diagnostic[] =>
    isWatching ? diagnosticsOf(refusedNow(options), snapshot()) : [];
  const look = (): void => {
    isDue = false;
    const begun = clock.now();
    const refused = refusedNow(options);
    const now = diagnosticsOf(refused, snapshot());
    const newDiagnostics = missingIn(now, last);
    const clearedDiagnostics = missingIn(last, now);
    const tookMs = clock.now() - begun;
    restMs = Math.max(SETTLE_MS, tookMs * REST_TIMES, paced(newDiagnostics.length));
    last = now;
    isWatching = hasRefused(options.streams());
    options.onCounts(countsOf(refused));
    if (newDiagnostics.length + clearedDiagnostics.length === 0) return;
    options.onChange({ changed: [], newDiagnostics, clearedDiagnostics });
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
    lookSoon: lookIfWatching,
    place: (session, typeUrl, name) =>
      placeOf(blameFor(options.wanted(session, typeUrl, name)), snapshot()),
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

function refusedNow({ streams, wanted }: QuarantineOptions): readonly Refused[] {
  const all = new Map<string, Refused>();
  for (const { session, types } of streams()) {
    for (const { typeUrl, quarantined } of types) {
      for (const { name, version, error, files = [] } of quarantined) {
        const key = JSON.stringify([typeUrl, name, version, error]);
        const resource = wanted(session, typeUrl, name);
        const known = all.get(key) ?? {
          key,
          typeUrl,
          name,
          error,
          resource,
          files,
          proxies: new Set<string>(),
        };
        known.proxies.add(session);
        all.set(key, known);
      }
    }
  }
  return [...all.values()];
}

/** Of many resources so many, and how many more there are. */
function diagnosticsOf(
  refused: readonly Refused[],
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
): readonly Diagnostic[] {
  if (refused.length <= MAX_DIAGNOSTICS) return each(refused, snapshot);
  // The same are told when others come and go.
  const told = refused.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, MAX_DIAGNOSTICS);
  const more = refused.length - told.length;
  const message = `proxies refuse ${String(more)} more resources`;
  return [{ severity: "error", code: CODE, message }, ...each(told, snapshot)];
}

function each(
  refused: readonly Refused[],
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
): readonly Diagnostic[] {
  return refused
    .map(({ typeUrl, name, error, resource, files, proxies }): Diagnostic => {
      const [refuse, go] = proxies.size === 1 ? ["refuses", "goes"] : ["refuse", "go"];
      const what = `${shortName(typeUrl)} ${shortened(name)}`;
      const words = showable(`${error.trim()}${awaitedFiles(files)}`);
      return {
        severity: "error",
        code: CODE,
        message: `${namesOf(proxies)} ${refuse} ${what}, and ${go} on with the version before: ${words}`,
        ...placeOf(blameFor(resource), snapshot),
      };
    })
    .sort(compareDiagnostics);
}

function namesOf(proxies: ReadonlySet<string>): string {
  const names = [...proxies].sort();
  const shown = names.slice(0, MAX_NAMES).map(shortened).join(", ");
  const more = names.length - MAX_NAMES;
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}

function shortened(name: string): string {
  const shown = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}...` : name;
  return showable(shown);
}

function countsOf(refused: readonly Refused[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { typeUrl, proxies } of refused) {
    counts.set(typeUrl, (counts.get(typeUrl) ?? 0) + proxies.size);
  }
  return counts;
}
