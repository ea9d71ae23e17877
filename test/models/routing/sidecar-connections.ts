/** Where the connections of an application go, which its sidecar gets. */
import { type Conditions, chosenRule } from "./chosen-rule.js";
import { workloadsOf } from "./destination-rules.js";
import { common } from "./hosts.js";
import { type ClusterShares, type L4Rule, rulesOfPort } from "./l4-routes.js";
import type { Caller, Connection, IstioEgressListener, VirtualService, World } from "./objects.js";
import { type KnownPort, knownPort } from "./protocols.js";
import { hostsOf, virtualServicesThrough } from "./sidecar-http.js";
import { podAddress } from "./still-world.js";
import { egressOf, hostsThrough, type KnownHost, outboundMode } from "./visibility.js";

/** What becomes of a connection. */
export type ConnectionVerdict =
  | { readonly is: "forwarded"; readonly goes: ClusterShares }
  /** It is read as HTTP, and routed by the table of this name. */
  | { readonly is: "requests"; readonly routes: string }
  | { readonly is: "passed through" }
  | { readonly is: "blocked" }
  /** Nothing takes it, or it is refused for how it begins. */
  | { readonly is: "refused" };

const ANY = "0.0.0.0";

/** What one of those at a place does with the connections that it takes. */
interface PlacedRule extends Conditions {
  readonly verdict: ConnectionVerdict;
}

/** Those who share an address and port. */
interface Place {
  /** undefined where it is found out which protocol it is, as several share it. */
  readonly protocol: string | undefined;
  readonly carries: KnownPort["carries"];
  readonly rules: readonly PlacedRule[];
}

/** One address of a host. */
interface Address {
  readonly address: string;
  readonly block: readonly string[];
}

/** Where a port of a host is called. */
function addressesOf(
  world: World,
  host: KnownHost,
  port: KnownPort,
  egress: IstioEgressListener,
): readonly Address[] {
  const bound = egress.bind ?? (egress.captureMode === "NONE" ? "127.0.0.1" : undefined);
  if (bound !== undefined) return [{ address: bound, block: [] }];
  if (port.carries === "http") return [{ address: ANY, block: [] }];
  if (host.isHeadless) {
    return workloadsOf(world, host).map((one) => ({ address: podAddress(world, one), block: [] }));
  }
  const all = host.addresses.map((one) => one.replace(/\/32$/, ""));
  const blocks = all.filter((one) => one.includes("/"));
  const single = all.filter((one) => !one.includes("/"));
  const own = single.map((address) => ({ address, block: [] }));
  return blocks.length > 0 || own.length === 0 ? [...own, { address: ANY, block: blocks }] : own;
}

const opened = (port: KnownPort, { address }: Address, rules: readonly PlacedRule[]): Place => ({
  protocol: port.protocol,
  // Beside HTTP on every address whatever nobody claims is passed on.
  carries: port.carries === "http" && address === ANY ? "auto" : port.carries,
  rules,
});

const ofRule = ({ goes, ...conditions }: L4Rule): PlacedRule => ({
  ...conditions,
  forRequests: false,
  verdict: { is: "forwarded", goes },
});

/** "Server first" protocols: none beside them can be told apart. */
const speaksFirst = (protocol: string | undefined): boolean =>
  protocol === "mongo" || protocol === "mysql";

/** A place with one more port of a host: what is there already stays in front. */
function joined(place: Place, port: KnownPort, rules: readonly PlacedRule[]): Place {
  const isRead = place.carries === "http" || place.carries === "auto";
  const isOver = place.carries === "http" && port.carries === "auto";
  const isBytes = port.carries === "tcp" || port.carries === "tls";
  if (isRead && !isOver && !isBytes) return place;
  const isMixed = speaksFirst(place.protocol) || speaksFirst(port.protocol);
  if (isMixed && place.protocol !== port.protocol) return place;
  const all = isOver ? rules : [...place.rules, ...rules];
  return isRead || !isBytes
    ? { protocol: undefined, carries: "auto", rules: all }
    : { ...place, rules: all };
}

/** A Sidecar's listener for a port says itself what it carries. */
function portsThrough({ ports }: KnownHost, { port }: IstioEgressListener): readonly KnownPort[] {
  if (port === undefined) return ports;
  return ports.some(({ number }) => number === port.number)
    ? [knownPort(port.number, port.protocol)]
    : [];
}

