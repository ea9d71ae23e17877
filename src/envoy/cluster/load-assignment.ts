import type { ServicePort } from "../../mesh/service.js";
import { targetPortOf } from "../../mesh/service-endpoints.js";
import type { Workload } from "../../mesh/workload.js";
import { socketAddress } from "../address.js";
import type { ClusterLoadAssignmentJson, LbEndpointJson, LocalityJson } from "../api.js";

/** One endpoint of a cluster, as far as Envoy has to know of it. */
export interface ClusterEndpoint {
  readonly workload: Workload;
  readonly port: number;
  /** Whether it takes mutual TLS on this port. */
  readonly meshTls: boolean;
}

/** The endpoints of a service's port: every workload that has the port, in the workloads' order. */
export function clusterEndpoints(
  workloads: readonly Workload[],
  port: ServicePort,
  takesMeshTls: (workload: Workload, port: number) => boolean,
): readonly ClusterEndpoint[] {
  return workloads.flatMap((workload) => {
    const target = targetPortOf(workload, port);
    if (target === undefined) return [];
    return [{ workload, port: target, meshTls: takesMeshTls(workload, target) }];
  });
}

/** How telemetry names a workload: `name;namespace;canonical service;canonical revision;cluster`. */
function workloadMetadata({ name, namespace, labels }: Workload): string {
  const service = labels["service.istio.io/canonical-name"] ?? labels["app"] ?? name;
  const revision = labels["service.istio.io/canonical-revision"] ?? labels["version"] ?? "";
  const hidden = name === "" ? ["", "", "", ""] : [name, namespace, service, revision];
  return [...hidden, "Kubernetes"].join(";");
}

function endpoint({ workload, port, meshTls }: ClusterEndpoint): LbEndpointJson {
  return {
    endpoint: { address: socketAddress(workload.address, port) },
    metadata: {
      filterMetadata: {
        ...(meshTls ? { "envoy.transport_socket_match": { tlsMode: "istio" } } : {}),
        istio: { workload: workloadMetadata(workload) },
      },
    },
    loadBalancingWeight: workload.weight,
  };
}

/** `region/zone/subzone` as Envoy has it. */
function parseLocality(text: string): LocalityJson {
  const [region = "", zone = "", ...rest] = text.split("/");
  const subZone = rest.join("/");
  return {
    ...(region === "" ? {} : { region }),
    ...(zone === "" ? {} : { zone }),
    ...(subZone === "" ? {} : { subZone }),
  };
}

/** The endpoints of a cluster by locality, each locality with the weight of all its endpoints. */
export function loadAssignment(
  clusterName: string,
  endpoints: readonly ClusterEndpoint[],
): ClusterLoadAssignmentJson {
  const byLocality = new Map<string, ClusterEndpoint[]>();
  for (const one of endpoints) {
    const members = byLocality.get(one.workload.locality) ?? [];
    byLocality.set(one.workload.locality, [...members, one]);
  }
  return {
    clusterName,
    endpoints: [...byLocality]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([locality, members]) => ({
        locality: parseLocality(locality),
        lbEndpoints: members.map(endpoint),
        loadBalancingWeight: members.reduce((sum, { workload }) => sum + workload.weight, 0),
      })),
  };
}
