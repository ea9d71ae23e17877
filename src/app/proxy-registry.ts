/**
 * The proxies that proved who they are. Such a proxy registers its workload by being connected. When it goes, its workload
 * stays for a while, so that neither a broken connection nor a restart of the control plane takes endpoints away. What was
 * said of its application's health stays as long.
 */
import { isDeepStrictEqual } from "node:util";
import Type from "typebox";
import Value from "typebox/value";
import { shownText } from "../base/shown-text.js";
import { Table } from "../base/table.js";
import type { Timers } from "../ca/timers.js";
import { GatewayTopology, ProxyHeaders, TracingFields } from "../config/mesh-config-schema.js";
import type { Health } from "../mesh/health-probe.js";
import type { Proxy } from "../mesh/proxy.js";

/**
 * Under what a proxy is registered. A proxy says its name itself, so one that has the name of a proxy of another service
 * account does not take the place of that.
 */
const registrationOf = ({ id, serviceAccount }: Proxy): string => `${id}/${serviceAccount}`;

/** What is kept of the registry over a restart: the proxies, as JSON. */
export interface RegistryStorage {
  load(): Promise<string | undefined>;
  save(text: string): Promise<void>;
}

/** Options of a registry. */
export interface ProxyRegistryOptions {
  readonly timers: Timers;
  readonly storage: RegistryStorage;
  /** How long a workload stays without its proxy, in milliseconds. */
  readonly graceMs: number;
  /** Told when the proxies could not be saved; they are saved again at the next change. */
  readonly onError: (error: unknown) => void;
}

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
   * Notes the health of the application of a proxy, with a reason that can be shown; of a proxy that is not registered nothing
   * is noted.
   */
  readonly report: (proxy: Proxy, health: Health) => void;
  /** Calls back whenever `proxies` or `health` is another table than before. */
  readonly onChange: (listener: () => void) => void;
  /** Saves what is not saved yet; resolves when nothing is being written any more. */
  readonly close: () => Promise<void>;
}

const SAVE_DELAY_MS = 500;

const STORED = Type.Array(
  Type.Object({
    health: Type.Optional(Type.Object({ healthy: Type.Boolean(), reason: Type.String() })),
    id: Type.String(),
    type: Type.Enum(["sidecar", "router"]),
    name: Type.String(),
    namespace: Type.String(),
    address: Type.String(),
    dualStack: Type.Boolean(),
    labels: Type.Record(Type.String(), Type.String()),
    serviceAccount: Type.String(),
    workloadName: Type.String(),
    serviceName: Type.Optional(Type.String()),
    clusterId: Type.String(),
    locality: Type.String(),
    network: Type.String(),
    mode: Type.Enum(["REDIRECT", "TPROXY", "NONE"]),
    unprivileged: Type.Boolean(),
    onDemand: Type.Boolean(),
    dns: Type.Enum(["nobody", "agent", "envoy"]),
    appAddress: Type.String(),
    egressAddress: Type.String(),
    istioVersion: Type.String(),
    gatewayTopology: Type.Optional(GatewayTopology),
    proxyHeaders: Type.Optional(ProxyHeaders),
    tracing: Type.Optional(TracingFields),
    metadata: Type.Record(Type.String(), Type.String()),
  }),
);

/** What a registry knows, by registration. */
interface Known {
  readonly proxies: Table<Proxy>;
  readonly health: Table<Health>;
}

const NOTHING: Known = { proxies: Table.empty(), health: Table.empty() };

function parseStored(text: string | undefined): Known {
  const value: unknown = text === undefined ? [] : JSON.parse(text);
  if (!Value.Check(STORED, value)) return NOTHING;
  return {
    proxies: Table.from(
      value.map(({ health: _, ...proxy }) => [registrationOf(proxy), proxy] as const),
    ),
    health: Table.from(
      value.flatMap(({ health, ...proxy }) =>
        health === undefined ? [] : [[registrationOf(proxy), health] as const],
      ),
    ),
  };
}

function formatStored({ proxies, health }: Known): string {
  const stored = proxies.sorted().map(([key, proxy]) => ({ ...proxy, health: health.get(key) }));
  return JSON.stringify(stored);
}

/** What was saved; nothing when it cannot be read. */
async function loadStored({ storage, onError }: ProxyRegistryOptions): Promise<Known> {
  try {
    return parseStored(await storage.load());
  } catch (error) {
    onError(error);
    return NOTHING;
  }
}

/** Saves what is known one time after the other, and behind the back of those who change it. */
function createSaver(
  { timers, storage, onError }: ProxyRegistryOptions,
  known: () => Known,
): { readonly saveSoon: () => void; readonly close: () => Promise<void> } {
  let cancel: (() => void) | undefined;
  let saving: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => storage.save(formatStored(known())).catch(onError);
  const begin = (): void => {
    cancel = undefined;
    saving = saving.then(save);
  };
  return {
    saveSoon: () => {
      cancel ??= timers.at(timers.now() + SAVE_DELAY_MS, begin);
    },
    close: () => {
      if (cancel !== undefined) {
        cancel();
        begin();
      }
      return saving;
    },
  };
}

/** Opens the registry, with the proxies of the control plane before this one: they have the grace time to come back. */
export async function openProxyRegistry(options: ProxyRegistryOptions): Promise<ProxyRegistry> {
  const { timers, graceMs } = options;
  const listeners: (() => void)[] = [];
  let known = await loadStored(options);
  const departures = new Map<string, () => void>();
  const streams = new Map<string, number>();
  const saver = createSaver(options, () => known);
  const set = (next: Known): void => {
    if (next.proxies === known.proxies && next.health === known.health) return;
    known = next;
    saver.saveSoon();
    for (const listener of listeners) listener();
  };
  const departLater = (key: string): void => {
    departures.get(key)?.();
    const cancel = timers.at(timers.now() + graceMs, () => {
      departures.delete(key);
      set({ proxies: known.proxies.without(key), health: known.health.without(key) });
    });
    departures.set(key, cancel);
  };
  for (const key of known.proxies.keys()) departLater(key);

  return {
    proxies: () => known.proxies,
    health: () => known.health,
    onChange: (listener) => {
      listeners.push(listener);
    },
    healthOf: (proxy) => known.health.get(registrationOf(proxy)),
    connect: (proxy) => {
      const key = registrationOf(proxy);
      departures.get(key)?.();
      departures.delete(key);
      streams.set(key, (streams.get(key) ?? 0) + 1);
      const { proxies } = known;
      const isKnown = isDeepStrictEqual(proxies.get(key), proxy);
      set({ ...known, proxies: isKnown ? proxies : proxies.with(key, proxy) });
      return () => {
        const left = (streams.get(key) ?? 1) - 1;
        // A proxy may be back by a new stream before the end of the old one is seen.
        if (left > 0) streams.set(key, left);
        else {
          streams.delete(key);
          departLater(key);
        }
      };
    },
    report: (proxy, health) => {
      const key = registrationOf(proxy);
      if (known.proxies.get(key) === undefined) return;
      const noted = { ...health, reason: shownText(health.reason) };
      if (isDeepStrictEqual(known.health.get(key), noted)) return;
      set({ ...known, health: known.health.with(key, noted) });
    },
    close: async () => {
      for (const cancel of departures.values()) cancel();
      await saver.close();
    },
  };
}
