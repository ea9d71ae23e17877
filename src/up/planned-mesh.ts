/** The mesh that `up` would run, without running it: for those who ask what would be. */
import type { ConfigSnapshot } from "../config/snapshot.js";
import { readSources } from "../config/sources/scan.js";
import type { Source } from "../config/sources/source.js";
import { createConfigStore } from "../config/store/config-store.js";
import { buildNode } from "../envoy/bootstrap/node.js";
import { type Proxy, parseNode } from "../mesh/proxy/proxy.js";
import { desiredMesh } from "./desired-mesh.js";
import { gatewayServiceFile, type MadeFile, podFile } from "./made/made-resources.js";
import { assignSlots, podAddresses } from "./pods/addresses.js";
import { podNode } from "./pods/pod-node.js";
import type { PlacedPod } from "./pods/pod-plan.js";
import { podId } from "./pods/pods.js";

/** See the top of this file. */
export interface PlannedMesh {
  /** What the files say, with the pods and gateways that they ask for. */
  readonly snapshot: ConfigSnapshot;
  /** As all of them would connect. */
  readonly proxies: readonly Proxy[];
}

/**
 * Reads directories of YAML. Pods are at loopback addresses, as `up` has them: the same ones each time.
 * @throws Error when a directory is not there, or cannot be read
 */
export async function planMesh(directories: readonly string[]): Promise<PlannedMesh> {
  const batch = await readSources(directories.map((path) => ({ path, kind: "config" as const })));
  const missing = batch.roots.find(({ exists }) => !exists);
  if (missing !== undefined) throw new Error(`there is no ${missing.path}`);
  const read = (made: readonly MadeFile[]): ConfigSnapshot =>
    createConfigStore({ remembers: false }).update({
      ...batch,
      changed: [...batch.changed, ...made.map(madeSource)],
    });
  const { pods, madeGateways } = desiredMesh(read([]).tables);
  const slots = assignSlots(pods.map(podId), new Map(), "");
  const placed = pods.map((pod): PlacedPod => {
    return { ...pod, addresses: podAddresses(slots.get(podId(pod)) ?? 0) };
  });
  const snapshot = read([
    ...madeGateways.flatMap(({ workload, servicePorts }) =>
      servicePorts === undefined ? [] : gatewayServiceFile(workload, servicePorts),
    ),
    ...placed.map((pod) => podFile(pod, pod.addresses.pod, true)),
  ]);
  return { snapshot, proxies: placed.filter(({ proxy }) => proxy !== "none").map(proxyOf) };
}

const madeSource = ({ name, text }: MadeFile): Source => ({
  type: "text",
  root: "",
  path: name,
  text,
});

const SURROUNDINGS = {
  controlPlane: { transport: "plaintext", host: "127.0.0.1", port: 15010 },
  admin: { port: 15000 },
  status: { port: 15021 },
  metrics: { port: 15090 },
} as const;

function proxyOf(pod: PlacedPod): Proxy {
  const node = buildNode(podNode(pod), SURROUNDINGS);
  const proxy = parseNode({ id: node.id, cluster: node.cluster, metadata: node.metadata });
  if ("invalid" in proxy) throw new TypeError(`a pod makes no proxy: ${proxy.invalid}`);
  return proxy;
}
