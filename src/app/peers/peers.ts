/** The other control planes of the mesh: what is registered there is known here, and the other way round. */

import type { Clock } from "../../base/clock.js";
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import type { Table } from "../../base/table/table.js";
import { createListeners } from "../listeners.js";
import type { RegistryStorage } from "../registry/own-registrations.js";
import type { ProxyRegistry } from "../registry/proxy-registry.js";
import type { Registration } from "../registry/registration.js";
import { missingIn, type Update } from "../update/update.js";
import { type FollowingStatus, type PeerCallListener, PeerFollower } from "./peer-follower.js";
import { PeerRegistrations } from "./peer-registrations.js";
import { openRememberedPeers, type RememberedPeers } from "./remembered-peers.js";

/** Another control plane, as it is followed. */
export interface PeerStatus extends FollowingStatus {
  /** `HOST:PORT`. */
  readonly address: string;
  /** What is known to be registered there. */
  readonly registrations: Table<Registration>;
}

/** Options of these. */
export interface PeersOptions {
  /** `HOST:PORT` of each. */
  readonly addresses: readonly string[];
  readonly call: (address: string, listener: PeerCallListener) => () => void;
  /** The start of this control plane. */
  readonly ownStart: string;
  readonly registry: Pick<ProxyRegistry, "addPeer">;
  readonly storage: RegistryStorage;
  /** How long what one told stays when it is not heard any more, in milliseconds. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** From 0 to 1; Math.random when absent. */
  readonly random?: () => number;
  /** Told when following one is otherwise than before. */
  readonly onStatus: (status: PeerStatus) => void;
  /** Told how many registrations of one were left out. */
  readonly onUnread: (address: string, count: number) => void;
  /** Told when what they told could not be kept. */
  readonly onError: (error: unknown) => void;
}

/** See the top of this file. */
export interface Peers {
  readonly statuses: () => readonly PeerStatus[];
  /** Those that are not followed for so long that what they had registered is forgotten. */
  readonly diagnostics: () => readonly Diagnostic[];
  /** Calls back with what has become of the diagnostics. */
  readonly onChange: (listener: (change: Update) => void) => void;
  /** Resolves when all is known that is registered at others, as far as they answer. */
  readonly settled: Promise<void>;
  readonly close: () => Promise<void>;
}

interface Peer {
  readonly address: string;
  readonly registrations: PeerRegistrations;
  readonly follower: PeerFollower;
}

const statusOf = ({ address, registrations, follower }: Peer): PeerStatus => ({
  ...follower.status,
  address,
  registrations: registrations.all,
});

/** Begins to follow them. */
export async function openPeers(options: PeersOptions): Promise<Peers> {
  const peers: Peer[] = [];
  const remembered = await openRememberedPeers({
    ...options,
    now: () =>
      new Map(
        peers.map(({ address, registrations: { start = "", all } }) => [
          address,
          { start, registrations: all },
        ]),
      ),
  });
  const alarm = createAlarm(options, () => peers.map(statusOf));
  for (const address of options.addresses) {
    peers.push(follow(address, options, { remembered, alarm }));
  }
  return {
    statuses: () => peers.map(statusOf),
    diagnostics: alarm.diagnostics,
    onChange: alarm.onChange,
    settled: Promise.all(peers.map(({ follower }) => follower.settled)).then(() => undefined),
    close: async () => {
      for (const { follower, registrations } of peers) {
        follower.close();
        registrations.close();
      }
      alarm.close();
      await remembered.close();
    },
  };
}

function follow(
  address: string,
  options: PeersOptions,
  { remembered, alarm }: { readonly remembered: RememberedPeers; readonly alarm: Alarm },
): Peer {
  const { registry, clock, graceMs, ownStart, random = Math.random } = options;
  const tellRegistry = registry.addPeer();
  const known = remembered.of(address);
  const registrations = new PeerRegistrations({
    clock,
    graceMs,
    ...(known && { remembered: known }),
    onChange: (next) => {
      tellRegistry(next);
      remembered.saveSoon();
    },
  });
  tellRegistry(registrations.all);
  let last: FollowingStatus | undefined;
  const follower = new PeerFollower({
    ...{ registrations, clock, random, ownStart },
    call: (listener) => options.call(address, listener),
    onUnread: (count) => {
      options.onUnread(address, count);
    },
    onStatus: (status) => {
      const { isFollowing, problem } = status;
      if (isFollowing === last?.isFollowing && problem === last.problem) return;
      if (isFollowing !== last?.isFollowing) alarm.lookLater();
      last = status;
      options.onStatus({ ...status, address, registrations: registrations.all });
      alarm.look();
    },
  });
  return { address, registrations, follower };
}

/** Tells of those that are not followed for too long. */
interface Alarm extends Pick<Peers, "diagnostics" | "onChange"> {
  /** Looks whether there is something to tell. */
  readonly look: () => void;
  /** The same when the grace time is over. */
  readonly lookLater: () => void;
  readonly close: () => void;
}

function createAlarm(
  { clock, graceMs }: Pick<PeersOptions, "clock" | "graceMs">,
  statuses: () => readonly PeerStatus[],
): Alarm {
  const listeners = createListeners<Update>();
  const looks = new Set<() => void>();
  let last: readonly Diagnostic[] = [];
  const diagnostics = (): readonly Diagnostic[] =>
    statuses()
      .flatMap((one) => diagnosticOf(one, clock.now() - graceMs) ?? [])
      .sort(compareDiagnostics);
  const look = (): void => {
    const now = diagnostics();
    const newDiagnostics = missingIn(now, last);
    const clearedDiagnostics = missingIn(last, now);
    last = now;
    if (newDiagnostics.length + clearedDiagnostics.length === 0) return;
    listeners.tell({ changed: [], newDiagnostics, clearedDiagnostics });
  };
  return {
    diagnostics,
    onChange: listeners.add,
    look,
    lookLater: () => {
      const cancel = clock.after(graceMs, () => {
        looks.delete(cancel);
        look();
      });
      looks.add(cancel);
    },
    close: () => {
      for (const cancel of looks) cancel();
    },
  };
}

function diagnosticOf(
  { address, isFollowing, since, problem }: PeerStatus,
  latest: number,
): Diagnostic | undefined {
  if (isFollowing || problem === undefined || since > latest) return undefined;
  const message = `the control plane at ${address} is not followed, so that workloads that are registered there are not called by proxies of this one: ${problem}`;
  return { severity: "warning", code: "peer-not-followed", message };
}
