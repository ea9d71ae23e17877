/** How an Envoy finds the endpoints of a service's clusters: it is told of them, looks them up, or is told by who calls. */
import { isWildcard } from "../../mesh/hostname.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import type { EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import { lookedUpPorts, type Service, type ServicePort } from "../../mesh/service/service.js";
import { any } from "../any.js";
import type { ClusterJson, ClusterLoadAssignmentJson } from "../api.js";
import { adsSource } from "../config-source.js";
import { forwardProxy, ONLY, wildcardLookUp } from "./forward-proxy.js";
import type { OutboundClusterInput } from "./outbound-cluster-input.js";
import { type UpstreamPort, verifiesHost } from "./upstream-protocol.js";

/** See the top of this file. Those of `FORWARD_PROXY` are looked up when a request is there. */
export type DiscoveryType = "EDS" | "STRICT_DNS" | "LOGICAL_DNS" | "FORWARD_PROXY" | "ORIGINAL_DST";

const DNS_CLUSTER = "envoy.extensions.clusters.dns.v3.DnsCluster";

/** How the endpoints of a service are discovered by a client. See Istio, convertResolution. */
export function discoveryOf(
  { service, client }: OutboundClusterInput,
  { number }: ServicePort,
  policy: EffectivePolicy,
): DiscoveryType {
  const { resolution } = service;
  const passthrough = policy.loadBalancer?.simple === "PASSTHROUGH";
  if (client.captured && (resolution === "none" ? !client.router : passthrough)) {
    return "ORIGINAL_DST";
  }
  switch (resolution) {
    case "static":
      return "EDS";
    case "dns":
      return "STRICT_DNS";
    case "dns-round-robin":
      return "LOGICAL_DNS";
    case "dynamic-dns":
      return "FORWARD_PROXY";
    case "none":
      // Without a captured address the only ways to such a host are its own addresses and its name.
      if (lookedUpPorts(service, !client.captured && !client.router).has(number)) {
        return "FORWARD_PROXY";
      }
      return service.kubernetes || isWildcard(service.hostname) ? "EDS" : "STRICT_DNS";
  }
}

/** Whether some callers of a service may bring the address that they call. */
export function takesAddresses(service: Service, rule: DestinationRule | undefined): boolean {
  if (service.resolution === "none") return true;
  const policies = [rule?.spec.trafficPolicy, ...(rule?.spec.subsets ?? []).map(policyOf)];
  return policies.some(
    (policy) =>
      policy?.loadBalancer?.simple === "PASSTHROUGH" ||
      policy?.portLevelSettings?.some((one) => one.loadBalancer?.simple === "PASSTHROUGH") === true,
  );
}

const policyOf = <P>({ trafficPolicy }: { readonly trafficPolicy?: P }): P | undefined =>
  trafficPolicy;

/** A ServiceEntry may have callers' addresses called on another port. See Istio, ServicePort.targetPort. */
function portOverride(
  { kubernetes, resolution }: Service,
  { number, targetPort }: ServicePort,
): Pick<ClusterJson, "originalDstLbConfig"> {
  const isOther = !kubernetes && resolution === "none" && typeof targetPort === "number";
  return isOther && targetPort !== number
    ? { originalDstLbConfig: { upstreamPortOverride: targetPort } }
    : {};
}

const hasOneEndpoint = ({ endpoints = [] }: ClusterLoadAssignmentJson): boolean =>
  endpoints.length === 1 && endpoints[0]?.lbEndpoints?.length === 1;

/** The port of a service whose endpoints are discovered, and how they are called. */
interface DiscoveredPort {
  readonly name: string;
  readonly port: ServicePort;
  readonly upstream: UpstreamPort;
}

/** The fields of a cluster that say so; `endpoints` are asked for where they stand in the cluster itself. */
export function discoveryFields(
  input: OutboundClusterInput,
  kind: DiscoveryType,
  endpoints: () => ClusterLoadAssignmentJson,
  { name, port, upstream }: DiscoveredPort,
): ClusterJson {
  switch (kind) {
    case "EDS":
      return { type: "EDS", edsClusterConfig: { edsConfig: adsSource(), serviceName: name } };
    case "ORIGINAL_DST":
      return {
        type: "ORIGINAL_DST",
        lbPolicy: "CLUSTER_PROVIDED",
        ...portOverride(input.service, port),
      };
    case "FORWARD_PROXY": {
      const { hostname } = input.service;
      const lookUp = wildcardLookUp({ hostname, port: port.number }, input.client);
      return forwardProxy(lookUp, { isVerified: verifiesHost(upstream) });
    }
    case "STRICT_DNS":
    case "LOGICAL_DNS": {
      const assignment = endpoints();
      return {
        loadAssignment: assignment,
        clusterType: {
          name: "envoy.clusters.dns",
          typedConfig: any(DNS_CLUSTER, {
            dnsRefreshRate: input.client.dnsRefreshRate,
            dnsJitter: "0.100s",
            respectDnsTtl: true,
            dnsLookupFamily: ONLY[input.client.looksUp],
            // Envoy takes that of one endpoint alone: not of a network's gateways, nor of workloads that are none or several.
            allAddressesInSingleEndpoint: kind === "LOGICAL_DNS" && hasOneEndpoint(assignment),
          }),
        },
      };
    }
  }
}
