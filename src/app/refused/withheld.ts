/** Tells of what proxies are not sent because their Envoys would refuse it, of patches that change nothing, of servers not served, and of ports not reached. */
import type { Diagnostic } from "../../base/diagnostic.js";
import type { Engine } from "../../base/engine/engine.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { idlePatchDiagnostics } from "../../envoy/diagnostics/idle-patches.js";
import { lostPortDiagnostics } from "../../envoy/diagnostics/lost-ports.js";
import { refusalDiagnostics, refusalsIn } from "../../envoy/diagnostics/refusals.js";
import { unservedDiagnostics } from "../../envoy/diagnostics/unserved-servers.js";
import type { LostPort } from "../../envoy/listener/lost-ports.js";
import type { Encoder } from "../../envoy/resource/encoder.js";
import type { Refusal, ResourceSets } from "../../envoy/resource/resource-set.js";
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { UnservedServer } from "../../mesh/gateway/shared-ports.js";
import { missingIn, type Update } from "../update/update.js";

/** An encoder, and whether anything that it was given was such that Envoy would refuse it. */
export interface WatchedEncoder {
  readonly encoder: Encoder;
  readonly hasRefused: () => boolean;
}

/**
 * Watches an encoder: as long as nothing is wrong with what is in force, nobody has to look for it. `onFault` is told of each
 * exception, a fault of ours, by which a resource could not be built.
 */
export function watchEncoder(
  encoder: Encoder,
  engine: Pick<Engine, "isAside">,
  onFault: (fault: unknown) => void = () => undefined,
): WatchedEncoder {
  let refused = false;
  const noted: Encoder["encode"] = (typeName, json) => {
    try {
      const encoded = encoder.encode(typeName, json);
      refused ||= encoded.violations !== undefined && !engine.isAside;
      return encoded;
    } catch (error) {
      refused ||= !engine.isAside;
      throw error;
    }
  };
  const notBuilt = (fault: unknown): void => {
    refused ||= !engine.isAside;
    onFault(fault);
  };
  return { encoder: { ...encoder, encode: noted, notBuilt }, hasRefused: () => refused };
}

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
      const newDiagnostics = missingIn(now, last);
      const clearedDiagnostics = missingIn(last, now);
      last = now;
      if (newDiagnostics.length + clearedDiagnostics.length === 0) return;
      options.onChange({ changed: [], newDiagnostics, clearedDiagnostics });
    },
  };
}
