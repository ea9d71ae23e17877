/** Where connections go that come in at a gateway, on ports of which several servers of Gateways may be. */
import { type Conditions, chosenRule } from "./chosen-rule.js";
import { subsetsOf } from "./destination-rules.js";
import { boundHosts, gatewayKey } from "./gateway-http.js";
import { covers } from "./hosts.js";
import { gatewaysOf } from "./http-rules.js";
import { isForWay, type L4Way, namesOf, sharesOf } from "./l4-routes.js";
import {
  byAge,
  type Caller,
  type Connection,
  type Gateway,
  type Server,
  selects,
  type VirtualService,
  type World,
} from "./objects.js";
import type { ConnectionVerdict } from "./sidecar-connections.js";
import { exportedVirtualServices } from "./sidecar-http.js";
import { exportedHosts } from "./visibility.js";

/** A server, and its Gateway. */
interface Served {
  readonly gateway: Gateway;
  readonly server: Server;
}

/** One way through a port. */
interface Chain extends Conditions {
  /** Who ends TLS there: nobody, the gateway by its own certificate, or by that of the mesh. */
  readonly ends: "nobody" | "own" | "mesh";
  /** It is for mutual TLS of the mesh alone, which goes on as it is. */
  readonly ofMesh?: boolean;
  readonly verdict: ConnectionVerdict;
}

const isHttp = ({ port }: Server): boolean => port.protocol === "HTTP";

const passesOn = ({ tls }: Server): boolean =>
  tls?.mode === "PASSTHROUGH" || tls?.mode === "AUTO_PASSTHROUGH";

/** A host of a server, and for which VirtualServices it is: `.` are those of the Gateway's namespace, `*` are all. */
function hostOfServer(text: string, gateway: Gateway): readonly [namespace: string, host: string] {
  const [host = "", where = "*"] = text.split("/").reverse();
  return [where === "." ? gateway.metadata.namespace : where, host];
}

const namesServed = ({ gateway, server }: Served): readonly string[] =>
  namesOf(server.hosts.map((one) => hostOfServer(one, gateway)[1]));

/**
 * Whether a server can be beside those that came to its port before it. The documentation: "If multiple servers listen on one
 * port they have to be told apart". Istio's code: all in plaintext HTTP, or all with TLS; but one without TLS that comes second to
 * a port of TLS is left there.
 */
function canShare(before: readonly Served[], { server }: Served): boolean {
  const [first] = before;
  if (first === undefined) return true;
  if (first.server.tls !== undefined) return server.tls !== undefined || before.length === 1;
  return isHttp(first.server) && isHttp(server);
}

/** The servers that count on a port: of those with TLS each host once, for the first that names it. */
function serversOn(world: World, caller: Caller, port: number): readonly Served[] {
  const all = world.gateways
    .filter(({ spec }) => selects(spec.selector, caller.labels))
    .sort(byAge)
    .flatMap((gateway) => gateway.spec.servers.map((server): Served => ({ gateway, server })))
    .filter(({ server }) => server.port.number === port);
  const taken = new Set<string>();
  return all.reduce<readonly Served[]>((before, one) => {
    const { gateway, server } = one;
    const hosts =
      server.tls === undefined
        ? []
        : server.hosts.map((text) => hostOfServer(text, gateway).join("/"));
    if (hosts.some((host) => taken.has(host))) return before;
    for (const host of hosts) taken.add(host);
    return canShare(before, one) ? [...before, one] : before;
  }, []);
}

/** Those that are bound to a server, in order. */
function boundTo(
  world: World,
  caller: Caller,
  { gateway, server }: Served,
): readonly VirtualService[] {
  return exportedVirtualServices(world, caller)
    .filter((one) => gatewaysOf(one).includes(gatewayKey(gateway)))
    .filter((one) => boundHosts(gateway, server.hosts, one).length > 0);
}

const wayOf = ({ gateway, server }: Served, caller: Caller): L4Way => ({
  caller,
  asksForSource: false,
  gateways: [gatewayKey(gateway)],
  port: server.port.number,
});

/** TLS that goes on as it is: a way for each match of TLS routes that names no server that another one has. */
function passingChains(world: World, caller: Caller, served: Served): readonly Chain[] {
  const way = wayOf(served, caller);
  return boundTo(world, caller, served).flatMap(({ metadata: { namespace }, spec }) =>
    (spec.tls ?? []).flatMap(({ match, route }) =>
      match
        .filter((one) => isForWay(one, namespace, way))
        .map(
          (one): Chain => ({
            names: one.sniHosts,
            subnets: [],
            forRequests: false,
            ends: "nobody",
            verdict: { is: "forwarded", goes: sharesOf(world, route, namespace, way) },
          }),
        ),
    ),
  );
}

