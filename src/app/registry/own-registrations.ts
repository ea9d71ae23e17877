/**
 * The workloads whose proxies are connected to this control plane, and those whose proxies left a moment ago. They are kept over
 * a restart.
 */
import { isDeepStrictEqual } from "node:util";
import Type from "typebox";
import Value from "typebox/value";
import type { Clock } from "../../base/clock.js";
import { Table } from "../../base/table/table.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Health } from "../../mesh/workload/health-probe.js";
import {
  type Registration,
  registrationKey,
  STORED_HEALTH,
  STORED_PROXY,
  shownHealth,
  type ToldHealth,
} from "./registration.js";

/** What is kept over a restart, as JSON. */
export interface RegistryStorage {
  load(): Promise<string | undefined>;
  save(text: string): Promise<void>;
}

/** Options of these. */
export interface OwnRegistrationsOptions {
  readonly clock: Clock;
  readonly storage: RegistryStorage;
  /** How long a workload stays without its proxy, in milliseconds. */
  readonly graceMs: number;
  /** Told when they could not be saved; they are saved again at the next change. */
  readonly onError: (error: unknown) => void;
  /** A time that is later than all that is known of a registration. */
  readonly stamp: (key: string) => number;
  /** Told of each other table than before. */
  readonly onChange: (registrations: Table<Registration>) => void;
}

/** See the top of this file. */
export interface OwnRegistrations {
  readonly all: () => Table<Registration>;
  /** Registers a proxy for as long as its stream lasts; the result says that it ended. */
  readonly connect: (proxy: Proxy) => () => void;
  /** Notes the health of the application of a proxy, which may be registered elsewhere. */
  readonly report: (proxy: Proxy, health: Health) => void;
  /** Takes over what another control plane knows of the health of one that is connected. */
  readonly adopt: (key: string, health: ToldHealth) => void;
  /** One that was reported alone is registered nowhere any more. */
  readonly forget: (key: string) => void;
  /** Saves what is not saved yet; resolves when nothing is being written any more. */
  readonly close: () => Promise<void>;
}

const SAVE_DELAY_MS = 500;

const STORED = Type.Array(
  Type.Intersect([STORED_PROXY, Type.Object({ health: Type.Optional(STORED_HEALTH) })]),
);

type Registrations = Table<Registration>;

function parseStored(text: string | undefined): Registrations {
  const value: unknown = text === undefined ? [] : JSON.parse(text);
  if (!Value.Check(STORED, value)) return Table.empty();
  return Table.from(
    value.map(({ health, ...proxy }) => {
      const told = health === undefined ? {} : { health: { ...health, at: 0 } };
      return [
        registrationKey(proxy),
        { proxy, presence: "remembered", since: 0, ...told },
      ] as const;
    }),
  );
}

function formatStored(registrations: Registrations): string {
  const stored = registrations
    .sorted()
    .filter(([, { presence }]) => presence !== "reported")
    .map(([, { proxy, health }]) => ({ ...proxy, health: health && shownHealth(health) }));
  return JSON.stringify(stored);
}

/** What was saved; nothing when it cannot be read. */
async function loadStored({
  storage,
  onError,
}: Pick<OwnRegistrationsOptions, "storage" | "onError">): Promise<Registrations> {
  try {
    return parseStored(await storage.load());
  } catch (error) {
    onError(error);
    return Table.empty();
  }
}

/** Saves texts one time after the other, and behind the back of those who change what they are of. */
export function createSaver(
  {
    clock,
    storage,
    onError,
  }: Pick<OwnRegistrationsOptions, "clock" | "onError"> & {
    readonly storage: Pick<RegistryStorage, "save">;
  },
  textNow: () => string,
): { readonly saveSoon: () => void; readonly close: () => Promise<void> } {
  let cancel: (() => void) | undefined;
  let saving: Promise<void> = Promise.resolve();
  let isClosed = false;
  const save = (): Promise<void> => storage.save(textNow()).catch(onError);
  const begin = (): void => {
    cancel = undefined;
    saving = saving.then(save);
  };
  return {
    saveSoon: () => {
      // What is saved is by now that of the next control plane, to which the proxies come back.
      if (isClosed) return;
      cancel ??= clock.after(SAVE_DELAY_MS, begin);
    },
    close: () => {
      isClosed = true;
      if (cancel !== undefined) {
        cancel();
        begin();
      }
      return saving;
    },
  };
}

