/** The two states that a plan compares which asks no control plane. */
import type { Diagnostic } from "../../../base/diagnostic.js";
import { type OfflineFile, parseOffline } from "../../../config/parse-offline.js";
import type { ConfigSnapshot } from "../../../config/snapshot.js";
import { createConfigStore } from "../../../config/store/config-store.js";
import type { Side } from "../../../console/plan/resource-changes.js";
import { type Proxy, parseNode } from "../../../mesh/proxy/proxy.js";
import { desiredMesh } from "../../../up/desired-mesh.js";
import { patchCheckFor } from "../../input/patch-check.js";
import { plannedSources } from "./planned-sources.js";

/** One of them. */
export interface PlannedState extends Side {
  readonly diagnostics: readonly Diagnostic[];
}

/** A state of a directory. @throws CommandError when it cannot be read */
export async function stateOfDirectory(path: string): Promise<PlannedState> {
  const batch = await plannedSources(path);
  const store = createConfigStore({ ...(await patchCheckFor(batch.changed)), remembers: false });
  return stateOf(store.update(batch));
}

/** A state of files that are not read from a directory. */
export async function stateOfFiles(files: readonly OfflineFile[]): Promise<PlannedState> {
  const sources = files.map((file) => ({ type: "text" as const, root: "", ...file }));
  return stateOf(parseOffline(files, await patchCheckFor(sources)));
}

function stateOf({ tables, diagnostics, locate }: ConfigSnapshot): PlannedState {
  return { tables, diagnostics, locate };
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
