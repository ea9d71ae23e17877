/** Where requests and connections go that come in at a Gateway. */
import { covers, hostOf, mostSpecific } from "../routing/hosts.js";
import type { HttpRequest } from "../routing/objects.js";
import { type Attachment, attachmentsOf } from "./attachment.js";
import { type Namer, receiving, targetOf } from "./backends.js";
import {
  closeness,
  closestListener,
  hostOfListener,
  isConflicted,
  isServed,
  listenersAt,
  type PlacedListener,
} from "./listeners.js";
import { type AnyRoute, byAge, type Gateway, routesOf, type World } from "./objects.js";
import { firstRule, type Placed } from "./rules.js";
import { type Verdict, verdictOf } from "./verdict.js";

/** How somebody calls a Gateway. */
export interface Connection {
  readonly port: number;
  /** Of TLS what it asks for, `""` for nothing; undefined without TLS. */
  readonly serverName: string | undefined;
}

const NOT_FOUND = 404;
const MISDIRECTED = 421;

/** The routes at a listener; each once for each of its own hosts. */
const attachedTo = (world: World, listener: PlacedListener): readonly Attachment[] =>
  routesOf(world)
    .flatMap((route) =>
      (route.spec.parentRefs ?? []).flatMap((parent) => attachmentsOf(world, route, parent)),
    )
    .filter((one) => one.listener === listener)
    .filter((one, i, all) => all.findIndex(({ route }) => sameRoute(route, one.route)) === i);

const sameRoute = (a: Attachment["route"], b: Attachment["route"]): boolean =>
  a.kind === b.kind && a.spec === b.spec;

/** Whether a host is one of another listener, which is closer to it: "a request … SHOULD match at most one Listener". */
const isOfOther = (
  host: string,
  listener: PlacedListener,
  among: readonly PlacedListener[],
): boolean =>
  among.some(
    (one) =>
      closeness(hostOfListener(one)) > closeness(hostOfListener(listener)) &&
      covers(hostOfListener(one), host),
  );

/**
 * The routes of the closest host that has some, each with the closest of its own. That those of wider hosts are not asked
 * then is as in Istio, which has a virtual host for each; also that they are asked where a closer listener has no routes.
 */
function placedAt(
  world: World,
  listeners: readonly PlacedListener[],
  among: readonly PlacedListener[],
  authority: string,
): readonly Placed[] {
  const attached = listeners.flatMap((listener) =>
    attachedTo(world, listener).map(({ route, hosts }) => ({
      route,
      hosts: hosts.filter(({ host }) => !isOfOther(host, listener, among)),
    })),
  );
  const host = mostSpecific(
    authority,
    attached.flatMap(({ hosts }) => hosts.map((one) => one.host)),
  );
  return attached.flatMap(({ route, hosts }): readonly Placed[] => {
    const [own] = hosts
      .filter((one) => one.host === host)
      .map((one) => one.own)
      .sort((a, b) => closeness(b) - closeness(a));
    if (own === undefined) return [];
    return [{ kind: route.kind, route, own } as Placed];
  });
}

/**
 * What becomes of a request. One by a connection for another listener than that whose host is the closest is misdirected
 * (RFC 9110) where there are several.
 */
function requested(
  world: World,
  request: HttpRequest,
  {
    listener,
    among,
    known,
  }: {
    /** Of a connection by TLS. */
    readonly listener: PlacedListener | undefined;
    /** Those of the port that are served. */
    readonly among: readonly PlacedListener[];
    /** Also those that are not: their hosts are theirs, as in Istio. */
    readonly known: readonly PlacedListener[];
  },
): Verdict {
  const host = hostOf(request.authority);
  if (listener !== undefined && closestListener(among, host) !== listener) {
    return { is: "answered", status: among.length < 2 ? NOT_FOUND : MISDIRECTED };
  }
  const placed = placedAt(world, listener === undefined ? among : [listener], known, host);
  const way = {
    entry: { scheme: listener === undefined ? "http" : "https", port: request.port } as const,
    needsGrant: true,
  };
  return verdictOf(world, firstRule(placed, request), request, way);
}

/** What takes connections of TLS for some server names: a listener, and of one that passes them on the host of a route. */
interface Chain {
  readonly host: string;
  readonly listener: PlacedListener;
  readonly route?: AnyRoute;
}

/** As in Istio, a listener of TLS without routes takes nothing: a wider one does, by routes that do not name the closer host. */
function chainsOf(
  world: World,
  listener: PlacedListener,
  /** Those of its protocol on its port, also those that are not served. */
  known: readonly PlacedListener[],
): readonly Chain[] {
  if (listener.protocol === "HTTPS") return [{ host: hostOfListener(listener), listener }];
  return [...attachedTo(world, listener)]
    .sort((a, b) => byAge(a.route, b.route))
    .flatMap(({ route, hosts }) =>
      hosts
        .filter(({ host }) => !isOfOther(host, listener, known))
        .map(({ host }): Chain => ({ host, listener, route })),
    );
}

/** Where the bytes of a connection go. */
function connected(world: World, route: AnyRoute | undefined): Verdict {
  if (route === undefined) return { is: "closed" };
  const { kind, metadata, spec } = route;
  const by: Namer = { kind, namespace: metadata.namespace, needsGrant: true };
  const shares = receiving(spec.rules?.[0]?.backendRefs ?? []).map((backend) => ({
    target: targetOf(world, backend, by),
    weight: backend.weight ?? 1,
  }));
  return shares.every(({ target }) => target === undefined)
    ? { is: "closed" }
    : { is: "connected", shares };
}

/** What becomes of a request, or of other bytes, by a connection to a Gateway. */
export function atGateway(
  world: World,
  gateway: Gateway,
  { port, serverName }: Connection,
  request: HttpRequest,
): Verdict {
  const all = listenersAt(world, gateway).filter((one) => one.port === port);
  const here = all.filter((one) => isServed(world, one));
  const of = (protocol: PlacedListener["protocol"]): readonly PlacedListener[] =>
    here.filter((one) => one.protocol === protocol);
  const [tcp] = of("TCP");
  if (tcp !== undefined) return connected(world, chainsOf(world, tcp, [tcp])[0]?.route);
  const plain = of("HTTP");
  if (plain.length > 0) {
    if (serverName !== undefined) return { is: "closed" };
    return requested(world, request, { listener: undefined, among: plain, known: plain });
  }
  if (serverName === undefined) return { is: "closed" };
  const knownAs = (protocol: PlacedListener["protocol"]): readonly PlacedListener[] =>
    all.filter((one) => one.protocol === protocol && !isConflicted(world, one));
  const chains = here.flatMap((one) => chainsOf(world, one, knownAs(one.protocol)));
  const host = mostSpecific(
    serverName,
    chains.map((one) => one.host),
  );
  const chain = chains.find((one) => one.host === host);
  if (chain === undefined) return { is: "closed" };
  const { listener, route } = chain;
  if (listener.protocol === "TLS") return connected(world, route);
  return requested(world, request, { listener, among: of("HTTPS"), known: knownAs("HTTPS") });
}
