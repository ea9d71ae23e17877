/** The configuration files of a control plane: read, watched, checked, and what was good kept in the state directory. */
import type { Diagnostic } from "../base/diagnostic.js";
import type { Engine } from "../base/engine/engine.js";
import type { CheckPatch } from "../config/references/envoy-patches.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import type { Replacement } from "../config/store/config-store.js";
import { type ReadCost, watchConfig } from "../config/watch-config.js";
import { createListeners } from "./listeners.js";

/** Where the configuration of a control plane is. */
export interface ConfigurationOptions {
  readonly directories: readonly string[];
  /** One beside them that is none of the user's. */
  readonly madeDirectory: string | undefined;
  readonly secretsDirectory: string | undefined;
  readonly stateDirectory: string;
  readonly engine: Engine;
  readonly checkPatch: CheckPatch;
  /** Told of what should not happen; the configuration is followed on. */
  readonly onError: (error: unknown) => void;
  /** Told of what is wrong with the state that was kept. */
  readonly onProblem: (problem: Diagnostic) => void;
}

/** Another snapshot, and what it cost. */
export interface ConfigChange extends ReadCost {
  readonly snapshot: ConfigSnapshot;
}

/** A configuration that is followed. */
export interface Configuration {
  /** What is in force now. */
  readonly snapshot: () => ConfigSnapshot;
  /** Calls back for each snapshot after the present one. */
  readonly onSnapshot: (listener: (change: ConfigChange) => void) => void;
  /** Files may have changed, and what they say is not in force yet. */
  readonly isLooking: () => boolean;
  /** Looks at all files now; resolves when what they say is in force. */
  readonly refresh: () => Promise<void>;
  /** What would be, if a directory of this name took the place of the one that is read. */
  readonly replacement: (name: string) => Promise<Replacement>;
  readonly close: () => Promise<void>;
}

/** Opens a configuration, when all of it has been read once. */
export async function openConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { directories, madeDirectory, secretsDirectory, stateDirectory, engine, checkPatch } =
    options;
  const listeners = createListeners<ConfigChange>();
  let latest: ConfigSnapshot | undefined;
  const secrets =
    secretsDirectory === undefined ? [] : [{ path: secretsDirectory, kind: "secrets" as const }];
  const made = madeDirectory === undefined ? [] : [madeDirectory];
  const watch = watchConfig({
    roots: [
      ...[...directories, ...made].map((path) => ({ path, kind: "config" as const })),
      ...secrets,
    ],
    made,
    stateDirectory,
    engine,
    checkPatch,
    onError: options.onError,
    onProblem: options.onProblem,
    onSnapshot: (snapshot, cost) => {
      latest = snapshot;
      listeners.tell({ snapshot, ...cost });
    },
  });
  await watch.ready;
  if (latest === undefined) throw new TypeError("a configuration is ready before its snapshot");
  const first = latest;
  return {
    snapshot: () => latest ?? first,
    onSnapshot: listeners.add,
    isLooking: watch.isLooking,
    refresh: watch.refresh,
    replacement: watch.replacement,
    close: watch.close,
  };
}
