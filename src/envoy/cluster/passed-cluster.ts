import type { ClusterJson } from "../api.js";
import { adsSource } from "../config-source.js";
import { type ClusterKey, sniOf } from "../names.js";
import { circuitBreakers } from "./circuit-breakers.js";

/**
 * The cluster by which a gateway passes mutual TLS of the mesh on as it is: without TLS of its own, to those endpoints of the
 * service that take mutual TLS, and named by the SNI that callers use. See Istio, AUTO_PASSTHROUGH.
 */
export function passedCluster(key: ClusterKey, connectTimeout: string): ClusterJson {
  const name = sniOf(key);
  return {
    name,
    altStatName: `${name};`,
    type: "EDS",
    edsClusterConfig: { edsConfig: adsSource(), serviceName: name },
    connectTimeout,
    lbPolicy: "LEAST_REQUEST",
    circuitBreakers: circuitBreakers({}),
  };
}