/** Bytes, perhaps out of TLS that ends here: the first TCP route that is for the server. */
function bytesChains(world: World, caller: Caller, served: Served): readonly Chain[] {
  const way = wayOf(served, caller);
  const { tls } = served.server;
  const [goes] = boundTo(world, caller, served).flatMap(({ metadata: { namespace }, spec }) =>
    (spec.tcp ?? [])
      .filter(
        ({ match = [] }) =>
          match.length === 0 || match.some((one) => isForWay(one, namespace, way)),
      )
      .map(({ route }) => sharesOf(world, route, namespace, way)),
  );
  if (goes === undefined) return [];
  return [
    {
      names: tls === undefined ? [] : namesServed(served),
      subnets: [],
      forRequests: false,
      ends: endsOf(served.server),
      verdict: { is: "forwarded", goes },
    },
  ];
}

const endsOf = ({ tls }: Server): Chain["ends"] => {
  if (tls === undefined) return "nobody";
  return tls.mode === "ISTIO_MUTUAL" ? "mesh" : "own";
};

/** Mutual TLS of sidecars, which names the cluster that it is for: "outbound_.port_.subset_.host". */
function automaticChains(world: World, caller: Caller, served: Served): readonly Chain[] {
  const hosts = namesServed(served);
  const isMeant = (host: string): boolean =>
    hosts.length === 0 || hosts.some((one) => covers(one, host));
  return exportedHosts(world, caller.namespace)
    .filter(({ host, isService, isHeadless }) => isService && !isHeadless && isMeant(host))
    .flatMap((host) =>
      host.ports.flatMap(({ number }) =>
        ["", ...subsetsOf(world, host, caller).map((one) => one.name)].map((subset): Chain => {
          const name = `outbound_.${number}_.${subset}_.${host.host}`;
          return {
            names: [name],
            subnets: [],
            forRequests: false,
            ends: "nobody",
            ofMesh: true,
            verdict: { is: "forwarded", goes: { [name]: 100 } },
          };
        }),
      ),
    );
}

/** Requests, which the table of the server routes: one for all in plaintext. */
function requestChain(served: Served): Chain {
  const { gateway, server } = served;
  const { number, name } = server.port;
  const own = [name, gateway.metadata.name, gateway.metadata.namespace].join(".");
  const isPlain = isHttp(server);
  return {
    names: isPlain ? [] : namesServed(served),
    subnets: [],
    forRequests: false,
    ends: endsOf(server),
    verdict: { is: "requests", routes: isPlain ? `http.${number}` : `https.${number}.${own}` },
  };
}

function chainsOf(world: World, caller: Caller, served: Served): readonly Chain[] {
  const { server } = served;
  if (server.tls?.mode === "AUTO_PASSTHROUGH") return automaticChains(world, caller, served);
  if (passesOn(server)) return passingChains(world, caller, served);
  const isRead = server.port.protocol === "HTTPS" || isHttp(server);
  return isRead ? [requestChain(served)] : bytesChains(world, caller, served);
}

/** Ways for names that no way before them has: one that passes TLS on is left out whole. */
function distinct(chains: readonly Chain[]): readonly Chain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain) => {
    const all = chain.names.length === 0 ? ["*"] : chain.names;
    const free = all.filter((name) => !taken.has(name));
    if (free.length === 0 || (chain.ends === "nobody" && free.length < all.length)) return [];
    for (const name of free) taken.add(name);
    return [{ ...chain, names: namesOf(free) }];
  });
}

/** What becomes of a connection to a gateway. */
export function connectionAtGateway(
  world: World,
  caller: Caller,
  connection: Connection,
): ConnectionVerdict {
  const { begins, ofMesh, port } = connection;
  const servers = serversOn(world, caller, port);
  const chains = distinct(servers.flatMap((one) => chainsOf(world, caller, one)));
  const found = chosenRule(chains, connection);
  if (found === undefined) return { is: "refused" };
  const { ends, verdict } = found;
  const isTls = begins === "tls";
  if (found.ofMesh === true && !ofMesh) return { is: "refused" };
  if (ends !== "nobody") return isTls && (ends === "mesh") === ofMesh ? verdict : { is: "refused" };
  return verdict.is === "requests" && begins !== "request" ? { is: "refused" } : verdict;
}
