/** Where requests go that come in at a gateway. See Gateway, Server.hosts. */
import { common, hostOf, mostSpecific } from "./hosts.js";
import { type Bound, firstRule, gatewaysOf, rulesFor } from "./http-rules.js";
import {
  type Caller,
  type Gateway,
  type HttpRequest,
  selects,
  type VirtualService,
  type World,
} from "./objects.js";
import { exportedVirtualServices, hostsOf } from "./sidecar-http.js";
import { type Verdict, verdictOf } from "./verdict.js";

/** `namespace/name`, as VirtualServices refer to it. */
export const gatewayKey = ({ metadata }: Gateway): string =>
  `${metadata.namespace}/${metadata.name}`;

/** A host by which requests come to a VirtualService, through a Gateway. */
interface Binding {
  readonly host: string;
  readonly gateway: string;
  readonly virtualService: VirtualService;
}

/**
 * The hosts by which a VirtualService is reached through a server: "an exact match or a suffix match with the server's
 * hosts". These may name the namespace of the VirtualServices that they are for; `.` is that of the Gateway.
 */
export function boundHosts(
  gateway: Gateway,
  serverHosts: readonly string[],
  virtualService: VirtualService,
): readonly string[] {
  return serverHosts.flatMap((text) => {
    const [pattern = "", where = "*"] = text.split("/").reverse();
    const from = where === "." ? gateway.metadata.namespace : where;
    if (from !== "*" && from !== virtualService.metadata.namespace) return [];
    return hostsOf(virtualService).flatMap((host) => common(pattern, host) ?? []);
  });
}

/** Those that a gateway's proxy serves on the port of a request, with or without TLS as it comes. */
function bindings(
  world: World,
  caller: Caller,
  { port, encrypted }: HttpRequest,
): readonly Binding[] {
  const protocol = encrypted === true ? "HTTPS" : "HTTP";
  const gateways = world.gateways.filter(({ spec }) => selects(spec.selector, caller.labels));
  const visible = exportedVirtualServices(world, caller);
  const way = { caller, port };
  return gateways.flatMap((gateway) =>
    gateway.spec.servers
      .filter((server) => server.port.number === port && server.port.protocol === protocol)
      .flatMap((server) =>
        visible
          .filter((one) => gatewaysOf(one).includes(gatewayKey(gateway)))
          // One that has no rule for who comes that way is as if it were not there.
          .filter(
            (one) => rulesFor(world, one, { ...way, gateways: [gatewayKey(gateway)] }).length > 0,
          )
          .flatMap((virtualService) =>
            boundHosts(gateway, server.hosts, virtualService).map((host) => ({
              host,
              gateway: gatewayKey(gateway),
              virtualService,
            })),
          ),
      ),
  );
}

/** What becomes of a request that comes in at a gateway. */
export function atGateway(world: World, caller: Caller, request: HttpRequest): Verdict {
  const all = bindings(world, caller, request);
  const host = mostSpecific(
    hostOf(request.authority),
    all.map((one) => one.host),
  );
  const found = all.filter((one) => one.host === host);
  // Of what is open between Gateways the order of these decides.
  const bound = found.map(
    ({ virtualService, gateway }): Bound => ({
      virtualService,
      gateways: [gateway],
    }),
  );
  const call = { caller, request };
  return verdictOf(world, firstRule(world, bound, call), call);
}