/** The order in which hosts come to a place: those that fewer see, then the oldest. */
function inOrder(a: KnownHost, b: KnownHost): number {
  const rank = (one: KnownHost): string => {
    const name = one.isService ? one.host.split(".")[0] : one.host;
    return [one.isPublic ? 1 : 0, one.since, name, one.namespace].join(" ");
  };
  return rank(a) < rank(b) ? -1 : 1;
}

/** VirtualServices are for a host that has a host in common with one of theirs: all of them together. */
const isAbout = (virtualService: VirtualService, host: string): boolean =>
  hostsOf(virtualService).some((one) => common(one, host) !== undefined);

/** What a port of a host asks for at one of its addresses. */
function rulesAt(
  world: World,
  caller: Caller,
  {
    host,
    port,
    at,
    egress,
  }: {
    readonly host: KnownHost;
    readonly port: KnownPort;
    readonly at: Address;
    readonly egress: IstioEgressListener;
  },
): readonly PlacedRule[] {
  const isShared = at.address === ANY;
  const isOwn = port.carries === "auto" && !isShared;
  const isOfBlock = egress.bind !== undefined && !/^[^/]*(\/32)?$/.test(host.addresses[0] ?? "");
  const requests: PlacedRule = {
    names: [],
    subnets: [],
    // A place of HTTP alone reads all as HTTP.
    forRequests: port.carries === "auto" || isShared,
    verdict: {
      is: "requests",
      routes: isOwn ? `${host.host}:${port.number}` : String(port.number),
    },
  };
  if (port.carries === "http") return [requests];
  const virtualServices = virtualServicesThrough(world, caller, egress);
  const rules = rulesOfPort(
    world,
    {
      port,
      block: at.block,
      names: isShared || isOfBlock ? [host.host] : [],
      cluster: `outbound|${port.number}||${host.host}`,
    },
    virtualServices.filter((one) => isAbout(one, host.host)),
    { caller, asksForSource: true, gateways: ["mesh"], port: port.number },
  ).map(ofRule);
  return port.carries === "auto" ? [...rules, requests] : rules;
}

/** What a listener of a Sidecar, or the one way out of all without, asks for, in the order in which it counts. */
function claimsThrough(
  world: World,
  caller: Caller,
  egress: IstioEgressListener,
): readonly {
  readonly port: KnownPort;
  readonly at: Address;
  readonly rules: readonly PlacedRule[];
}[] {
  return [...hostsThrough(world, caller, egress)]
    .sort(inOrder)
    .flatMap((host) => portsThrough(host, egress).map((port) => ({ host, port })))
    .flatMap(({ host, port }) =>
      addressesOf(world, host, port, egress).map((at) => ({
        port,
        at,
        rules: rulesAt(world, caller, { host, port, at, egress }),
      })),
    );
}

/** All places where a sidecar takes connections, by `address port`: those of listeners for one port are these alone. */
function placesOf(world: World, caller: Caller): ReadonlyMap<string, Place> {
  return egressOf(world, caller).reduce<ReadonlyMap<string, Place>>((before, egress) => {
    const isTaken = (key: string): boolean => egress.port === undefined && before.has(key);
    const places = new Map(before);
    for (const { port, at, rules } of claimsThrough(world, caller, egress)) {
      const key = `${at.address} ${port.number}`;
      const place = places.get(key);
      if (isTaken(key)) continue;
      places.set(key, place === undefined ? opened(port, at, rules) : joined(place, port, rules));
    }
    return places;
  }, new Map());
}

/** What becomes of a connection of an application that is redirected to its sidecar. */
export function connectionFromSidecar(
  world: World,
  caller: Caller,
  connection: Connection,
): ConnectionVerdict {
  const { address, port } = connection;
  const places = placesOf(world, caller);
  const place = places.get(`${address} ${port}`) ?? places.get(`${ANY} ${port}`);
  const found = place && chosenRule(place.rules, connection);
  if (found !== undefined) {
    const isHttp = found.verdict.is === "requests";
    return isHttp && connection.begins !== "request" ? { is: "refused" } : found.verdict;
  }
  return outboundMode(world, caller) === "ALLOW_ANY" ? { is: "passed through" } : { is: "blocked" };
}
