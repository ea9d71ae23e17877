/**
 * The proxies that proved who they are. Such a proxy registers its workload by being connected. When it goes, its workload
 * stays for a while, so that neither a broken connection nor a restart of the control plane takes endpoints away.
 */
import { isDeepStrictEqual } from "node:util";
import Type from "typebox";
import Value from "typebox/value";
import { Table } from "../base/table.js";
import type { Timers } from "../ca/timers.js";
import { GatewayTopology, ProxyHeaders } from "../config/mesh-config-schema.js";
import type { Proxy } from "../mesh/proxy.js";

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
  /** By proxy id. */
  readonly proxies: () => Table<Proxy>;
  /** Registers a proxy for as long as its stream lasts; the result says that it ended. */
  readonly connect: (proxy: Proxy) => () => void;
  /** Calls back whenever `proxies` is another table than before. */
  readonly onChange: (listener: () => void) => void;
  /** Saves what is not saved yet; resolves when nothing is being written any more. */
  readonly close: () => Promise<void>;
}

const SAVE_DELAY_MS = 500;

const STORED = Type.Array(
  Type.Object({
    id: Type.String(),
    type: Type.Enum(["sidecar", "router"]),
    name: Type.String(),
    namespace: Type.String(),
    address: Type.String(),
    dualStack: Type.Boolean(),
    labels: Type.Record(Type.String(), Type.String()),
    serviceAccount: Type.String(),
    workloadName: Type.String(),
    clusterId: Type.String(),
    locality: Type.String(),
    network: Type.String(),
    mode: Type.Enum(["REDIRECT", "TPROXY", "NONE"]),
    unprivileged: Type.Boolean(),
    onDemand: Type.Boolean(),
    appAddress: Type.String(),
    egressAddress: Type.String(),
    istioVersion: Type.String(),
    gatewayTopology: Type.Optional(GatewayTopology),
    proxyHeaders: Type.Optional(ProxyHeaders),
    metadata: Type.Record(Type.String(), Type.String()),
  }),
);

function parseStored(text: string | undefined): readonly Proxy[] {
  if (text === undefined) return [];
  const value: unknown = JSON.parse(text);
  return Value.Check(STORED, value) ? value : [];
}

/** The proxies that were saved; none when they cannot be read. */
async function loadStored({ storage, onError }: ProxyRegistryOptions): Promise<readonly Proxy[]> {
  try {
    return parseStored(await storage.load());
  } catch (error) {
    onError(error);
    return [];
  }
}

/** Saves the proxies one time after the other, and behind the back of those who change them. */
function createSaver(
  { timers, storage, onError }: ProxyRegistryOptions,
  proxies: () => Table<Proxy>,
): { readonly saveSoon: () => void; readonly close: () => Promise<void> } {
  let cancel: (() => void) | undefined;
  let saving: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const all = proxies()
      .sorted()
      .map(([, proxy]) => proxy);
    return storage.save(JSON.stringify(all)).catch(onError);
  };
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
  const before = await loadStored(options);
  let proxies = Table.from(before.map((proxy) => [proxy.id, proxy] as const));
  const departures = new Map<string, () => void>();
  const streams = new Map<string, number>();
  const saver = createSaver(options, () => proxies);
  const set = (next: Table<Proxy>): void => {
    if (next === proxies) return;
    proxies = next;
    saver.saveSoon();
    for (const listener of listeners) listener();
  };
  const departLater = (proxy: Proxy): void => {
    departures.get(proxy.id)?.();
    const cancel = timers.at(timers.now() + graceMs, () => {
      departures.delete(proxy.id);
      set(proxies.without(proxy.id));
    });
    departures.set(proxy.id, cancel);
  };
  for (const proxy of before) departLater(proxy);

  return {
    proxies: () => proxies,
    onChange: (listener) => {
      listeners.push(listener);
    },
    connect: (proxy) => {
      departures.get(proxy.id)?.();
      departures.delete(proxy.id);
      streams.set(proxy.id, (streams.get(proxy.id) ?? 0) + 1);
      const known = proxies.get(proxy.id);
      set(isDeepStrictEqual(known, proxy) ? proxies : proxies.with(proxy.id, proxy));
      return () => {
        const left = (streams.get(proxy.id) ?? 1) - 1;
        // A proxy may be back by a new stream before the end of the old one is seen.
        if (left > 0) streams.set(proxy.id, left);
        else {
          streams.delete(proxy.id);
          departLater(proxy);
        }
      };
    },
    close: async () => {
      for (const cancel of departures.values()) cancel();
      await saver.close();
    },
  };
}
