/** A host as callers see it on one port. */

import { isOfGatewayApi } from "../made-of.js";
import type { VirtualServices } from "../mesh.js";
import { forTarget } from "../service/alias.js";
import { isOwnPort } from "../service/service.js";
import type { HostView } from "./host-view.js";

/** The port on which requests for any host may come. */
const PORT_OF_ANY_HOST = 80;

/**
 * Those that say where requests for a host on a port of its service go. One that names what is but another name of a host
 * counts on the ports that this says itself that it has: elsewhere it is a name as any, that no service has. See Istio,
 * BuildSidecarVirtualHostWrapper.
 */
export function virtualServicesAt(
  { hostname, service, virtualServices }: HostView,
  port: number,
): VirtualServices {
  return service === undefined || isOwnPort(service, port)
    ? virtualServices
    : forTarget(hostname, service, virtualServices);
}

/**
 * A host as callers see it on a port that no service of it has, or has under another name alone; undefined where no
 * VirtualService that names it says anything: one does on port 80, and on the ports on which requests for others of its
 * hosts come. Routes of the Gateway API are for the ports of a service alone. See Istio, BuildSidecarVirtualHostWrapper.
 */
export function viewWithoutService(view: HostView, port: number): HostView | undefined {
  const { hostname, service, servedPorts = [] } = view;
  const isServed = service !== undefined && isOwnPort(service, port);
  if (isServed || servedPorts.includes(port)) return undefined;
  const virtualServices = view.virtualServices.filter(
    ({ hosts, requestPorts, resource }) =>
      !isOfGatewayApi(resource) &&
      hosts.includes(hostname) &&
      (port === PORT_OF_ANY_HOST || requestPorts.includes(port)),
  );
  return virtualServices.length === 0
    ? undefined
    : { hostname, service: undefined, rule: undefined, virtualServices, connections: [] };
}

/** The ports on which requests for a host may come that no service of it has, among others. */
export function portsWithoutService({ virtualServices }: HostView): readonly number[] {
  if (virtualServices.length === 0) return [];
  const others = virtualServices.flatMap(({ requestPorts }) => requestPorts);
  return [...new Set([PORT_OF_ANY_HOST, ...others])];
}
