import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { CallRefused } from "../../../src/grpc/call-refused.js";
import { DEFAULT_LIMITS } from "../../../src/xds/limits.js";
import type { Pushed } from "../../../src/xds/observer.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import type { OpenRequest, Session } from "../../../src/xds/session.js";
import { fakeClock } from "../../unit/base/fake-clock.js";
import { openDeaf, openDelta, said, startServer } from "./discovery.js";

const node = { id: "proxy-1" };
const SHOP = { cluster: { A: "1" }, endpoint: { A: "1" }, listener: { L: "1" } } as const;

describe("a stream is refused", () => {
  it("without a node", async () => {
    const { address } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ typeUrl: TYPE_URL.cluster });
    expect(await stream.ended).toEqual({
      code: status.INVALID_ARGUMENT,
      details: "missing node information",
    });
  });

  it("with a node that does not say its id", async () => {
    const { address, opened } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ node: { cluster: "c" }, typeUrl: TYPE_URL.cluster });
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(opened).toEqual([]);
  });

  it.each([
    ["is no message", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f, 0x01])],
    ["is random", Buffer.from("what is this? not a message of any kind")],
    ["ends in the middle", Buffer.from([0x12, 0x05, 0x61])],
    ["has a node that is none", Buffer.from([0x0a, 0x02, 0x0a, 0x7f])],
  ])("when what it sends %s", async (_, bytes) => {
    const { address, opened } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.sendBytes(bytes);
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(opened).toEqual([]);
  });

  it("when the application says so, with its reason", async () => {
    const refuse = () => {
      throw new CallRefused(status.PERMISSION_DENIED, "the token is used up");
    };
    const { address } = await startServer(SHOP, { sessions: { open: refuse } });
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    expect(await stream.ended).toEqual({
      code: status.PERMISSION_DENIED,
      details: "the token is used up",
    });
  });

  it("later too, when the application says so", async () => {
    const { address, opened, closed } = await startServer(SHOP);
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    await stream.next();
    opened[0]!.refuse(new CallRefused(status.UNAUTHENTICATED, "the proof has expired"));
    expect(await stream.ended).toEqual({
      code: status.UNAUTHENTICATED,
      details: "the proof has expired",
    });
    expect(closed).toEqual(["proxy-1"]);
  });

  it("for a fault of ours without telling the client what it was", async () => {
    const failed: unknown[] = [];
    const fault = new Error("secret detail");
    const sessions = { open: () => Promise.reject(fault) };
    const observer = { failed: (error: unknown) => failed.push(error) };
    const { address } = await startServer(SHOP, { sessions, observer });
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    expect(await stream.ended).toEqual({ code: status.INTERNAL, details: "internal error" });
    expect(failed).toEqual([fault]);
  });

  it("beyond the number of streams, until one of them ends", async () => {
    const { address } = await startServer(SHOP, { limits: { maxStreams: 1 } });
    const first = openDelta(address);
    first.send({ node, typeUrl: TYPE_URL.cluster });
    await first.next();
    const second = openDelta(address);
    expect(await second.ended).toEqual({
      code: status.RESOURCE_EXHAUSTED,
      details: "too many streams",
    });
    first.end();
    await first.ended;
    const third = openDelta(address);
    third.send({ node, typeUrl: TYPE_URL.cluster });
    expect(said(await third.next())).toBe("A");
  });

  it("when it subscribes to too many names", async () => {
    const { address } = await startServer(SHOP, { limits: { maxNames: 3 } });
    const stream = openDelta(address);
    const typeUrl = TYPE_URL.endpoint;
    stream.send({ node, typeUrl, resourceNamesSubscribe: ["a", "b"] });
    await stream.next();
    stream.send({ typeUrl, resourceNamesSubscribe: ["c", "d"] });
    expect(await stream.ended).toEqual({
      code: status.RESOURCE_EXHAUSTED,
      details: `subscribed to 4 names of ${typeUrl}; at most 3 are served`,
    });
  });

  it("when it asks too often, where answers to responses do not count", async () => {
    const limits = { requestBurst: 3, requestsPerSecond: 0 };
    const { address, publish } = await startServer(SHOP, { limits });
    const stream = openDelta(address);
    const typeUrl = TYPE_URL.cluster;
    stream.send({ node, typeUrl });
    for (const edition of ["2", "3", "4", "5", "6"]) {
      stream.send({ typeUrl, responseNonce: (await stream.next()).nonce! });
      publish({ ...SHOP, cluster: { A: edition } });
    }
    await stream.next();
    for (const name of ["x", "y", "z"]) stream.send({ typeUrl, resourceNamesSubscribe: [name] });
    expect(await stream.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: "too many requests",
    });
  });

  it("when it says nothing", async () => {
    const { address } = await startServer(SHOP, { limits: { firstRequestMs: 20 } });
    expect(await openDelta(address).ended).toEqual({
      code: status.DEADLINE_EXCEEDED,
      details: "no request came within 0.02 s",
    });
  });

  it("when the application takes too long to let it in, and the session ends with it", async () => {
    const closed: string[] = [];
    let letIn = (): void => undefined;
    const sessions = {
      open: ({ node: { id } }: OpenRequest) =>
        new Promise<Session>((resolve) => {
          letIn = () => {
            resolve({ id, view: () => new Map(), closed: () => closed.push(id) });
          };
        }),
    };
    const { address } = await startServer(SHOP, { sessions, limits: { firstRequestMs: 20 } });
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    expect(await stream.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    letIn();
    await expect.poll(() => closed).toEqual(["proxy-1"]);
  });
});