/** Whether what is saved of one is the same. */
function isSavedAlike(before: Registration | undefined, after: Registration | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  const [a, b] = [before, after];
  return (
    a.proxy === b.proxy &&
    a.health?.healthy === b.health?.healthy &&
    a.health?.reason === b.health?.reason
  );
}

/** Forgets what left when the grace time is over. */
function createDepartures(
  { clock, graceMs }: Pick<OwnRegistrationsOptions, "clock" | "graceMs">,
  onGone: (key: string) => void,
): Record<"begin" | "callOff", (key: string) => void> & { readonly close: () => void } {
  const departures = new Map<string, () => void>();
  const callOff = (key: string): void => {
    departures.get(key)?.();
    departures.delete(key);
  };
  return {
    callOff,
    begin: (key) => {
      callOff(key);
      const cancel = clock.after(graceMs, () => {
        departures.delete(key);
        onGone(key);
      });
      departures.set(key, cancel);
    },
    close: () => {
      for (const cancel of departures.values()) cancel();
    },
  };
}

/** Counts the streams of each. */
function createStreamCounts(): Record<"enter", (key: string) => void> & {
  /** Whether it was the last. */
  readonly leave: (key: string) => boolean;
} {
  const counts = new Map<string, number>();
  return {
    enter: (key) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    leave: (key) => {
      const left = (counts.get(key) ?? 1) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
      return left === 0;
    },
  };
}

/** Opens them, with those of the control plane before this one: they have the grace time to come back. */
export async function openOwnRegistrations(
  options: OwnRegistrationsOptions,
): Promise<OwnRegistrations> {
  const { stamp } = options;
  let all = await loadStored(options);
  const streams = createStreamCounts();
  const saver = createSaver(options, () => formatStored(all));

  const set = (key: string, next: Registration | undefined): void => {
    const before = all.get(key);
    all = next === undefined ? all.without(key) : all.with(key, next);
    if (!isSavedAlike(before, next)) saver.saveSoon();
    options.onChange(all);
  };
  const edit = (key: string, change: Partial<Registration>): void => {
    const before = all.get(key);
    if (before !== undefined) set(key, { ...before, ...change });
  };
  const departures = createDepartures(options, (key) => {
    set(key, undefined);
  });
  for (const key of all.keys()) departures.begin(key);

  return {
    all: () => all,
    connect: (proxy) => {
      const key = registrationKey(proxy);
      departures.callOff(key);
      streams.enter(key);
      const before = all.get(key);
      const isKnown = isDeepStrictEqual(before?.proxy, proxy);
      if (!isKnown || before?.presence !== "connected") {
        const same = (isKnown ? before?.proxy : undefined) ?? proxy;
        set(key, { ...before, proxy: same, presence: "connected", since: stamp(key) });
      }
      return () => {
        // A proxy may be back by a new stream before the end of the old one is seen.
        if (!streams.leave(key)) return;
        departures.begin(key);
        edit(key, { presence: "left" });
      };
    },
    report: (proxy, told) => {
      const key = registrationKey(proxy);
      const health = { ...shownHealth(told), at: stamp(key) };
      const before = all.get(key) ?? { proxy, presence: "reported", since: 0 };
      set(key, { ...before, health });
    },
    adopt: (key, health) => {
      edit(key, { health });
    },
    forget: (key) => {
      if (all.get(key)?.presence === "reported") set(key, undefined);
    },
    close: async () => {
      departures.close();
      await saver.close();
    },
  };
}
