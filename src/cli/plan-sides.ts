/** The two states that a plan compares. */
import { basename, dirname, resolve, sep } from "node:path";
import type { ConfigurationJson } from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Diagnostic, Position } from "../base/diagnostic.js";
import { Table } from "../base/table.js";
import { type OfflineFile, parseOffline } from "../config/parse-offline.js";
import { type ConfigResource, formatRef, keyOf, refOf } from "../config/resource.js";
import { type ConfigSnapshot, emptyTables, type ResourceTables } from "../config/snapshot.js";
import { readSources } from "../config/sources/scan.js";
import { createConfigStore } from "../config/store/config-store.js";
import type { Side } from "../console/plan/resource-changes.js";
import { type Proxy, parseNode } from "../mesh/proxy.js";
import { desiredMesh } from "../up/desired-mesh.js";
import { CommandError } from "./command-error.js";
import { patchCheckFor } from "./patch-check.js";

/** One of them. */
export interface PlannedState extends Side {
  readonly diagnostics: readonly Diagnostic[];
}

/** A state of a directory. @throws CommandError when it cannot be read */
export async function stateOfDirectory(path: string): Promise<PlannedState> {
  const batch = await readSources([{ path, kind: "config" }]);
  if (batch.roots.some(({ exists }) => !exists)) {
    throw new CommandError(`${path} does not exist`, "give a directory of YAML");
  }
  const store = createConfigStore({ ...(await patchCheckFor(batch.changed)), remembers: false });
  return stateOf(store.update(batch));
}

/** A state of files that are not read from a directory. */
export async function stateOfFiles(files: readonly OfflineFile[]): Promise<PlannedState> {
  const sources = files.map((file) => ({ type: "text" as const, root: "", ...file }));
  return stateOf(parseOffline(files, await patchCheckFor(sources)));
}

function stateOf({ tables, diagnostics, locate }: ConfigSnapshot): PlannedState {
  return { tables, diagnostics, locate: (resource) => locate(refOf(resource)) };
}

/** What a control plane has in force, as it tells it. */
export function stateInForce(
  { resources = [] }: ConfigurationJson,
  diagnostics: readonly Diagnostic[],
): PlannedState {
  const tables: Record<string, Table<ConfigResource>> = { ...emptyTables() };
  const positions = new Map<string, Position>();
  for (const { json = "", file = "", line = 0, column = 0 } of resources) {
    const resource = JSON.parse(json) as ConfigResource;
    const { kind, metadata } = resource;
    tables[kind] = (tables[kind] ?? Table.empty()).with(keyOf(metadata), resource);
    if (file !== "") positions.set(formatRef(refOf(resource)), { file, line, column });
  }
  return {
    tables: tables as unknown as ResourceTables,
    diagnostics,
    locate: (resource) => positions.get(formatRef(refOf(resource))),
  };
}

/**
 * A directory as a part of what is in force: what comes from directories of other names stays, and so do Secrets, of which
 * nothing is known.
 */
export function inPlaceOf(
  directory: string,
  planned: PlannedState,
  current: PlannedState,
): PlannedState {
  const root = basename(resolve(directory));
  const isOf = (resource: ConfigResource): boolean =>
    dirname(current.locate(resource)?.file ?? "")
      .split(sep)
      .includes(root);
  const everything = Object.values<Table<ConfigResource>>(current.tables);
  const isKnown = everything.some((table) => [...table.values()].some(isOf));
  if (!isKnown) return { ...planned, tables: { ...planned.tables, Secret: Table.empty() } };
  const kept = Object.entries<Table<ConfigResource>>(current.tables).map(([kind, table]) => {
    const others = [...table].filter(([, resource]) => !isOf(resource));
    const own = planned.tables[kind as keyof ResourceTables] as Table<ConfigResource>;
    return [kind, Table.from([...own, ...others])] as const;
  });
  const tables = Object.fromEntries([...kept, ["Secret", Table.empty()]]);
  return {
    ...planned,
    tables: tables as unknown as ResourceTables,
    diagnostics: [
      // By itself, the directory lacks what the others have: errors are its own.
      ...planned.diagnostics.filter(({ severity }) => severity === "error"),
      ...current.diagnostics.filter(({ severity }) => severity !== "error"),
    ],
  };
}

/** The proxies that a control plane tells of. */
export function proxiesInForce({ proxies = [] }: ConfigurationJson): readonly Proxy[] {
  return proxies.map((json) => JSON.parse(json) as Proxy);
}

/** The first address of those that stand for the pods of files; nobody has them (RFC 1112, section 4). */
const FIRST_ADDRESS = 240 * 2 ** 24;

/** A proxy for each pod that either state declares, at an address that is the same in both. */
export function declaredProxies(...states: readonly PlannedState[]): readonly Proxy[] {
  const pods = states.flatMap(({ tables }) => desiredMesh(tables).pods);
  const proxied = pods.filter(({ proxy }) => proxy !== "none");
  const byId = new Map(proxied.map((pod) => [`${pod.name}.${pod.namespace}`, pod]));
  const ids = [...byId.keys()].sort();
  return ids.flatMap((id, i) => {
    const pod = byId.get(id);
    if (pod === undefined) return [];
    const { name, namespace, labels, serviceAccount, workloadName } = pod;
    const type = pod.proxy === "router" ? "router" : "sidecar";
    const proxy = parseNode({
      id: `${type}~${addressOf(FIRST_ADDRESS + 1 + i)}~${id}~${namespace}.svc.cluster.local`,
      metadata: {
        NAME: name,
        NAMESPACE: namespace,
        LABELS: labels,
        SERVICE_ACCOUNT: serviceAccount,
        WORKLOAD_NAME: workloadName,
      },
    });
    return "invalid" in proxy ? [] : [proxy];
  });
}

const addressOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
