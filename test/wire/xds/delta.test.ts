import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openDelta, resource, said, startServer } from "./discovery.js";

const node = { id: "proxy-1" };
const SHOP = {
  cluster: { A: "1", B: "1" },
  endpoint: { A: "1", B: "1" },
  secret: { default: "1" },
  listener: { L: "1" },
  route: { R: "1" },
} as const;

describe("a stream of differences", () => {
  it("carries the resources whole, each with its name, version and type", async () => {
    const { address } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    const response = await stream.next();
    expect(response).toEqual({
      systemVersionInfo: expect.stringMatching(/^[0-9a-f]{16}$/),
      typeUrl: TYPE_URL.cluster,
      nonce: expect.stringMatching(/.+/),
      resources: expect.any(Array),
    });
    expect(response.resources?.toSorted((a, b) => (a.name! < b.name! ? -1 : 1))).toEqual(
      ["A", "B"].map((name) => ({
        name,
        version: resource("cluster", name).version,
        resource: { "@type": TYPE_URL.cluster, name, altStatName: "1" },
      })),
    );
  });

  it("goes on through ACK, change, NACK, removal and what comes after", async () => {
    const { address, publish } = await startServer(SHOP);
    const stream = openDelta(address);
    const ack = ({ nonce = "", typeUrl = "" }) => {
      stream.send({ typeUrl, responseNonce: nonce });
    };
    stream.send({ node, typeUrl: TYPE_URL.listener });
    ack(await stream.next());
    publish({ ...SHOP, listener: { L: "2", M: "1" } });
    const change = await stream.next();
    expect(said(change)).toBe("L M");
    ack(change);
    publish({ ...SHOP, listener: { L: "3", M: "1" } });
    const bad = await stream.next();
    const errorDetail = { code: 13, message: "L: no such filter" };
    stream.send({ typeUrl: TYPE_URL.listener, responseNonce: bad.nonce!, errorDetail });
    publish({ ...SHOP, listener: { L: "3" } });
    const removal = await stream.next();
    expect(said(removal)).toBe("-M");
    ack(removal);
    publish({ ...SHOP, listener: { L: "4" } });
    expect(said(await stream.next())).toBe("L");
  });

  it("takes no notice of a stale nonce, but of the names beside it", async () => {
    const { address } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.endpoint, resourceNamesSubscribe: ["A"] });
    expect(said(await stream.next())).toBe("A");
    const errorDetail = { code: 13, message: "stale" };
    stream.send({
      typeUrl: TYPE_URL.endpoint,
      responseNonce: "stale",
      errorDetail,
      resourceNamesSubscribe: ["B"],
    });
    expect(said(await stream.next())).toBe("B");
  });

  it("answers what is subscribed to again, and what does not exist", async () => {
    const { address } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ["default", "none"] });
    expect(said(await stream.next())).toBe("default -none");
    stream.send({ typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ["default"] });
    expect(said(await stream.next())).toBe("default");
  });

  it("goes from everything to names and everything to names alone", async () => {
    const { address, publish } = await startServer(SHOP);
    const stream = openDelta(address);
    const typeUrl = TYPE_URL.cluster;
    const ack = ({ nonce = "" }) => {
      stream.send({ typeUrl, responseNonce: nonce });
    };
    stream.send({ node, typeUrl });
    ack(await stream.next());
    stream.send({ typeUrl, resourceNamesSubscribe: ["on-demand"] });
    const missing = await stream.next();
    expect(said(missing)).toBe("-on-demand");
    ack(missing);
    stream.send({ typeUrl, resourceNamesUnsubscribe: ["*"] });
    publish({ ...SHOP, cluster: { A: "2", "on-demand": "1" } });
    expect(said(await stream.next())).toBe("on-demand");
  });

  it("sends a client that comes back only what it does not hold", async () => {
    const { address } = await startServer({ ...SHOP, cluster: { A: "1", B: "2" } });
    const stream = openDelta(address);
    const versions = { A: resource("cluster", "A").version, B: resource("cluster", "B").version };
    stream.send({ node, typeUrl: TYPE_URL.cluster, initialResourceVersions: versions });
    expect(said(await stream.next())).toBe("B");
    stream.send({
      typeUrl: TYPE_URL.endpoint,
      resourceNamesSubscribe: ["A", "B"],
      initialResourceVersions: {
        A: resource("endpoint", "A").version,
        B: resource("endpoint", "B").version,
      },
    });
    stream.send({ typeUrl: TYPE_URL.listener });
    expect((await stream.next()).typeUrl).toBe(TYPE_URL.listener);
  });

  it("needs the node in its first message only", async () => {
    const { address, opened } = await startServer(SHOP);
    const stream = openDelta(address);
    const metadata = { NAMESPACE: "default", LABELS: { app: "payments" } };
    stream.send({ node: { ...node, metadata }, typeUrl: TYPE_URL.cluster });
    await stream.next();
    stream.send({ typeUrl: TYPE_URL.listener });
    await stream.next();
    expect(opened).toHaveLength(1);
    const [{ node: decoded, peer, protocol }] = opened as [(typeof opened)[number]];
    expect({ id: decoded.id, metadata: decoded.metadata, protocol }).toEqual({
      id: "proxy-1",
      metadata,
      protocol: "delta",
    });
    expect(peer).toMatchObject({
      address: "127.0.0.1",
      name: expect.stringContaining("127.0.0.1:"),
      isEncrypted: false,
    });
  });

  it("ignores types that it does not serve", async () => {
    const { address } = await startServer(SHOP);
    const stream = openDelta(address);
    for (const typeUrl of [
      "type.googleapis.com/istio.v1.HealthInformation",
      "istio.io/debug",
      "",
    ]) {
      stream.send({ node, typeUrl, resourceNamesSubscribe: ["x"] });
    }
    stream.send({ typeUrl: TYPE_URL.route, resourceNamesSubscribe: ["R"] });
    expect(said(await stream.next())).toBe("R");
  });

  it("ends when the client ends it, and the session with it", async () => {
    const { address, closed, ads } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    await stream.next();
    expect(ads.streams()).toHaveLength(1);
    stream.end();
    expect(await stream.ended).toEqual({ code: status.OK, details: "OK" });
    expect(closed).toEqual(["proxy-1"]);
    expect(ads.streams()).toEqual([]);
  });
});

describe("the secret service", () => {
  it("serves secrets without being told the type, and nothing else", async () => {
    const { address } = await startServer(SHOP);
    const stream = openDelta(address, "deltaSecrets");
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    stream.send({ resourceNamesSubscribe: ["default"] });
    const response = await stream.next();
    expect([response.typeUrl, said(response)]).toEqual([TYPE_URL.secret, "default"]);
  });
});
