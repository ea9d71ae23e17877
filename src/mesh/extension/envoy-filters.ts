/** The patches of EnvoyFilters, and which proxies they are for. See Istio, EnvoyFilter. */
import { RE2JS } from "re2js";
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import type { EnvoyConfigObjectPatch } from "../../config/kinds/networking/envoy-patch.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf, type ResourceRef, refOf } from "../../config/resource.js";
import { selects } from "../labels.js";
import { isFor, type PolicySubject } from "../policy-targets.js";
import { comparePrecedence } from "../precedence.js";
import type { Proxy } from "../proxy/proxy.js";
import type { Phase } from "./extensions.js";

type EnvoyFilter = ResourceOf<"EnvoyFilter">;

/** The EnvoyFilters of a mesh: by namespace, then by `namespace/name`. */
export type EnvoyFilters = Table<Table<EnvoyFilter>>;

/** The builder of these. */
export function createEnvoyFilters(engine: Engine): (table: Table<EnvoyFilter>) => EnvoyFilters {
  return engine.group<EnvoyFilter>("EnvoyFilters by namespace", ({ metadata }) => [
    metadata.namespace,
  ]);
}

/** One change that an EnvoyFilter makes, or an extension. */
export interface EnvoyPatch extends EnvoyConfigObjectPatch {
  readonly source: ResourceRef;
  /** Which of its source's patches it is. */
  readonly index: number;
  /** Where in its source it is written. */
  readonly path: Path;
  /** Of a filter that an extension adds: where it belongs. */
  readonly phase?: Phase;
}

/** The patches for a proxy, in the order in which they are made. */
export type EnvoyPatches = readonly EnvoyPatch[];

/** Whether an EnvoyFilter is for a workload: by its labels, or because the workload is a gateway that it is attached to. */
function isForWorkload({ spec, ...resource }: EnvoyFilter, workload: PolicySubject): boolean {
  const { targetRefs = [], workloadSelector } = spec;
  if (targetRefs.length > 0) return isFor({ ...resource, spec: { targetRefs } }, workload);
  return selects(workloadSelector?.labels ?? {}, workload.labels);
}

/** Whether a patch is for a proxy of this version that says this of itself. See Istio, EnvoyFilter.ProxyMatch. */
function isForNode({ match }: EnvoyPatch, { istioVersion, metadata }: Proxy): boolean {
  const { proxyVersion = "", metadata: wanted = {} } = match?.proxy ?? {};
  return (
    (proxyVersion === "" || isOfVersion(istioVersion, proxyVersion)) &&
    Object.entries(wanted).every(([key, value]) => metadata[key] === value)
  );
}

/** A proxy that does not say its version is of none. */
const isOfVersion = (version: string, pattern: string): boolean =>
  version !== "" && RE2JS.compile(pattern).matcher(version).find();

/** Smaller priorities first, then the root namespace's, then the older ones. See Istio, EnvoyFilter.priority. */
function compareFilters(a: EnvoyFilter, b: EnvoyFilter, rootNamespace: string): number {
  const isOwn = ({ metadata }: EnvoyFilter): number =>
    metadata.namespace === rootNamespace ? 0 : 1;
  return (
    (a.spec.priority ?? 0) - (b.spec.priority ?? 0) ||
    isOwn(a) - isOwn(b) ||
    comparePrecedence(a, b)
  );
}

const NO_FILTERS = Table.empty<EnvoyFilter>();

/** The EnvoyFilters of the root namespace and of a workload's own. */
function filtersNear(
  all: EnvoyFilters,
  rootNamespace: string,
  { namespace }: Pick<PolicySubject, "namespace">,
): readonly [root: Table<EnvoyFilter>, own: Table<EnvoyFilter>] {
  const own = namespace === rootNamespace ? undefined : all.get(namespace);
  return [all.get(rootNamespace) ?? NO_FILTERS, own ?? NO_FILTERS];
}

/** Those of them that are for the workload, in the order in which their changes are made. */
function chooseFilters(
  near: ReturnType<typeof filtersNear>,
  workload: PolicySubject,
  rootNamespace: string,
): readonly EnvoyFilter[] {
  return near
    .flatMap((table) => [...table.values()])
    .filter((filter) => isForWorkload(filter, workload))
    .sort((a, b) => compareFilters(a, b, rootNamespace));
}

/** The EnvoyFilters that are for a workload, in the order in which their changes are made. */
export function appliedEnvoyFilters(
  all: EnvoyFilters,
  rootNamespace: string,
  workload: PolicySubject,
): readonly EnvoyFilter[] {
  return chooseFilters(filtersNear(all, rootNamespace, workload), workload, rootNamespace);
}

/** Finds patches. Who asks for the same patches is given one list. */
export interface EnvoyPatchFinder {
  /** The patches for a proxy. */
  readonly of: (all: EnvoyFilters, rootNamespace: string, proxy: Proxy) => EnvoyPatches;
  /** Those of keys; of a key of another kind there is none. */
  readonly at: (all: EnvoyFilters, keys: readonly PatchKey[]) => EnvoyPatches;
}

/** What tells a patch from all others. */
export interface PatchKey {
  readonly ref: ResourceRef;
  readonly index: number;
}

/** What tells lists of patches apart, whatever the patches say; `""` of none. */
export function patchesKey(patches: EnvoyPatches): string {
  if (patches.length === 0) return "";
  return JSON.stringify(patches.map(({ source, index }): PatchKey => ({ ref: source, index })));
}

/** The patches that a key is of. */
export const patchKeysIn = (key: string): readonly PatchKey[] =>
  key === "" ? [] : (JSON.parse(key) as readonly PatchKey[]);

/** The finder of patches. */
export function createEnvoyPatches(engine: Engine): EnvoyPatchFinder {
  const patchesOf = engine.memo(
    "patches of an EnvoyFilter",
    (filter: EnvoyFilter): EnvoyPatches =>
      (filter.spec.configPatches ?? []).map((patch, index) => ({
        ...patch,
        source: refOf(filter),
        index,
        path: ["spec", "configPatches", index],
      })),
  );
  const list = engine.memo("patches together", (...patches: EnvoyPatch[]) => patches);
  const select = engine.memo(
    "patches of proxies",
    (
      root: Table<EnvoyFilter>,
      own: Table<EnvoyFilter>,
      proxy: Proxy,
      rootNamespace: string,
    ): EnvoyPatches => {
      const filters = chooseFilters([root, own], proxy, rootNamespace);
      const all = filters.flatMap((filter) => patchesOf(filter));
      return list(...all.filter((patch) => isForNode(patch, proxy)));
    },
  );
  return {
    of: (all, rootNamespace, proxy) => {
      const [root, own] = filtersNear(all, rootNamespace, proxy);
      return root.size + own.size === 0 ? list() : select(root, own, proxy, rootNamespace);
    },
    at: (all, keys) =>
      list(
        ...keys.flatMap(({ ref, index }) => {
          const filter = all.get(ref.namespace)?.get(keyOf(ref));
          const isOwn = ref.kind === "EnvoyFilter" && filter !== undefined;
          return isOwn ? (patchesOf(filter)[index] ?? []) : [];
        }),
      ),
  };
}
