/** What proxies are kept from: what every Envoy would refuse, and what theirs refused. */

import type { Diagnostic } from "../../base/diagnostic.js";
import type { ResourceRef } from "../../config/resource.js";
import { type EnvoyResource, madeSets, type ProxySets } from "../../envoy/resource/resource-set.js";
import { TYPE_URL } from "../../xds/resource.js";
import type { Configuration } from "../configuration.js";
import type { Discovery } from "../discovery.js";
import type { KeptGood } from "../last-good/last-good.js";
import type { Listeners } from "../listeners.js";
import { type ProxySessions, resourceIn } from "../sessions/proxy-sessions.js";
import type { Settled } from "../update/followed-update.js";
import { createQuarantine, type Quarantine, type QuarantineOptions } from "./quarantine.js";
import { createWithheld } from "./withheld.js";

/** What is looked at, and who is told. */
export interface RefusalsOptions
  extends Pick<QuarantineOptions, "streams" | "onChange" | "onCounts" | "clock"> {
  /** Whether Envoy would refuse anything that was encoded so far. */
  readonly hasRefused: () => boolean;
  readonly configuration: Pick<Configuration, "snapshot">;
  readonly discovery: Pick<
    Discovery,
    "resourcesOf" | "idlePatches" | "unservedServers" | "lostPorts"
  >;
  readonly sessions: Pick<ProxySessions, "connected">;
  readonly settled: Listeners<Settled>;
  /** Keeps what was good before it was refused; nothing is kept when absent. */
  readonly lastGood?: Pick<KeptGood, "follow">;
  /** Has proxies sent what is good by now in the place of what is refused. */
  readonly publish: () => void;
  /** Told, each time, that what proxies should hold cannot be made, so that nobody knows what is withheld of it. */
  readonly onFault: (fault: unknown) => void;
}

/** See the top of this file. */
export interface Refusals {
  readonly observer: Quarantine["observer"];
  readonly list: () => readonly Diagnostic[];
  /** Where the configuration is written that made a resource which a proxy should hold. */
  readonly madeAt: Quarantine["place"];
  /** All of the configuration that made it. */
  readonly makersOf: (session: string, typeUrl: string, name: string) => readonly ResourceRef[];
}

/** Looks for what is withheld when proxies have been sent all else, and for what they refuse when they have. */
export function createRefusals(options: RefusalsOptions): Refusals {
  const { configuration, discovery, sessions, settled, hasRefused, onChange } = options;
  const snapshot = configuration.snapshot;
  const wanted = (id: string, typeUrl: string, name: string): EnvoyResource | undefined => {
    const session = sessions.connected().find(({ connected }) => connected.proxy.id === id);
    if (session === undefined) return undefined;
    return resourceIn(discovery.resourcesOf(session.connected), typeUrl, name);
  };
  const connected = () => sessions.connected().map((session) => session.connected);
  const sets = (): readonly ProxySets[] => connected().map(discovery.resourcesOf);
  const withheld = createWithheld({
    hasRefused: () => {
      // What no proxy has asked for yet may be refused too, when it is made.
      if (!hasRefused()) sets().forEach(madeSets);
      return hasRefused();
    },
    snapshot,
    onChange,
    onLook: (refused, looked) => {
      // Who is not there says nothing of what is in order.
      if (sessions.connected().length === 0) return;
      // A proxy that refuses an extension has to be sent again what it goes on with: see TypeRules.oneByOne.
      const all = [...refused, ...quarantine.refusedOf(TYPE_URL.extensionConfig)];
      if (options.lastGood?.follow(all, looked.tables) === true) options.publish();
    },
    idlePatches: () => discovery.idlePatches(connected()),
    lostPorts: () => discovery.lostPorts(connected()),
    unserved: () => discovery.unservedServers(connected()),
    sets,
  });
  const quarantine = createQuarantine({ ...options, wanted, snapshot });
  settled.add(() => {
    try {
      withheld.look();
    } catch (fault) {
      options.onFault(fault);
    }
    quarantine.lookSoon();
  });
  return {
    observer: quarantine.observer,
    list: () => [...withheld.list(), ...quarantine.list()],
    madeAt: quarantine.place,
    makersOf: (session, typeUrl, name) => wanted(session, typeUrl, name)?.sources ?? [],
  };
}
