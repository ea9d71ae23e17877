import { defined } from "../../base/defined.js";
import { byKey } from "../../base/text/compare-text.js";
import { ENDPOINT_METADATA } from "../../config/kinds/telemetry/peer-attributes.js";
import {
  type EndpointGroup,
  type LocalityCaller,
  localityBalancing,
  preferredGroups,
} from "../../mesh/routing/locality-balancing.js";
import type { EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import { isPlaintext, type PlaintextWorkloads } from "../../mesh/security/plaintext.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";
import { targetPortOf } from "../../mesh/workload/service-endpoints.js";
import { CLUSTER, type Workload } from "../../mesh/workload/workload.js";
import { socketAddress } from "../address.js";
import type { ClusterLoadAssignmentJson, LbEndpointJson, LocalityJson } from "../api.js";
import { podMetadata } from "../filter/called-pod.js";
import {
  canonicalRevision,
  canonicalService,
  type NamedWorkload,
  workloadLabels,
} from "../telemetry/workload-labels.js";

/** One endpoint of a cluster, as far as Envoy has to know of it. */
export interface ClusterEndpoint {
  readonly workload: Workload;
  readonly port: number;
  /** Whether it takes mutual TLS on this port. */
  readonly meshTls: boolean;
  /** It is not called: others are for it, as far as there are too few of its locality. */
  readonly isUnready?: true;
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

/** The same of workloads that are not ready. */
export const unreadyEndpoints = (
  ...[workloads, port, takesMeshTls]: Parameters<typeof clusterEndpoints>
): readonly ClusterEndpoint[] =>
  clusterEndpoints(workloads, port, takesMeshTls).map((one) => ({ ...one, isUnready: true }));

/** Whether workloads take mutual TLS on a port: those that have a sidecar, but for those that are called in plaintext. */
export const meshTlsBut =
  (plaintext: PlaintextWorkloads | undefined) =>
  (workload: Workload, port: number): boolean =>
    workload.meshTls && !isPlaintext(plaintext, workload, port);

const named = ({ name, workloadName = name, namespace, labels }: Workload): NamedWorkload => ({
  workloadName,
  namespace,
  labels,
  clusterId: CLUSTER,
});

/** How telemetry names a workload: `name;namespace;canonical service;canonical revision;cluster`. */
function workloadMetadata(workload: Workload): string {
  const { workloadName, namespace, labels } = named(workload);
  const revision = canonicalRevision({ labels }) ?? "";
  const hidden =
    workload.name === ""
      ? ["", "", "", ""]
      : [workloadName, namespace, canonicalService({ workloadName, labels }), revision];
  return [...hidden, CLUSTER].join(";");
}

/** For what, beside being called, endpoints say who they are. */
interface Telling {
  /** Calls are counted, by the workloads that they go to. */
  readonly isCounted?: boolean;
  /** Requests may name pods. */
  readonly isNamed?: boolean;
}

function endpoint(
  { workload, port, meshTls, isUnready }: ClusterEndpoint,
  { isCounted = false, isNamed = false }: Telling,
): LbEndpointJson {
  const isDescribed = isCounted && workload.name !== "";
  return {
    endpoint: { address: socketAddress(workload.address, port) },
    metadata: {
      filterMetadata: {
        ...(meshTls ? { "envoy.transport_socket_match": { tlsMode: "istio" } } : {}),
        istio: { workload: workloadMetadata(workload) },
        // In parts too: the formats of a stock Envoy have no words for a part of a text.
        ...(isDescribed ? { [ENDPOINT_METADATA]: { ...workloadLabels(named(workload)) } } : {}),
        ...(isNamed ? podMetadata(workload.name) : {}),
      },
    },
    ...(isUnready === true ? { healthStatus: "UNHEALTHY" as const } : {}),
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

/** How the callers of a locality prefer a service's endpoints under a policy; undefined for those of no locality in particular. */
export function preferenceOf(
  policy: EffectivePolicy,
  service: Pick<Service, "distribution">,
  caller: LocalityCaller | undefined,
): Preference | undefined {
  if (caller === undefined) return undefined;
  const { setting, outlierDetection } = caller.policy;
  const balancing = localityBalancing(
    { ...defined({ outlierDetection }), ...policy },
    service,
    setting,
  );
  if (balancing === undefined) return undefined;
  return (groups) => preferredGroups(groups, caller.at, balancing);
}

/** Envoy adds the weights of endpoints, and those of localities, up in 32 bits. */
const MAX_TOTAL_WEIGHT = 2 ** 32 - 1;

/** The endpoints with weights in the same proportions, as far as whole numbers can be, that are not too large together. */
function withBoundedWeights(endpoints: readonly ClusterEndpoint[]): readonly ClusterEndpoint[] {
  const total = endpoints.reduce((sum, { workload }) => sum + workload.weight, 0);
  if (total <= MAX_TOTAL_WEIGHT) return endpoints;
  // To round up adds less than one for each.
  const share = (MAX_TOTAL_WEIGHT - endpoints.length) / total;
  return endpoints.map((one) => ({
    ...one,
    workload: { ...one.workload, weight: Math.ceil(one.workload.weight * share) },
  }));
}

/**
 * The endpoints of a cluster by locality, each locality with the weight of all its endpoints, as `preference` orders them;
 * without one all are equal.
 */
export function loadAssignment(
  clusterName: string,
  endpoints: readonly ClusterEndpoint[],
  {
    preference = (groups) => groups,
    ...telling
  }: Telling & { readonly preference?: Preference | undefined } = {},
): ClusterLoadAssignmentJson {
  const byLocality = new Map<string, ClusterEndpoint[]>();
  for (const one of withBoundedWeights(endpoints)) {
    const members = byLocality.get(one.workload.locality) ?? [];
    byLocality.set(one.workload.locality, [...members, one]);
  }
  const groups = [...byLocality].sort(byKey).map(([locality, members]) => ({
    locality,
    priority: 0,
    weight: members.reduce((sum, { workload }) => sum + workload.weight, 0),
    members,
  }));
  return {
    clusterName,
    endpoints: preference(groups).map(({ locality, priority, weight, members }) => ({
      locality: parseLocality(locality),
      lbEndpoints: members.map((one) => endpoint(one, telling)),
      loadBalancingWeight: weight,
      ...(priority === 0 ? {} : { priority }),
    })),
  };
}
