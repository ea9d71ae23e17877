/** Real Envoys of gateways pass connections on to where the documentation of Istio has them go, in one mesh whose routes change. */
import { connect as connectBytes, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import fc from "fast-check";
import { expect, test } from "vitest";
import { connectedOutside } from "../models/routing/connection-arbitrary.js";
import { connectionWorld } from "../models/routing/connection-world.js";
import { connectionModel } from "../models/routing/model.js";
import type { Connection, World } from "../models/routing/objects.js";
import { leadingSomewhere } from "../models/routing/simulated.js";
import { worldText } from "../models/routing/world-text.js";
import { randomRuns } from "../random-runs.js";
import { stats } from "./harness/admin.js";
import { documents } from "./harness/manifests.js";
import { STILL_PODS } from "./harness/still-pods.js";
import { shareMesh } from "./harness/test-mesh.js";

const { RUNS, SEED } = randomRuns(4);
const CONNECTIONS = 25;

/** Where the gateway's pods listen for the ports of its servers. */
const TARGETS: Readonly<Record<number, number>> = { 443: 8443, 9000: 9000 };

const GATEWAY_SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: ingress, namespace: edge }
spec:
  selector: { istio: ingress }
  ports: ${JSON.stringify(
    Object.entries(TARGETS).map(([port, targetPort]) => ({
      name: `tcp-${port}`,
      port: Number(port),
      targetPort,
    })),
  )}
`;

/**
 * The world as the machine has it: there are no addresses but those of pods, nothing is looked up outside, and TLS goes on as
 * it is, for want of certificates.
 */
function here(given: World): World {
  return {
    ...given,
    services: given.services.map(({ metadata, spec: { clusterIP: _, ...spec } }) => ({
      metadata,
      spec,
    })),
    serviceEntries: given.serviceEntries.map(({ metadata, spec }) => ({
      metadata,
      spec: {
        ...spec,
        hosts: spec.hosts.slice(0, 1),
        resolution: "STATIC",
        workloadSelector: { labels: { app: "outside" } },
      },
    })),
    gateways: given.gateways.map(({ metadata, spec }) => ({
      metadata,
      spec: {
        ...spec,
        servers: spec.servers.map((one) =>
          one.tls === undefined || one.tls.mode === "AUTO_PASSTHROUGH"
            ? one
            : { ...one, tls: { mode: "PASSTHROUGH" } },
        ),
      },
    })),
  };
}

/** With objects that are new ones: what is changed so that it leads to nothing stays as it was. */
const placed = (given: World, number: number): string =>
  worldText(given).replaceAll(/"(route|rule|entry|sidecar)-(\d)"/g, `"$1-${number}-$2"`);

const draws = fc.sample(
  fc.tuple(
    connectionWorld.map(here).map(leadingSomewhere),
    fc.array(connectedOutside, { minLength: CONNECTIONS, maxLength: CONNECTIONS }),
  ),
  { numRuns: RUNS, seed: SEED },
);

const mesh = shareMesh(
  {
    "still.yaml": documents(...STILL_PODS, GATEWAY_SERVICE),
    "world.yaml": draws[0] === undefined ? "" : placed(draws[0][0], 0),
  },
  // Nothing is looked up outside of this machine.
  { dnsResolvers: [{ address: "127.0.0.1", port: 9 }] },
);

const FIRST_BYTES = {
  request: "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
  bytes: "?\r\n\r\n",
} as const;

function opened({ begins, serverName, ofMesh }: Connection, port: number): Socket {
  const at = { host: mesh().gateway().addresses.pod, port };
  if (begins !== "tls") {
    const socket = connectBytes(at);
    // It stays open: who has nothing more to say while its first bytes are looked at is let go.
    socket.write(FIRST_BYTES[begins]);
    return socket;
  }
  return connectTls({
    ...at,
    rejectUnauthorized: false,
    ...(serverName === "" ? {} : { servername: serverName }),
    ...(ofMesh ? { ALPNProtocols: ["istio"] } : {}),
  });
}

const COUNTED = /^tcp\.(.*?);?\.downstream_cx_total$/;

/** How many connections each of the gateway's ways has passed on, by the cluster for which it is named. */
async function passed(): Promise<ReadonlyMap<string, number>> {
  const all = await stats(mesh().gateway(), "downstream_cx_total");
  return new Map(
    [...all].flatMap(([name, count]): [string, number][] => {
      const cluster = COUNTED.exec(name)?.[1];
      return cluster === undefined ? [] : [[cluster, count]];
    }),
  );
}

/** The ways that have passed on more than before. */
async function takenSince(before: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const after = await passed();
  return [...after].flatMap(([name, count]) => (count > (before.get(name) ?? 0) ? [name] : []));
}

/** Makes a connection, and gives the ways that it took; none where it ends without any. */
async function waysOf(connection: Connection): Promise<readonly string[]> {
  const port = TARGETS[connection.port];
  if (port === undefined) return [];
  const before = await passed();
  const socket = opened(connection, port);
  // One that nothing takes ends with an error.
  socket.on("error", () => undefined).resume();
  const ways = async (): Promise<readonly string[]> => {
    const isOver = socket.closed;
    const taken = await takenSince(before);
    return isOver || taken.length > 0 ? taken : ways();
  };
  const taken = await ways();
  socket.destroy();
  return taken;
}

test(`${RUNS * CONNECTIONS} connections of seed ${SEED} go where the model says`, async () => {
  const wrong: unknown[] = [];
  for (const [i, [given, all]] of draws.entries()) {
    if (i > 0) await mesh().write("world.yaml", placed(given, i));
    for (const { from, connection } of all) {
      const verdict = connectionModel(given, from, connection);
      // Requests are another test's.
      if (verdict.is === "requests") continue;
      const goes = verdict.is === "forwarded" ? Object.keys(verdict.goes) : [];
      // What leads nowhere has no name to know it by.
      if (goes.includes("nowhere")) continue;
      const ways = await waysOf(connection);
      const isExpected =
        goes.length === 0 ? ways.length === 0 : ways.some((one) => goes.includes(one));
      if (!isExpected) wrong.push({ connection, ways, goes, world: placed(given, i) });
    }
  }
  expect(wrong).toEqual([]);
});
