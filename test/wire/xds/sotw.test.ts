import { describe, expect, it } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { listed, openSotw, startServer } from "./discovery.js";

const node = { id: "proxy-1" };
const SHOP = {
  cluster: { A: "1", B: "1" },
  endpoint: { A: "1", B: "1" },
  secret: { default: "1" },
  listener: { L: "1" },
  route: { R: "1", S: "1" },
} as const;

describe("a state-of-the-world stream", () => {
  it("carries all resources with their type, a version of the set and a nonce", async () => {
    const { address } = await startServer(SHOP);
    const stream = openSotw(address);
    stream.send({ node, typeUrl: TYPE_URL.listener });
    expect(await stream.next()).toEqual({
      versionInfo: expect.stringMatching(/^[0-9a-f]{16}$/),
      typeUrl: TYPE_URL.listener,
      nonce: expect.stringMatching(/.+/),
      resources: [{ "@type": TYPE_URL.listener, name: "L", statPrefix: "1" }],
    });
  });

  it("lists all clusters, but only the changed endpoints", async () => {
    const { address, publish } = await startServer(SHOP);
    const stream = openSotw(address);
    const ack = ({ nonce = "", typeUrl = "", versionInfo = "" }, names: string[] = []) => {
      stream.send({ typeUrl, responseNonce: nonce, versionInfo, resourceNames: names });
    };
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    const clusters = await stream.next();
    expect(listed(clusters)).toBe("A B");
    ack(clusters);
    stream.send({ typeUrl: TYPE_URL.endpoint, resourceNames: ["A", "B"] });
    const endpoints = await stream.next();
    expect(listed(endpoints)).toBe("A B");
    ack(endpoints, ["A", "B"]);
    publish({ ...SHOP, cluster: { A: "2", B: "1" }, endpoint: { A: "1", B: "2" } });
    const [first, second] = [await stream.next(), await stream.next()];
    expect([listed(first), listed(second)]).toEqual(["A B", "B"]);
    expect(first.versionInfo).not.toBe(clusters.versionInfo);
  });

  it("goes on through a NACK", async () => {
    const { address, publish } = await startServer(SHOP);
    const stream = openSotw(address);
    const typeUrl = TYPE_URL.listener;
    stream.send({ node, typeUrl });
    const first = await stream.next();
    stream.send({ typeUrl, responseNonce: first.nonce!, versionInfo: first.versionInfo! });
    publish({ ...SHOP, listener: { L: "1", M: "bad" } });
    const bad = await stream.next();
    expect(listed(bad)).toBe("L M");
    const errorDetail = { code: 13, message: "M: no such filter" };
    const last = { versionInfo: first.versionInfo!, errorDetail };
    stream.send({ typeUrl, responseNonce: bad.nonce!, ...last });
    publish({ ...SHOP, listener: { L: "1", M: "bad", N: "1" } });
    expect(listed(await stream.next())).toBe("L N");
  });

  it("does not answer an out-of-date request, and answers the names that come with the next ACK", async () => {
    const { address, publish } = await startServer(SHOP);
    const stream = openSotw(address);
    const typeUrl = TYPE_URL.route;
    stream.send({ node, typeUrl, resourceNames: ["R"] });
    const { nonce: stale = "" } = await stream.next();
    stream.send({ typeUrl, responseNonce: stale, resourceNames: ["R"] });
    publish({ ...SHOP, route: { R: "2", S: "1" } });
    const { nonce = "" } = await stream.next();
    stream.send({ typeUrl, responseNonce: stale, resourceNames: ["R", "S"] });
    stream.send({ typeUrl: TYPE_URL.secret, resourceNames: ["default"] });
    expect((await stream.next()).typeUrl).toBe(TYPE_URL.secret);
    stream.send({ typeUrl, responseNonce: nonce, resourceNames: ["R", "S"] });
    expect(listed(await stream.next())).toBe("S");
  });

  it("does not delete what a client holds that comes back to an empty view", async () => {
    const { address } = await startServer({ ...SHOP, cluster: {} });
    const stream = openSotw(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster, versionInfo: "some" });
    stream.send({ typeUrl: TYPE_URL.listener });
    expect((await stream.next()).typeUrl).toBe(TYPE_URL.listener);
  });
});

describe("the secret service in state of the world", () => {
  it("serves secrets without being told the type", async () => {
    const { address } = await startServer(SHOP);
    const stream = openSotw(address, "sotwSecrets");
    stream.send({ node, resourceNames: ["default"] });
    expect(listed(await stream.next())).toBe("default");
  });
});
