import ipaddr from "ipaddr.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { Service } from "../../mesh/service/service.js";
import { type CalledWorkload, ingressListeners } from "../../mesh/sidecar/sidecar-ingress.js";
import type { InboundPort } from "../cluster/inbound-cluster.js";
import type { StatSubject } from "../cluster/stat-name.js";
import type { PoolFinder } from "./connection-pool.js";

/** What the ports of a Sidecar depend on beside it. */
export interface IngressInputs extends CalledWorkload {
  /** Those that the workload serves. */
  readonly services: readonly Service[];
  readonly poolOf: PoolFinder;
}

/** The ranges of addresses at which others reach no workload. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  "unspecified",
  "loopback",
  "linkLocal",
  "multicast",
  "broadcast",
]);

/** The first address at which others reach a workload. See Istio, getSidecarInboundBindIPs. */
const reachedAt = (addresses: readonly string[]): string | undefined =>
  addresses.find((one) => ipaddr.isValid(one) && !UNREACHABLE.has(ipaddr.parse(one).range()));

/** As what statistics know a port that no service has. See Istio, findOrCreateServiceInstance. */
function standIn({ metadata: { name, namespace } }: ResourceOf<"Sidecar">): StatSubject["service"] {
  return { hostname: `${name}.${namespace}`, name, namespace, kubernetes: false };
}

/**
 * The ports that a Sidecar names for its workload in place of those of its services; undefined when it names none. A
 * service that has a port of that number says by what name it is called.
 */
export function ingressPorts(
  sidecar: ResourceOf<"Sidecar">,
  { services, addresses, application, poolOf }: IngressInputs,
): readonly InboundPort[] | undefined {
  const listeners = ingressListeners(sidecar, { addresses, application });
  if (listeners.length === 0) return undefined;
  const own = reachedAt(addresses);
  return listeners.map(({ port, name, protocol, pool, endpoint, tls, bind, bound }, index) => {
    const known = services.filter(({ ports }) => ports.some(({ number }) => number === port));
    const [first] = known;
    const limits = first === undefined ? undefined : poolOf(first, port);
    return {
      targetPort: port,
      servicePort: port,
      protocol,
      subject: {
        service: first ?? standIn(sidecar),
        port: { number: port, name },
        targetPort: port,
      },
      services: known.map(({ hostname: host, name, namespace }) => ({ host, name, namespace })),
      sources: [
        refOf(sidecar),
        ...known.map(({ source }) => source),
        ...(pool === undefined ? (limits?.sources ?? []) : []),
      ],
      parts: [{ ref: refOf(sidecar), path: ["spec", "ingress", index] }],
      pool: pool ?? limits?.pool,
      endpoint,
      tls,
      bind: bind ?? own,
      bound,
    };
  });
}
