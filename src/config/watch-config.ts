import { join } from "node:path";
import { type Clock, steadyClock } from "../base/clock.js";
import type { Diagnostic } from "../base/diagnostic.js";
import type { Engine } from "../base/engine/engine.js";
import type { CheckPatch } from "./references/envoy-patches.js";
import type { ConfigSnapshot } from "./snapshot.js";
import { type ConfigRoot, DEFAULT_LIMITS, type SourceLimits } from "./sources/root.js";
import { readSources } from "./sources/scan.js";
import { watchSources } from "./sources/watch-sources.js";
import { loadState } from "./state/load-state.js";
import { createStateSaver, type StateSaver } from "./state/save-state.js";
import { type ConfigStore, createConfigStore, type Replacement } from "./store/config-store.js";

/** How long it took to read files, and to parse and check what is in them, in milliseconds. */
export interface ReadCost {
  readonly readMs: number;
  readonly parseMs: number;
}

/** Where the configuration is, and who is told of it. */
export interface ConfigWatchOptions {
  readonly roots: readonly ConfigRoot[];
  /** Those of them that are none of the user's. */
  readonly made?: readonly string[];
  /** Is given the first snapshot and every later one that is another object. */
  readonly onSnapshot: (snapshot: ConfigSnapshot, cost: ReadCost) => void;
  /** Is told of what should not happen; the watch goes on. */
  readonly onError: (error: unknown) => void;
  /** Is told of what is wrong with the saved state, once, at the start. */
  readonly onProblem?: (problem: Diagnostic) => void;
  /** The directory in which what is in force is kept over a restart, below which a directory `config` is made. */
  readonly stateDirectory?: string;
  readonly engine?: Engine;
  readonly checkPatch?: CheckPatch;
  readonly limits?: SourceLimits;
  readonly clock?: Clock;
}

/** A configuration that is followed. */
export interface ConfigWatch {
  /** Resolves when the first snapshot was given. */
  readonly ready: Promise<void>;
  /** Something may have changed, and is not in force yet. */
  readonly isLooking: () => boolean;
  /** Looks at all files now; resolves when what they say is in force. */
  readonly refresh: () => Promise<void>;
  /** What would be, if a directory of this name took the place of the one that is read; once the first snapshot was given. */
  readonly replacement: (name: string) => Promise<Replacement>;
  /** Ends it, and saves what is not saved yet. */
  readonly close: () => Promise<void>;
}

/** Follows the configuration in some directories: what is there, then what changes. */
export function watchConfig(options: ConfigWatchOptions): ConfigWatch {
  let watch: ConfigWatch | undefined;
  const opened = open(options).then((one) => {
    watch = one;
    return one;
  });
  return {
    ready: opened.then(({ ready }) => ready),
    isLooking: () => watch?.isLooking() ?? true,
    refresh: async () => {
      const { refresh } = await opened;
      await refresh();
    },
    replacement: async (name) => (await opened).replacement(name),
    close: async () => {
      const { close } = await opened;
      await close();
    },
  };
}

async function open(options: ConfigWatchOptions): Promise<ConfigWatch> {
  const { roots, onSnapshot, onError, limits = DEFAULT_LIMITS, clock = steadyClock } = options;
  const { store, saver } = await createStore(options, clock);
  let last: ConfigSnapshot | undefined;
  const watch = watchSources({
    roots,
    limits,
    clock,
    onError,
    onBatch: (batch, readMs) => {
      const begun = performance.now();
      const snapshot = store.update(batch);
      const parseMs = performance.now() - begun;
      saver?.take(store.state());
      if (snapshot === last) return;
      last = snapshot;
      onSnapshot(snapshot, { readMs, parseMs });
    },
  });
  return {
    ready: watch.ready,
    isLooking: watch.isLooking,
    refresh: watch.refresh,
    replacement: (name) => Promise.resolve(store.replacement(name)),
    close: async () => {
      await watch.close();
      await saver?.close();
    },
  };
}

async function createStore(
  { roots, made, stateDirectory, engine, checkPatch, onError, onProblem }: ConfigWatchOptions,
  clock: Clock,
): Promise<{ readonly store: ConfigStore; readonly saver?: StateSaver }> {
  const given = {
    ...(made === undefined ? {} : { made }),
    ...(engine === undefined ? {} : { engine }),
    ...(checkPatch === undefined ? {} : { checkPatch }),
  };
  if (stateDirectory === undefined) return { store: createConfigStore(given) };
  const directory = join(stateDirectory, "config");
  const { files, problems } = await loadState(directory, roots);
  for (const problem of problems) onProblem?.(problem);
  const store = createConfigStore({ ...given, saved: files });
  const saver = createStateSaver({ directory, saved: store.state(), clock, onError });
  return { store, saver };
}

/** What some directories say now, by themselves: see parseOffline. */
export async function readConfig(
  roots: readonly ConfigRoot[],
  limits: SourceLimits = DEFAULT_LIMITS,
): Promise<ConfigSnapshot> {
  const store = createConfigStore({ remembers: false });
  return store.update(await readSources(roots, limits));
}
