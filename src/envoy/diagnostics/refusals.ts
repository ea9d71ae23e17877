/** What is not sent because Envoy would refuse it, as a user is told of it: at the line that made it. */
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import { KINDS, type Kind } from "../../config/kinds.js";
import { type ConfigResource, formatRef, keyOf, type ResourceRef } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import type {
  EnvoyResource,
  Refusal,
  ResourceSet,
  ResourceSets,
} from "../resource/resource-set.js";

const TYPES = [
  "clusters",
  "endpoints",
  "listeners",
  "splitRoutes",
  "virtualHosts",
  "secrets",
  "extensions",
] as const;

/** What is withheld of some proxies' sets, each once. Costs what the sets do not share. */
export function refusalsIn(all: Iterable<ResourceSets>): readonly Refusal[] {
  const found = new Map<string, Refusal>();
  const before = new Map<string, ResourceSet>();
  for (const sets of all) {
    for (const type of TYPES) {
      const changes = sets[type].changesFrom(before.get(type) ?? Table.empty());
      for (const one of changes.flatMap(({ after }) => refusalsOf(after))) {
        found.set(keyOfRefusal(one), one);
      }
      before.set(type, sets[type]);
    }
  }
  return [...found.values()];
}

function refusalsOf(resource: EnvoyResource | undefined): readonly Refusal[] {
  const { refusal, standsFor = refusal, leftOut = [] } = resource ?? {};
  const isTold = standsFor !== undefined && standsFor.isAwaited !== true;
  return isTold ? [standsFor, ...leftOut] : leftOut;
}

const keyOfRefusal = ({ reason, sources }: Refusal): string =>
  `${reason}\n${JSON.stringify(sources)}`;

const REFUSED = "Envoy would refuse this, so it is left out";
const WITHHELD = "this is left out";

/** Refusals as diagnostics, in order. */
export function refusalDiagnostics(
  refusals: readonly Refusal[],
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
): readonly Diagnostic[] {
  return refusals
    .map(
      (refusal): Diagnostic => ({
        severity: "error",
        code: "refused-by-envoy",
        message: `${refusal.isFault === true ? WITHHELD : REFUSED}: ${refusal.reason}`,
        ...placeOf(refusal, snapshot),
      }),
    )
    .sort(compareDiagnostics);
}

/** What is to blame for a resource that an Envoy refused by itself. */
export function blameFor(resource: EnvoyResource | undefined): Parameters<typeof placeOf>[0] {
  const { sources = [], sourcePath } = resource ?? {};
  return { sources, violations: [], ...(sourcePath === undefined ? {} : { path: sourcePath }) };
}

/** The resource that is to blame for something, and where in it. */
export function placeOf(
  refusal: Pick<Refusal, "sources" | "path" | "violations">,
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
): Pick<Diagnostic, "position" | "resource"> {
  const blamed = blame(refusal, snapshot);
  if (blamed === undefined) return {};
  const position = snapshot.locate(blamed.ref, blamed.path);
  return {
    ...(position === undefined ? {} : { position }),
    resource: formatRef(blamed.ref),
  };
}

/** A resource, and the member of it that is to blame. */
interface Blamed {
  readonly ref: ResourceRef;
  readonly path: Path;
}

/** The resource which says what is wrong, and where; else the first of those that had a part in it. */
function blame(
  { sources, path, violations }: Pick<Refusal, "sources" | "path" | "violations">,
  { tables }: Pick<ConfigSnapshot, "tables">,
): Blamed | undefined {
  const [first] = sources;
  if (first === undefined) return undefined;
  if (path !== undefined) return { ref: first, path };
  const values = violations.flatMap(({ found }) => found ?? []);
  for (const ref of sources) {
    const own = whereSaid(ref, values, tables);
    if (own !== undefined) return { ref, path: own };
  }
  return { ref: first, path: ["metadata", "name"] };
}

/** Where a resource says one of these values. */
function whereSaid(
  ref: ResourceRef,
  values: readonly string[],
  tables: ConfigSnapshot["tables"],
): Path | undefined {
  const kind = ref.kind as Kind;
  const resource: ConfigResource | undefined = tables[kind].get(keyOf(ref));
  if (resource === undefined) return undefined;
  const path = find(resource.spec, values);
  return path && (KINDS[kind].body === "spec" ? ["spec", ...path] : path);
}

function find(value: unknown, values: readonly string[]): Path | undefined {
  if (typeof value !== "object" || value === null) {
    return values.includes(String(value)) ? [] : undefined;
  }
  for (const [name, member] of Object.entries(value)) {
    const below = find(member, values);
    if (below !== undefined) return [Array.isArray(value) ? Number(name) : name, ...below];
  }
  return undefined;
}
