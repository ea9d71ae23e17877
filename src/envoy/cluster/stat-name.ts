/** The names of clusters in statistics, where the mesh says them by a pattern. */
import { memberOf } from "../../base/member-of.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";

/** A port of a service, or of a subset of it, as statistics know it. */
export interface StatSubject {
  readonly service: Pick<Service, "hostname" | "name" | "namespace" | "kubernetes">;
  readonly port: Pick<ServicePort, "number" | "name">;
  /** The port on which the application listens; absent for callers, who know none. */
  readonly targetPort?: number;
  readonly subset?: string;
}

/** What the words of a pattern stand for; other words stand for themselves. */
const WORDS: Readonly<Record<string, (subject: StatSubject) => string | number>> = {
  SERVICE: ({ service: { hostname, kubernetes, name, namespace } }) =>
    kubernetes ? `${name}.${namespace}` : hostname,
  SERVICE_NAME: ({ service: { hostname, kubernetes, name } }) => (kubernetes ? name : hostname),
  SERVICE_FQDN: ({ service: { hostname } }) => hostname,
  SERVICE_PORT: ({ port }) => port.number,
  SERVICE_PORT_NAME: ({ port }) => port.name,
  TARGET_PORT: ({ targetPort = 0 }) => targetPort,
  SUBSET_NAME: ({ subset = "" }) => subset,
};

/**
 * The name of a cluster in statistics: by the pattern (`%SERVICE%_%SERVICE_PORT%`), or its own where that is empty. It ends
 * with a semicolon, by which the bootstrap's tags find its end. See Istio, MeshConfig.outboundClusterStatName.
 */
export function statName(pattern: string, cluster: string, subject: StatSubject): string {
  const name = pattern.replace(/%([A-Z_]+)%/g, (word, key: string) =>
    String(memberOf(WORDS, key)?.(subject) ?? word),
  );
  return `${name === "" ? cluster : name};`;
}
