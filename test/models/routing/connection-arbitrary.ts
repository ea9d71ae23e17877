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

/** As sidecars name clusters to gateways that pass their mutual TLS on. */
const CLUSTERS = ["v1", ""].flatMap((subset) =>
  ["shop.a", "cart.a"].map((one) => `outbound_.9000_.${subset}_.${one}.svc.cluster.local`),
);

/** A connection from outside to the gateway. */
export const connectedOutside: Arbitrary<Connected> = fc
  .record({
    port: fc.constantFrom(443, 443, 9000),
    begins: fc.constantFrom<Connection["begins"]>("tls", "tls", "tls", "request", "bytes"),
    serverName: fc.constantFrom(...NAMES, ...CLUSTERS),
    ofMesh: fc.boolean(),
  })
  .map(({ serverName, ofMesh, ...one }) => ({
    from: "gateway",
    connection: {
      ...one,
      address: "10.0.1.3",
      serverName: one.begins === "tls" ? serverName : "",
      ofMesh: ofMesh && one.begins === "tls",
    },
  }));

/** A connection in a world: of an application, or from outside to the gateway. */
export const connectedIn = (world: World): Arbitrary<Connected> =>
  fc.oneof(connectedInside(world), connectedOutside);

/** A connection of an application. */
const connectedInside = ({ workloads }: World): Arbitrary<Connected> =>
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
