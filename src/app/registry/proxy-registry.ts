/**
 * The proxies that proved who they are. Such a proxy registers its workload by being connected, to this control plane or to another
 * of the mesh. When it goes, its workload stays for a while, so that neither a broken connection nor a restart of the control plane
 * takes endpoints away. What was said of its application's health stays as long.
 */
import { isDeepStrictEqual } from "node:util";
import type { Table } from "../../base/table/table.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Health } from "../../mesh/workload/health-probe.js";
import {
  createMergedRegistrations,
  isLater,
  latestHealth,
  type MergedRegistrations,
} from "./merged-registrations.js";
import {
  type OwnRegistrations,
  type OwnRegistrationsOptions,
  openOwnRegistrations,
} from "./own-registrations.js";
import { type Registration, registrationKey, shownHealth } from "./registration.js";

/** Options of a registry. */
export type ProxyRegistryOptions = Omit<OwnRegistrationsOptions, "stamp" | "onChange">;

/** See the top of this file. */
export interface ProxyRegistry {
  /** By proxy id and service account. */
  readonly proxies: () => Table<Proxy>;
  /** What was said of the health of their applications, by the same. */
  readonly health: () => Table<Health>;
  /** What was said of one. */
  readonly healthOf: (proxy: Proxy) => Health | undefined;
  /** Registers a proxy for as long as its stream lasts; the result says that it ended. */
  readonly connect: (proxy: Proxy) => () => void;
  /**
   * Notes the health of the application of a proxy, with a reason that can be shown; of a proxy that is registered nowhere nothing
   * is noted.
   */
  readonly report: (proxy: Proxy, health: Health) => void;
  /** Calls back whenever `proxies` or `health` is another table than before. */
  readonly onChange: (listener: () => void) => void;
  /** What this control plane knows by itself. */
  readonly own: () => Table<Registration>;
  /** Calls back whenever `own` is another table than before; the result ends that. */
  readonly onOwnChange: (listener: () => void) => () => void;
  /** Takes another control plane in; the result is to be told what that knows, whenever it is something else. */
  readonly addPeer: () => (registrations: Table<Registration>) => void;
  /** Saves what is not saved yet; resolves when nothing is being written any more. */
  readonly close: () => Promise<void>;
}

const OWN = 0;

/** A time that is later than all that is known of one by anybody, whatever their clocks say. */
const laterThan = (known: readonly Registration[], now: number): number =>
  Math.max(now, ...known.flatMap(({ since, health }) => [since + 1, (health?.at ?? 0) + 1]));

/** What this control plane has to know of one itself, now that it is known elsewhere, or nowhere. */
function settle(key: string, merged: MergedRegistrations, own: OwnRegistrations): void {
  const mine = own.all().get(key);
  if (mine === undefined) return;
  if (mine.presence === "reported" && !merged.proxies().has(key)) own.forget(key);
  const health = latestHealth(merged.known(key));
  if (mine.presence === "connected" && health !== undefined && isLater(health, mine.health)) {
    own.adopt(key, health);
  }
}

/** Opens the registry, with the proxies of the control plane before this one: they have the grace time to come back. */
export async function openProxyRegistry(options: ProxyRegistryOptions): Promise<ProxyRegistry> {
  const { clock } = options;
  const listeners: (() => void)[] = [];
  const ownListeners = new Set<() => void>();
  const merged = createMergedRegistrations();
  let peers = 0;
  let last = { proxies: merged.proxies(), health: merged.health() };

  const own: OwnRegistrations = await openOwnRegistrations({
    ...options,
    stamp: (key) => laterThan(merged.known(key), clock.now()),
    onChange: (registrations) => {
      set(OWN, registrations);
      for (const listener of ownListeners) listener();
    },
  });
  const set = (source: number, registrations: Table<Registration>): void => {
    for (const key of merged.set(source, registrations)) settle(key, merged, own);
    const now = { proxies: merged.proxies(), health: merged.health() };
    if (now.proxies === last.proxies && now.health === last.health) return;
    last = now;
    for (const listener of listeners) listener();
  };
  set(OWN, own.all());

  return {
    proxies: merged.proxies,
    health: merged.health,
    healthOf: (proxy) => merged.health().get(registrationKey(proxy)),
    connect: own.connect,
    report: (proxy, health) => {
      const key = registrationKey(proxy);
      const known = merged.proxies().get(key);
      if (known === undefined) return;
      if (isDeepStrictEqual(merged.health().get(key), shownHealth(health))) return;
      own.report(known, health);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    own: own.all,
    onOwnChange: (listener) => {
      ownListeners.add(listener);
      return () => {
        ownListeners.delete(listener);
      };
    },
    addPeer: () => {
      peers += 1;
      const source = peers;
      return (registrations) => {
        set(source, registrations);
      };
    },
    close: own.close,
  };
}
