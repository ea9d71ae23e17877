import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { Service } from "../../mesh/service.js";
import { ingressListeners } from "../../mesh/sidecar-ingress.js";
import type { InboundPort } from "../cluster/inbound-cluster.js";

/**
 * The ports that a Sidecar names for its workload in place of those of its services; undefined when it names none. A
 * service that has a port of that number says by what name it is called.
 */
export function ingressPorts(
  sidecar: ResourceOf<"Sidecar">,
  services: readonly Service[],
  addresses: readonly string[],
): readonly InboundPort[] | undefined {
  const listeners = ingressListeners(sidecar, addresses);
  if (listeners.length === 0) return undefined;
  return listeners.map(({ port, protocol, pool, endpoint, tls, bind, bound }) => {
    const known = services.filter(({ ports }) => ports.some(({ number }) => number === port));
    return {
      targetPort: port,
      servicePort: port,
      protocol,
      services: known.map(({ hostname: host, name, namespace }) => ({ host, name, namespace })),
      sources: [refOf(sidecar), ...known.map(({ source }) => source)],
      pool,
      endpoint,
      tls,
      bind,
      bound,
    };
  });
}
