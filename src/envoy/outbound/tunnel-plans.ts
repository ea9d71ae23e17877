/** What becomes of an application's tunnels, which it asks an HTTP proxy for by CONNECT. */
import { defined } from "../../base/defined.js";
import { sendsAttemptCount } from "../../mesh/proxy/http-settings.js";
import { routePolicy } from "../../mesh/routing/route-rules.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import { listenerProtocol } from "../../mesh/service/protocol.js";
import { isUndeclared, type Service, type ServicePort } from "../../mesh/service/service.js";
import type { HostView } from "../../mesh/view/host-view.js";
import type { RouteJson } from "../api.js";
import { routedChains, wholePort } from "../listener/entry-chains.js";
import { blocksAsked, type ChainContext, type TcpChain } from "../listener/l4-chains.js";
import { partsOrFault } from "../resource/built.js";
import { bytesRoute, chainTo, tunnelRoute } from "../route/tunnel-route.js";
import { clientOf, type HostContext, type HostPlan, namesOf, sourcesOf } from "./host-plan.js";
import { addressesFor, isByName } from "./outbound-scope.js";

/** What the chains depend on whose connections come through tunnels. */
function tunnelContext(context: HostContext): ChainContext {
  const client = clientOf(context);
  return {
    gateways: [MESH_GATEWAY],
    resolver: context.mesh.resolver,
    namespace: context.scope.namespace,
    ...defined({ egress: context.scope.egress }),
    byName: isByName(context.scope),
    source: context.scope,
    policyOf: (key) => routePolicy(context.routeRules, client, key),
  };
}

/** The ways of a host's connections for a port, with the blocks of addresses that its listener would ask for. */
const chainsOfTunnels = (
  { connections }: HostView,
  port: ServicePort,
  context: ChainContext,
): readonly TcpChain[] =>
  routedChains(connections, port, context).map((chain) => ({
    ...chain,
    prefixes: blocksAsked(chain.prefixes),
  }));

/**
 * What becomes of bytes for a port: those of a tunnel (CONNECT), and where the port carries nothing else, of requests. They go
 * to its service, or to where VirtualServices send the connections of the port.
 */
export function routesOfBytes(
  view: HostView,
  service: Service,
  port: ServicePort,
  context: HostContext,
): readonly RouteJson[] {
  const chains = tunnelContext(context);
  const called = {
    names: namesOf(view, context),
    addresses: addressesFor(service, context.scope.dns.allocated),
  };
  const routed = chainTo(called, chainsOfTunnels(view, port, chains));
  const whole = { ...wholePort(service, port, chains), mixed: isUndeclared(service, port) };
  const target = routed?.target ?? whole;
  const tunnel = tunnelRoute(target, routed?.part);
  const isBytesAlone = listenerProtocol(port.protocol) === "tcp";
  return isBytesAlone ? [tunnel, bytesRoute(target, routed?.part)] : [tunnel];
}

/**
 * The virtual hosts of a port for tunnels to other hosts, which a VirtualService that is for the host too tells apart by their
 * server names: as on the listener of the port, where its routes take the connections of all of them.
 */
export function tunnelsToOthers(
  view: HostView,
  port: ServicePort,
  context: HostContext,
  routeName: string,
): readonly HostPlan[] {
  const own = new Set(namesOf(view, context));
  const { parts: chains, ...made } = partsOrFault(() => [
    ...chainsOfTunnels(view, port, tunnelContext(context)),
  ]);
  const sources = sourcesOf(view, view.connections);
  if (made.fault !== undefined) {
    const name = `${view.hostname}:${String(port.number)} for others`;
    return [{ ...made, routeName, json: { name }, sources, ofOthers: true }];
  }
  return chains.flatMap(({ serverNames, prefixes, target, part }) => {
    const others = prefixes.length === 0 ? serverNames.filter((name) => !own.has(name)) : [];
    const [first] = others;
    if (first === undefined) return [];
    return [
      {
        routeName,
        json: {
          name: `${view.hostname}:${String(port.number)} for ${first}`,
          domains: others.map((name) => `${name}:${String(port.number)}`),
          routes: [tunnelRoute(target, part)],
          includeRequestAttemptCount: sendsAttemptCount(context.scope.settings.headers),
        },
        sources,
        ofOthers: true,
      },
    ];
  });
}
