/** Random requests and connections, as they come to workloads. */
import fc, { type Arbitrary } from "fast-check";
import type { Arrival, ArrivingRequest } from "./arrival.js";
import type { MeshSettings } from "./objects.js";
import type { Vocabulary } from "./vocabulary.js";

const PATHS: readonly string[] = [
  "/ /admin /admin/ /admin/users /ADMIN /admin/.. /x/users /admin?to=/a/b/c /a/b/c /a/b/d/c /a/b/c/.",
  "/a//c //admin /a/..//admin /./admin /a/%2e%2e/admin /%61dmin /admin%2fusers /admin/%2Fusers /a/b%2fb/c",
  "/a%5c..%5cadmin /admin\\users /a/[1]/c /a/*/c /admin/x|y /admin/%5b1%5d /admin/a%20b /a/x,y;z=1/c",
].flatMap((line) => line.split(" "));
const METHODS = ["GET", "POST", "DELETE", "OPTIONS"];
const HEADER_VALUES = ["", "admin", "Admin", "admin-eu", "reader", "reader,admin"];
const SERVER_NAMES = ["outbound_.80_._.web.shop.svc.cluster.local", "web.shop", "WEB.shop", ""];

/** Where a token may be; some of them are nobody's. A request has one: "the output principal is nondeterministic" of more. */
const TOKEN_PLACES: readonly ((token: string) => TokenPlace)[] = [
  (token) => ({ name: "authorization", value: `Bearer ${token}` }),
  (token) => ({ name: "authorization", value: `Bearer ${token}` }),
  (token) => ({ name: "authorization", value: `Bearer ${token}` }),
  (token) => ({ name: "authorization", value: `Basic ${token}` }),
  (token) => ({ name: "x-token", value: token }),
  (token) => ({ name: "x-token", value: `Token ${token}` }),
  (token) => ({ name: "cookie", value: `a=b; session=${token}` }),
  (token) => ({ query: `access_token=${token}` }),
  (token) => ({ query: `token=${token}` }),
];

interface TokenPlace {
  readonly name?: string;
  readonly value?: string;
  readonly query?: string;
}

const of = <T>(pool: readonly T[]): Arbitrary<T> => fc.constantFrom(...pool);

function requests({ hosts, tokens, sources: addresses }: Vocabulary): Arbitrary<ArrivingRequest> {
  const often = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
    fc.oneof(arbitrary, fc.constant(undefined));
  const headers = fc.record({
    "x-role": often(of(HEADER_VALUES)),
    "x-team": often(of(HEADER_VALUES)),
    "x-forwarded-for": often(of([...addresses, addresses.join(", ")])),
  });
  const placed = fc.tuple(of(tokens), of(TOKEN_PLACES)).map(([token, placeOf]) => placeOf(token));
  return fc
    .tuple(of(METHODS), of(hosts), of(PATHS), headers, often(placed))
    .map(([method, host, path, common, { name = "", value = "", query } = {}]) => {
      const all = Object.entries({ ...common, ...(name === "" ? {} : { [name]: value }) });
      const given = all.filter((pair): pair is [string, string] => pair[1] !== undefined);
      const joint = path.includes("?") ? "&" : "?";
      return {
        method,
        host,
        path: query === undefined ? path : `${path}${joint}${query}`,
        headers: Object.fromEntries(given),
      };
    });
}

/** Where a workload is called, and what its ports carry. */
export interface Served {
  readonly address: string;
  readonly ports: Readonly<Record<number, Arrival["declared"]>>;
}

/** What comes to a workload: HTTP to the ports that take it, bytes to others. */
export function arrivalsAt(
  words: Vocabulary,
  { trustDomain, trustDomainAliases }: MeshSettings,
  { address, ports }: Served,
): Arbitrary<Arrival> {
  // In policies cluster.local is the mesh itself, and another trust domain of that name is none that they could name.
  const isOwn = [trustDomain, ...trustDomainAliases].includes("cluster.local");
  const peers = words.peers.filter((peer) => isOwn || !peer.startsWith("cluster.local/"));
  const tls = fc.record({ peer: of(peers), serverName: of(SERVER_NAMES) });
  const port = of(Object.entries(ports)).chain(([number, carried]) =>
    (carried === "nothing" ? fc.boolean() : fc.constant(carried === "http")).map((isHttp) => ({
      port: Number(number),
      declared: carried,
      isHttp,
    })),
  );
  return fc
    .tuple(
      port,
      of(words.sources),
      fc.oneof({ weight: 3, arbitrary: tls }, { weight: 1, arbitrary: fc.constant(undefined) }),
      requests(words),
    )
    .map(([{ port: number, declared, isHttp }, source, shown, request]) => ({
      source,
      destination: { address, port: number },
      declared,
      ...(shown && { tls: shown }),
      ...(isHttp && { request }),
    }));
}
