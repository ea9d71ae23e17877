/** Connections at random. */
import fc, { type Arbitrary } from "fast-check";
import { ADDRESSES, BOUND, PORTS } from "./connection-world.js";
import type { Connection, World } from "./objects.js";
import type { CallerName } from "./still-world.js";

/** A connection, and who makes it. */
export interface Connected {
  readonly from: CallerName;
  readonly connection: Connection;
}

const NAMES = [
  "",
  "shop",
  "shop.a.svc.cluster.local",
  "shop.b.svc.cluster.local",
  "cart.a.svc.cluster.local",
  "api.example.com",
  "API.example.com",
  "www.example.com",
  "other.example.com",
  "api.example.org",
  "else.com",
];

/** A connection of an application in a world. */
export const connectedIn = ({ workloads }: World): Arbitrary<Connected> =>
  fc.record({
    from: fc.constantFrom<CallerName>("a", "b"),
    connection: fc
      .record({
        address: fc.constantFrom(
          ...ADDRESSES,
          ...ADDRESSES,
          BOUND,
          ...workloads.map((_, i) => `10.0.2.${i + 1}`),
        ),
        port: fc.constantFrom(...PORTS, ...PORTS, 9001),
        begins: fc.constantFrom<Connection["begins"]>("tls", "tls", "request", "bytes"),
        serverName: fc.constantFrom(...NAMES),
      })
      .map(
        (one): Connection => ({
          ...one,
          serverName: one.begins === "tls" ? one.serverName : "",
          ofMesh: false,
        }),
      ),
  });
