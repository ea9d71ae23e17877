/**
 * What an Envoy is told to check of the application beside it: the probe of its WorkloadGroup in the words of Envoy's health
 * discovery service.
 */

import { formatHostPort } from "../base/text/host-port.js";
import type { Proxy } from "../mesh/proxy/proxy.js";
import type { HealthProbe, ProbeTarget } from "../mesh/workload/health-probe.js";
import { socketAddress } from "./address.js";
import { any } from "./any.js";
import type { ClusterHealthCheckJson, HealthCheckJson, HealthCheckSpecifierJson } from "./api.js";
import { inboundSource } from "./cluster/static-cluster.js";

/** What the checks of a probe are called, and so the endpoints in the reports of them. */
export const PROBE_CLUSTER = "workload-probe";

/** What an agent calls the application that it asks by a command. */
export const COMMAND_CLUSTER = "workload-command";

/** How an agent says what came of that, as an Envoy says what came of its checks. */
export function commandReport(healthStatus: "HEALTHY" | "UNHEALTHY" | "TIMEOUT"): object {
  const locality = { endpointsHealth: [{ healthStatus }] };
  const cluster = { clusterName: COMMAND_CLUSTER, localityEndpointsHealth: [locality] };
  return { endpointHealthResponse: { clusterEndpointsHealth: [cluster] } };
}

/** Reports are not sent less often than this, in seconds. */
const MAX_REPORT_SECONDS = 5;

/** Nothing to check, for an Envoy that was told of something before. */
export const NO_CHECKS: HealthCheckSpecifierJson = { interval: "3600s" };

/** The checks of a probe by the Envoy of a proxy. */
export function probeChecks(probe: HealthProbe, proxy: Proxy): HealthCheckSpecifierJson {
  const address = addressOf(probe.target, proxy);
  const { port } = probe.target;
  const check: ClusterHealthCheckJson = {
    clusterName: PROBE_CLUSTER,
    healthChecks: [healthCheck(probe, formatHostPort({ host: address, port }))],
    localityEndpoints: [{ endpoints: [{ address: socketAddress(address, port) }] }],
    ...(isEncrypted(probe.target) ? { transportSocketMatches: [UNVERIFIED_TLS] } : {}),
    ...sourceOf(address, proxy),
  };
  const seconds = Math.min(probe.periodSeconds, MAX_REPORT_SECONDS);
  return { clusterHealthChecks: [check], interval: `${seconds}s` };
}

const isEncrypted = (target: ProbeTarget): boolean => target.kind === "http" && target.encrypted;

/** Where nothing is captured, the address of the proxy is that of its Envoy, and its application listens elsewhere. */
function addressOf(target: ProbeTarget, { mode, address, appAddress }: Proxy): string {
  const given = "address" in target ? target.address : undefined;
  return given ?? (mode === "NONE" ? appAddress : address);
}

/** By this address the kernel knows connections to the application that are not to be captured again. */
function sourceOf(
  address: string,
  { mode }: Proxy,
): Pick<ClusterHealthCheckJson, "upstreamBindConfig"> {
  if (mode === "NONE") return {};
  return { upstreamBindConfig: inboundSource(address.includes(":") ? "ipv6" : "ipv4") };
}

/** Istio's agent verifies no certificate either: the application's need not be the mesh's. */
const UNVERIFIED_TLS: NonNullable<ClusterHealthCheckJson["transportSocketMatches"]>[number] = {
  name: "tls",
  match: {},
  transportSocket: {
    name: "envoy.transport_sockets.tls",
    typedConfig: any("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      commonTlsContext: {},
    }),
  },
};

function healthCheck(probe: HealthProbe, authority: string): HealthCheckJson {
  const period = `${probe.periodSeconds}s`;
  return {
    timeout: `${probe.timeoutSeconds}s`,
    interval: period,
    // No traffic ever goes this way.
    noTrafficInterval: period,
    healthyThreshold: probe.successThreshold,
    unhealthyThreshold: probe.failureThreshold,
    reuseConnection: false,
    ...checkerOf(probe.target, authority),
  };
}

function checkerOf(target: ProbeTarget, authority: string): Partial<HealthCheckJson> {
  switch (target.kind) {
    case "http":
      return {
        httpHealthCheck: {
          host: target.authority ?? authority,
          path: target.path,
          requestHeadersToAdd: target.headers.map(({ name, value }) => ({
            header: { key: name, value: value.replaceAll("%", "%%") },
            appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
          })),
          expectedStatuses: [{ start: "200", end: "400" }],
          // Any other answer would count at once else, whatever the threshold.
          retriableStatuses: [
            { start: "100", end: "200" },
            { start: "400", end: "600" },
          ],
        },
      };
    case "tcp":
      return { tcpHealthCheck: {} };
    case "grpc":
      return { grpcHealthCheck: { serviceName: target.service, authority } };
  }
}
