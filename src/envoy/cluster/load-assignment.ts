import {
  type EndpointGroup,
  localityBalancing,
  type PlacedCaller,
  preferredGroups,
} from "../../mesh/locality-balancing.js";
import type { Service, ServicePort } from "../../mesh/service.js";
import { targetPortOf } from "../../mesh/service-endpoints.js";
import type { EffectivePolicy } from "../../mesh/traffic-policy.js";
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

type EndpointGroups = readonly EndpointGroup<ClusterEndpoint>[];

/** Puts the endpoints of a cluster in the order in which some callers prefer them. */
export type Preference = (groups: EndpointGroups) => EndpointGroups;

/** How the callers of a place prefer a service's endpoints under a policy; undefined for those of no place in particular. */
export function preferenceOf(
  policy: EffectivePolicy,
  service: Pick<Service, "distribution">,
  caller: PlacedCaller | undefined,
): Preference | undefined {
  const balancing = caller && localityBalancing(policy, service, caller.placing.setting);
  if (caller === undefined || balancing === undefined) return undefined;
  return (groups) => preferredGroups(groups, caller.place, balancing);
}

/**
 * The endpoints of a cluster by locality, each locality with the weight of all its endpoints, as `preference` orders them;
 * without one all are equal.
 */
export function loadAssignment(
  clusterName: string,
  endpoints: readonly ClusterEndpoint[],
  preference: Preference = (groups) => groups,
): ClusterLoadAssignmentJson {
  const byLocality = new Map<string, ClusterEndpoint[]>();
  for (const one of endpoints) {
    const members = byLocality.get(one.workload.locality) ?? [];
    byLocality.set(one.workload.locality, [...members, one]);
  }
  const groups = [...byLocality]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([locality, members]) => ({
      locality,
      priority: 0,
      weight: members.reduce((sum, { workload }) => sum + workload.weight, 0),
      members,
    }));
  return {
    clusterName,
    endpoints: preference(groups).map(({ locality, priority, weight, members }) => ({
      locality: parseLocality(locality),
      lbEndpoints: members.map(endpoint),
      loadBalancingWeight: weight,
      ...(priority === 0 ? {} : { priority }),
    })),
  };
}
