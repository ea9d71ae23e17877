/** Has the Wasm modules that plugins name fetched, and tells of those that cannot be had. */
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import { Table } from "../../base/table/table.js";
import { valueOf } from "../../config/credential.js";
import type { Path } from "../../config/kind.js";
import type { WasmConfig } from "../../config/kinds/extensions/wasm-config.js";
import type { ResourceOf } from "../../config/kinds.js";
import { formatRef, refOf } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import {
  type ModuleReference,
  moduleKey,
  moduleReference,
  type WasmModule,
  type WasmModules,
} from "../../mesh/extension/wasm-modules.js";
import type { FetchedModule } from "../../wasm/fetch-module.js";
import {
  createModuleKeeping,
  type KnownModule,
  type ModuleKeepingOptions,
  type WantedModule,
} from "../../wasm/module-keeping.js";
import { isPulledAnew } from "../../wasm/pull-policy.js";
import { createListeners } from "../listeners.js";
import { missingIn, type Update } from "../update/update.js";

/** Where what was fetched is kept, so that a restart does not depend on who has it. */
export interface ModuleStorage {
  readonly load: () => Promise<ReadonlyMap<string, FetchedModule>>;
  /** From now on there are these and no others. */
  readonly save: (modules: ReadonlyMap<string, FetchedModule>) => Promise<void>;
}

/** What is needed to follow plugins. */
export interface WasmModulesOptions
  extends Pick<ModuleKeepingOptions, "hosts" | "fetch" | "clock"> {
  readonly storage: ModuleStorage;
  /** Told of what cannot be kept. */
  readonly onError: (error: unknown) => void;
}

/** See the top of this file. */
export interface FollowedModules {
  /** Looks at the plugins of another snapshot, which is about to be in force. */
  readonly follow: (snapshot: ConfigSnapshot) => void;
  /** What is known of their modules; the same table for as long as that is the same. */
  readonly modules: () => WasmModules;
  /** The plugins of the snapshot whose modules cannot be had. */
  readonly diagnostics: () => readonly Diagnostic[];
  /** Calls back when something else is known of a module, the snapshot being the same. */
  readonly onModules: (listener: () => void) => void;
  /** Calls back with what has become of the diagnostics. */
  readonly onChange: (listener: (change: Update) => void) => void;
  /** Calls back with whether a module could be fetched. */
  readonly onFetched: (listener: (succeeded: boolean) => void) => void;
  /** Resolves when all that was fetched is kept. */
  readonly close: () => Promise<void>;
}

type Tables = ConfigSnapshot["tables"];

/**
 * Plugins that are followed, of no snapshot yet.
 * @throws StateFileError
 */
export async function followModules(options: WasmModulesOptions): Promise<FollowedModules> {
  const { storage, onError } = options;
  const changes = createListeners<Update>();
  const others = createListeners<undefined>();
  const fetches = createListeners<boolean>();
  let snapshot: ConfigSnapshot | undefined;
  let modules: WasmModules = Table.empty();
  let last: readonly Diagnostic[] = [];
  let saved = Promise.resolve();

  const known = await storage.load();
  let kept: ReadonlyMap<string, FetchedModule> = known;
  const keeping = createModuleKeeping({
    ...options,
    known,
    onFetched: fetches.tell,
    onChange: () => {
      look();
      others.tell(undefined);
    },
  });
  const diagnostics = (): readonly Diagnostic[] =>
    snapshot === undefined ? [] : diagnosticsOf(snapshot, keeping.known());
  const keep = (): void => {
    const fetched = fetchedIn(keeping.known());
    if (isSame(fetched, kept)) return;
    kept = fetched;
    saved = saved.then(() => storage.save(fetched)).catch(onError);
  };
  const look = (): void => {
    modules = tableOf(keeping.known(), modules);
    const now = diagnostics();
    const newDiagnostics = missingIn(now, last);
    const clearedDiagnostics = missingIn(last, now);
    last = now;
    keep();
    if (newDiagnostics.length + clearedDiagnostics.length === 0) return;
    changes.tell({ changed: [], newDiagnostics, clearedDiagnostics });
  };
  return {
    follow: (next) => {
      const before = snapshot?.tables;
      snapshot = next;
      if (before !== undefined && isAlike(before, next.tables)) return;
      const anew = before === undefined ? [] : writtenAnew(before, next.tables);
      keeping.want(wantedIn(next.tables), new Set(anew));
      look();
    },
    modules: () => modules,
    diagnostics,
    onModules: others.add,
    onChange: changes.add,
    onFetched: fetches.add,
    close: async () => {
      keeping.close();
      await saved;
    },
  };
}

const isAlike = (before: Tables, now: Tables): boolean =>
  before.WasmPlugin === now.WasmPlugin &&
  before.TrafficExtension === now.TrafficExtension &&
  before.Secret === now.Secret;

type Plugin = ResourceOf<"WasmPlugin"> | ResourceOf<"TrafficExtension">;

