/** Why a caller has no endpoint of a cluster whose callers are to stay on their own node: its endpoints are on others. */
import { selects } from "../../mesh/labels.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { labelsWithTopology } from "../../mesh/routing/locality-balancing.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { chooseService } from "../../mesh/service/choose-service.js";
import { viewOfHost } from "../../mesh/view/caller-views.js";
import { addressKey } from "../../mesh/workload/address-key.js";
import { nodeOf } from "../../mesh/workload/node-of.js";
import { serviceKey, targetPortOf } from "../../mesh/workload/service-endpoints.js";
import { NODE_LABEL, type Workload } from "../../mesh/workload/workload.js";
import { parseClusterName } from "../proxy-config/cluster-name.js";
import type { Scene } from "./scene.js";

/** Why a caller has no endpoint of a cluster. */
export interface Elsewhere {
  readonly reason: string;
  readonly decision: Decision;
}

/**
 * Where the endpoints of a cluster are whose callers are to stay on their node; undefined where it has none on any, or its
 * callers may go anywhere.
 */
export function endpointsElsewhere(
  { mesh }: Pick<Scene, "mesh">,
  caller: Proxy,
  cluster: string,
): Elsewhere | undefined {
  const { fqdn, port, subset } = parseClusterName(cluster);
  const service = chooseService(mesh.servicesByHost.get(fqdn), caller.namespace);
  if (service?.nodeLocal !== true) return undefined;
  const rule = viewOfHost(mesh, fqdn, caller.namespace)?.rule;
  const labels = rule?.spec.subsets?.find(({ name }) => name === subset)?.labels ?? {};
  const served = service.ports.find(({ number }) => number === port);
  const workloads = (mesh.endpoints.get(fqdn)?.get(serviceKey(service)) ?? []).filter(
    (one) =>
      selects(labels, one.labels) &&
      served !== undefined &&
      targetPortOf(one, served) !== undefined,
  );
  const nodes = new Set(workloads.map(nodeOfWorkload));
  const known = mesh.workloadsByAddress.get(addressKey(caller));
  const own = nodeOfWorkload({ ...caller, node: nodeOf(caller, known) });
  if (nodes.size === 0 || nodes.has(own)) return undefined;
  const named = [...nodes].filter((node) => node !== "").sort();
  const places = [
    ...(named.length === 0 ? [] : [`on ${named.join(", ")}`]),
    ...(nodes.has("") ? ["on no node that is known"] : []),
  ];
  const caught = own === "" ? "is on no node that is known" : `is on node ${own}`;
  return {
    reason: `internalTrafficPolicy Local leaves the caller no endpoint: it ${caught}, and they are ${places.join(" and ")}`,
    decision: { ref: service.source, path: ["spec", "internalTrafficPolicy"] },
  };
}

const nodeOfWorkload = (
  workload: Pick<Workload, "labels" | "locality" | "network" | "node">,
): string => labelsWithTopology(workload)[NODE_LABEL] ?? "";
