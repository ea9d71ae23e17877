/**
 * Tells of what proxies are not sent because their Envoys would refuse it, of patches that change nothing, of servers not served, and of
 * ports not reached.
 */
import type { Diagnostic } from "../../base/diagnostic.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { idlePatchDiagnostics } from "../../envoy/diagnostics/idle-patches.js";
import { lostPortDiagnostics } from "../../envoy/diagnostics/lost-ports.js";
import { refusalDiagnostics, refusalsIn } from "../../envoy/diagnostics/refusals.js";
import { unservedDiagnostics } from "../../envoy/diagnostics/unserved-servers.js";
import type { LostPort } from "../../envoy/listener/lost-ports.js";
import type { Refusal, ResourceSets } from "../../envoy/resource/resource-set.js";
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { UnservedServer } from "../../mesh/gateway/shared-ports.js";
import { diagnosticsBetween, type Update } from "../update/update.js";

/** What is looked at. */
export interface WithheldOptions {
  readonly hasRefused: () => boolean;
  /** What the connected proxies should hold. */
  readonly sets: () => Iterable<ResourceSets>;
  /** The patches for the connected proxies that change nothing. */
  readonly idlePatches: () => EnvoyPatches;
  /** The servers of Gateways for the connected proxies that are not served. */
  readonly unserved: () => readonly UnservedServer[];
  /** The ports of services that no connection of bytes through the connected proxies leads to. */
  readonly lostPorts: () => readonly LostPort[];
  readonly snapshot: () => ConfigSnapshot;
  /** Told of what is withheld now and was not before, and the other way round. */
  readonly onChange: (change: Update) => void;
  /** Told of all that is withheld each time that it is looked at. */
  readonly onLook?: (refused: readonly Refusal[], snapshot: ConfigSnapshot) => void;
}

/** See the top of this file. */
export interface Withheld {
  /** What is withheld of the connected proxies now, and what has no effect on them. */
  readonly list: () => readonly Diagnostic[];
  /** Looks whether that has changed. */
  readonly look: () => void;
}

/**
 * Looks only when something was refused since the start, for patches when there are any, for servers at gateways, and for ports at
 * sidecars that capture nothing: else it costs nothing.
 */
export function createWithheld(options: WithheldOptions): Withheld {
  let last: readonly Diagnostic[] = [];
  const refusedNow = (): readonly Refusal[] =>
    options.hasRefused() ? refusalsIn(options.sets()) : [];
  const diagnosticsOf = (refused: readonly Refusal[]): readonly Diagnostic[] => {
    const snapshot = options.snapshot();
    return [
      ...refusalDiagnostics(refused, snapshot),
      ...idlePatchDiagnostics(options.idlePatches(), snapshot),
      ...unservedDiagnostics(options.unserved(), snapshot),
      ...lostPortDiagnostics(options.lostPorts(), snapshot),
    ];
  };
  return {
    list: () => diagnosticsOf(refusedNow()),
    look: () => {
      const refused = refusedNow();
      options.onLook?.(refused, options.snapshot());
      const now = diagnosticsOf(refused);
      const change = diagnosticsBetween(last, now);
      last = now;
      if (change !== undefined) options.onChange(change);
    },
  };
}
