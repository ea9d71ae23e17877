/** The endpoints that are part of a cluster itself, because Envoy resolves their names. */
import { selects } from "../../mesh/labels.js";
import type { EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";
import type { Workload } from "../../mesh/workload/workload.js";
import type { ClusterLoadAssignmentJson } from "../api.js";
import { reachedBy } from "./across-networks.js";
import { clusterEndpoints, loadAssignment, meshTlsBut, preferenceOf } from "./load-assignment.js";
import type { OutboundClusterInput } from "./outbound-cluster-input.js";

/** A cluster that has its endpoints itself. */
interface InlineCluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: EffectivePolicy;
}

/** Those of a port of a service, or of a subset of it. */
export function inlineEndpoints(
  input: OutboundClusterInput,
  port: ServicePort,
  { name, labels, policy }: InlineCluster,
): ClusterLoadAssignmentJson {
  const { service, caller } = input;
  const known = input.workloads.filter((workload) => selects(labels, workload.labels));
  const byName = service.resolution === "none" && known.length === 0;
  const workloads = byName ? hostItself(service) : known;
  return loadAssignment(
    name,
    reachedBy(caller, clusterEndpoints(workloads, port, meshTlsBut(input.plaintextWorkloads)), {
      service,
      policy,
    }),
    { preference: preferenceOf(policy, service, caller) },
  );
}

/** Where a host is: at its addresses, as far as each is written alone, else where its name leads. */
function hostItself(service: Service): readonly Workload[] {
  const alone = service.addresses.filter((address) => !address.includes("/"));
  return (alone.length > 0 ? alone : [service.hostname]).map((address) => ({
    name: "",
    namespace: service.namespace,
    address,
    labels: {},
    serviceAccount: "",
    locality: "",
    network: "",
    weight: 1,
    ports: {},
    namedPorts: {},
    ready: true,
    meshTls: false,
    source: service.source,
  }));
}