/** What a plugin says of its module. */
interface PluginModule {
  readonly wasm: WasmConfig;
  readonly reference: ModuleReference;
  /** Of the URL, in its resource. */
  readonly path: Path;
}

/** Nothing of a plugin whose module nobody has to fetch. */
function pluginModule({ kind, metadata, spec }: Plugin): PluginModule | undefined {
  const isPlugin = kind === "WasmPlugin";
  const wasm = (isPlugin ? spec : (spec as { readonly wasm?: WasmConfig }).wasm) as
    | WasmConfig
    | undefined;
  const reference = wasm && moduleReference(metadata.namespace, wasm);
  if (reference === undefined || wasm === undefined) return undefined;
  return { wasm, reference, path: isPlugin ? ["spec", "url"] : ["spec", "wasm", "url"] };
}

const pluginsOf = ({ WasmPlugin, TrafficExtension }: Tables): readonly Plugin[] => [
  ...WasmPlugin.values(),
  ...TrafficExtension.values(),
];

function wantedIn(tables: Tables): ReadonlyMap<string, WantedModule> {
  const references = pluginsOf(tables).flatMap((plugin) => pluginModule(plugin)?.reference ?? []);
  return new Map(
    references.map((reference) => [moduleKey(reference), wantedModule(reference, tables.Secret)]),
  );
}

const DOCKER_CONFIG = ".dockerconfigjson";

function wantedModule(
  { url, sha256, pullSecret }: ModuleReference,
  secrets: Tables["Secret"],
): WantedModule {
  // A server of files is shown no credentials.
  if (pullSecret === "" || !url.startsWith("oci:")) return { url, sha256 };
  const secret = secrets.get(pullSecret);
  const credentials = secret && valueOf(secret.spec, DOCKER_CONFIG)?.text;
  return credentials === undefined
    ? { url, problem: `its imagePullSecret ${pullSecret} is no Secret with a ${DOCKER_CONFIG}` }
    : { url, sha256, credentials };
}

/** The keys of modules whose plugins came or changed, and want what is there then. */
function writtenAnew(before: Tables, now: Tables): readonly string[] {
  const changed = [
    ...now.WasmPlugin.changesFrom(before.WasmPlugin),
    ...now.TrafficExtension.changesFrom(before.TrafficExtension),
  ];
  return changed.flatMap(({ after }) => {
    const module = after && pluginModule(after);
    return module && isPulledAnew({ ...module.wasm, ...module.reference })
      ? [moduleKey(module.reference)]
      : [];
  });
}

function fetchedIn(known: ReadonlyMap<string, KnownModule>): ReadonlyMap<string, FetchedModule> {
  return new Map([...known].flatMap(([key, { fetched }]) => (fetched ? [[key, fetched]] : [])));
}

function isSame(
  some: ReadonlyMap<string, FetchedModule>,
  others: ReadonlyMap<string, FetchedModule>,
): boolean {
  return (
    some.size === others.size &&
    [...some].every(([key, { sha256 }]) => others.get(key)?.sha256 === sha256)
  );
}

/** The table of what is known, with all that is the same as before. */
function tableOf(known: ReadonlyMap<string, KnownModule>, before: WasmModules): WasmModules {
  const entries = [...known].flatMap(([key, one]) => {
    const module = moduleOf(one, before.get(key));
    return module === undefined ? [] : [[key, module] as const];
  });
  const now = Table.from(entries);
  return now.changesFrom(before).length === 0 ? before : now;
}

/** One that was fetched stays in force while a newer one cannot be. */
function moduleOf(
  { fetched, problem }: KnownModule,
  before: WasmModule | undefined,
): WasmModule | undefined {
  if (fetched !== undefined) {
    const isSameCode = before?.state === "ready" && before.sha256 === fetched.sha256;
    return isSameCode ? before : { state: "ready", ...fetched };
  }
  if (problem === undefined) return undefined;
  const isSameProblem = before?.state === "failed" && before.problem === problem;
  return isSameProblem ? before : { state: "failed", problem };
}

function diagnosticsOf(
  { tables, locate }: ConfigSnapshot,
  known: ReadonlyMap<string, KnownModule>,
): readonly Diagnostic[] {
  return pluginsOf(tables)
    .flatMap((plugin): Diagnostic[] => {
      const module = pluginModule(plugin);
      const { problem, fetched } = (module && known.get(moduleKey(module.reference))) ?? {};
      if (module === undefined || problem === undefined) return [];
      const ref = refOf(plugin);
      const position = locate(ref, module.path);
      const message =
        fetched === undefined
          ? `its module cannot be had: ${problem}`
          : `the module that was fetched before stays in force, since a newer one cannot be had: ${problem}`;
      const place = position === undefined ? {} : { position };
      return [
        { severity: "warning", code: "wasm-module", message, ...place, resource: formatRef(ref) },
      ];
    })
    .sort(compareDiagnostics);
}
