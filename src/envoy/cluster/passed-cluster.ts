import type { ClusterJson } from "../api.js";
import { adsSource } from "../config-source.js";
import { type ClusterKey, sniOf } from "../names.js";
import { circuitBreakers } from "./circuit-breakers.js";

/**
 * Where a gateway passes mutual TLS of the mesh on as it is: the endpoints of the service that take it, without TLS of its
 * own, named as callers name the service. See Istio, AUTO_PASSTHROUGH.
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
