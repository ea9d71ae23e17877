/** In which route configurations the virtual hosts of a host are. */

import type { MixedPorts } from "../../mesh/service/mixed-ports.js";
import { listenerProtocol } from "../../mesh/service/protocol.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";
import { leadsAnywhere } from "../../mesh/sidecar/sidecar.js";
import { requestTables, sharedRoutes } from "../listener/request-tables.js";
import { HTTP_PROXY_ROUTE } from "../names.js";
import type { HostContext } from "./host-plan.js";
import { addressesFor, hasHttpProxy, type OutboundScope } from "./outbound-scope.js";

/**
 * The route configurations for a port of a service; none where none is for its requests. One that has its own is in that of
 * its port too, for requests that come to another address. See Istio, BuildSidecarOutboundVirtualHosts.
 */
export function routeNamesOf(
  service: Service,
  port: ServicePort,
  { scope: { captured, egress, dns }, mixedPorts }: HostContext,
): readonly string[] {
  const carried = { ...port, protocol: egress?.port?.protocol ?? port.protocol };
  if (listenerProtocol(carried.protocol) === "tcp") return [];
  const known = { ...service, addresses: addressesFor(service, dns.allocated) };
  const { shared, own } = requestTables(known, carried, egress);
  // What callers reach by a port that has a listener of its own is for that one to say.
  const others = egress?.others.includes(port.number) === true ? [] : [shared];
  // Captured connections to an alias are addressed to what it stands for, which tells by itself what they carry.
  const isOfTarget = service.aliasOf !== undefined && listenerProtocol(port.protocol) !== "http";
  const tables = own === undefined || isOfTarget ? [] : [own];
  // Without captured addresses the service's own address says nothing.
  const isTold = captured && (isOfTarget || own !== undefined);
  if (!isTold) return others;
  return isMixed(port, egress, mixedPorts) ? [...tables, ...others] : tables;
}

/** Whether requests for a port that has its own tables may yet come to the listener of all that have the port. */
const isMixed = (
  { number }: ServicePort,
  egress: OutboundScope["egress"],
  mixedPorts: MixedPorts,
): boolean => egress?.port === undefined && mixedPorts.has(number);

/** The route configurations of HTTP proxies by which callers reach a host. */
export function proxyRoutes(scope: OutboundScope): readonly string[] {
  const { egress } = scope;
  const port = egress?.port;
  const isProxy =
    port !== undefined && leadsAnywhere(port) && listenerProtocol(port.protocol) === "http";
  const own = isProxy ? [sharedRoutes(egress) ?? ""] : [];
  return hasHttpProxy(scope) ? [...own, HTTP_PROXY_ROUTE] : own;
}

/** Whether the listener of a scope is that for the requests of a port. */
export function isListenerOf({ egress }: OutboundScope, port: number): boolean {
  if (egress?.port === undefined) return egress?.others.includes(port) !== true;
  return !leadsAnywhere(egress.port) && egress.port.number === port;
}
