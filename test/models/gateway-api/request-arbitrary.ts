/** Requests at random, for worlds at random. */
import fc, { type Arbitrary } from "fast-check";
import { seldom } from "../routing/arbitraries.js";
import type { HttpRequest } from "../routing/objects.js";
import { listenersAt } from "./listeners.js";
import type { Asked } from "./model.js";
import { routesOf, type World } from "./objects.js";
import { CALLS, PATHS } from "./route-arbitrary.js";

const OUTSIDE = [
  "api.example.com",
  "api.example.com",
  "API.example.com",
  "www.example.com",
  "other.example.com",
  "else.com",
  "api.example.org",
  "unknown.net",
];
const INSIDE = [
  "api.example.net",
  "www.example.net",
  "shop",
  "shop.a",
  "shop.a.svc.cluster.local",
  "shop.b",
  "cart.a",
];

const QUERIES = ["", "", "", "?q=1", "?q=2&r=1", "?r=12", "?q=1&q=2"];

const headers = fc.dictionary(
  fc.constantFrom("x-one", "x-two", "x-three"),
  fc.constantFrom("1", "2", "12"),
  { maxKeys: 2 },
);

const ofHttp = fc
  .record({
    method: fc.constantFrom("GET", "GET", "PUT", "POST"),
    path: fc.constantFrom(...PATHS, "/z"),
    query: fc.constantFrom(...QUERIES),
    headers,
  })
  .map(({ path, query, ...rest }) => ({ ...rest, path: `${path}${query}` }));

const ofGrpc = fc.record({
  method: fc.constant("POST"),
  path: fc.constantFrom(...CALLS),
  headers: headers.map((all) => ({ ...all, "content-type": "application/grpc" })),
});

type Question = Omit<HttpRequest, "port" | "authority">;

const question: Arbitrary<Question> = fc.oneof(
  { arbitrary: ofHttp, weight: 4 },
  { arbitrary: ofGrpc, weight: 1 },
);

const PORTS: Readonly<Record<string, number>> = { HTTP: 80, HTTPS: 443 };

/** The Host header: it has the port where that is not the protocol's. */
const authorityOf = (host: string, port: number, protocol: string): string =>
  port === PORTS[protocol] ? host : `${host}:${port}`;

/** A name by which a host is called, also one with a wildcard. */
const calledBy = (host: string): string => host.replace(/^\*\./, "other.");

/** Mostly the hosts of routes. */
function hostsOf(world: World): Arbitrary<string> {
  const named = routesOf(world).flatMap(({ spec }) => spec.hostnames ?? []);
  const any = fc.constantFrom(...OUTSIDE);
  return named.length === 0 ? any : fc.oneof(any, fc.constantFrom(...named.map(calledBy)));
}

const atGateways = (world: World): Arbitrary<Asked> =>
  fc
    .constantFrom(
      ...world.gateways.flatMap((gateway) =>
        listenersAt(world, gateway).map(({ port, protocol }) => ({
          gateway: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
          port,
          protocol,
        })),
      ),
    )
    .chain(({ gateway, port, protocol }) =>
      fc
        .record({
          host: hostsOf(world),
          asks: seldom(fc.constantFrom(...OUTSIDE, ""), 4),
          question,
        })
        .map(({ host, asks = host.toLowerCase(), question: one }): Asked => {
          const isTls = protocol === "HTTPS" || protocol === "TLS";
          return {
            from: "gateway",
            gateway,
            serverName: isTls ? asks.toLowerCase() : undefined,
            request: { ...one, port, authority: authorityOf(host, port, protocol) },
          };
        }),
    );

const inTheMesh: Arbitrary<Asked> = fc
  .record({
    from: fc.constantFrom("a" as const, "b" as const),
    host: fc.constantFrom(...INSIDE),
    port: fc.constantFrom(80, 80, 8080),
    question,
  })
  .map(({ from, host, port, question: one }) => ({
    from,
    request: { ...one, port, authority: authorityOf(host, port, "HTTP") },
  }));

/** A request in a world. */
export const askedIn = (world: World): Arbitrary<Asked> =>
  fc.oneof({ arbitrary: atGateways(world), weight: 3 }, { arbitrary: inTheMesh, weight: 1 });
