/** The names of the route configurations that requests on outbound listeners go by. */
import { listenerProtocol } from "../../mesh/service/protocol.js";
import { hasOwnAddress, type Service, type ServicePort } from "../../mesh/service/service.js";
import { type EgressListener, leadsAnywhere } from "../../mesh/sidecar/sidecar.js";
import { proxyRouteName } from "../names.js";
import { ANY_ADDRESS } from "./address.js";
import { sidecarAddress } from "./entry-address.js";

/** The route configurations for a port of a service. */
export interface RequestTables {
  /** That of the port; of an HTTP proxy or socket its own. */
  readonly shared: string;
  /** That of the service alone, for where the address says that it is meant; undefined where none does. */
  readonly own: string | undefined;
}

/** The route configurations for a port of a service on a listener of captured connections. */
export function requestTables(
  service: Pick<Service, "hostname" | "addresses" | "kubernetes" | "resolution" | "selector">,
  { number, protocol }: ServicePort,
  egress: EgressListener | undefined,
): RequestTables {
  const shared = sharedRoutes(egress) ?? String(number);
  const address = sidecarAddress(egress);
  const isNamed = address === undefined ? hasOwnAddress(service) : address !== ANY_ADDRESS;
  const hasOwn = listenerProtocol(protocol) === "auto" && isNamed;
  return { shared, own: hasOwn ? `${service.hostname}:${String(number)}` : undefined };
}

/** The route configuration that all requests of a Sidecar's listener share; undefined of the one for all ports. */
export function sharedRoutes(egress: EgressListener | undefined): string | undefined {
  if (egress?.port === undefined) return undefined;
  const { number } = egress.port;
  if (number === 0) return egress.bind ?? "";
  return leadsAnywhere(egress.port) ? proxyRouteName(number) : String(number);
}