describe("a client that never reads", () => {
  const big = (edition: number) => ({ route: { big: `${edition}${"x".repeat(300_000)}` } });

  it("is sent nothing more, is cut off after a while, and costs others nothing", async () => {
    const pushed: Pushed[] = [];
    const observer = { pushed: (event: Pushed) => pushed.push(event) };
    const clock = fakeClock();
    const { address, publish, closed, ads } = await startServer(big(0), { observer, clock });
    const asked = { typeUrl: TYPE_URL.route, resourceNamesSubscribe: ["big"] };
    openDeaf(address, { node: { id: "deaf" }, ...asked });
    await expect.poll(() => pushed.length).toBe(1);
    const good = openDelta(address);
    good.send({ node, ...asked });
    for (let edition = 1; edition <= 20; edition++) {
      const { nonce = "" } = await good.next();
      good.send({ typeUrl: TYPE_URL.route, responseNonce: nonce });
      clock.pass(1000);
      publish(big(edition));
    }
    await good.next();
    expect(pushed.filter(({ session }) => session === "deaf")).toHaveLength(1);
    clock.pass(DEFAULT_LIMITS.unreadMs);
    expect(closed).toEqual(["deaf"]);
    expect(ads.streams().map(({ session }) => session)).toEqual(["proxy-1"]);
  });
});

describe("a client that never ACKs", () => {
  it("is sent at most a change a second", async () => {
    const clock = fakeClock();
    const pushed: Pushed[] = [];
    const observer = { pushed: (event: Pushed) => pushed.push(event) };
    const count = (type: string) => pushed.filter(({ typeUrl }) => typeUrl === type).length;
    const { address, publish } = await startServer(SHOP, { observer, clock });
    const stream = openDelta(address);
    stream.send({ node, typeUrl: TYPE_URL.cluster });
    await stream.next();
    for (let edition = 2; edition <= 30; edition++) {
      publish({ ...SHOP, cluster: { A: String(edition) } });
      clock.pass(100);
      // The other type shows that the server has looked at the stream.
      stream.send({ typeUrl: TYPE_URL.endpoint, resourceNamesSubscribe: ["none"] });
      await expect.poll(() => count(TYPE_URL.endpoint)).toBe(edition - 1);
    }
    expect(count(TYPE_URL.cluster)).toBe(3);
  });
});
