/** Clients that cost much, or behave badly, and what others notice of that. */
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/xds/limits.js";
import type { Pushed } from "../../../src/xds/observer.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { fakeClock } from "../../unit/base/fake-clock.js";
import { openDeaf, openDelta, said, startServer } from "./discovery.js";
import type { DeltaStream } from "./discovery-client.js";

const typeUrl = TYPE_URL.listener;

/** A client that has taken all that it asked for. */
async function settle(address: string, id = "settled"): Promise<DeltaStream> {
  const stream = ask(address, id);
  await accept(stream);
  return stream;
}

async function accept(stream: DeltaStream): Promise<string> {
  const response = await stream.next();
  stream.send({ typeUrl, responseNonce: response.nonce ?? "" });
  return said(response);
}

describe("when clients do not read", () => {
  const big = (edition: string) => ({ listener: { L: edition.repeat(300_000) } });
  const limits = { maxUnreadBytes: 500_000 };

  it("new ones wait, those that are connected do not, and who reads nothing is cut off", async () => {
    const clock = fakeClock();
    const pushed: string[] = [];
    const observer = { pushed: ({ session }: Pushed) => pushed.push(session) };
    const options = { clock, limits, observer };
    const { address, publish, closed } = await startServer({ listener: { L: "1" } }, options);
    const settled = await settle(address);
    publish(big("2"));
    expect(await accept(settled)).toBe("L");
    for (const id of ["deaf-1", "deaf-2"]) openDeaf(address, { node: { id }, typeUrl });
    await expect.poll(() => pushed.length).toBe(4);
    const pending = ask(address, "new");
    publish({ listener: { L: "3" } });
    expect(await accept(settled)).toBe("L");
    for (let look = 0; look < 7; look++) clock.pass(1000);
    expect(await accept(pending)).toBe("L");
    expect(closed.toSorted()).toEqual(["deaf-1", "deaf-2"]);
  });

  it("so many wait at most, by what they have sent", async () => {
    const none = { maxUnreadBytes: 0, maxWaitingBytes: 150 };
    const { address } = await startServer({ listener: { L: "1" } }, { limits: none });
    const streams = ["a", "b", "c"].map((id) => ask(address, id));
    const refused = await Promise.race(streams.map((stream) => stream.ended));
    expect(refused).toEqual({
      code: status.RESOURCE_EXHAUSTED,
      details: "too many streams wait to be let in",
    });
  });
});

describe("a client that", () => {
  it("subscribes to as many names as it may is answered, and so are others", async () => {
    const { address } = await startServer({ endpoint: { A: "1" }, listener: { L: "1" } });
    const names = Array.from({ length: DEFAULT_LIMITS.maxNames }, (_, name) => `name-${name}`);
    const greedy = openDelta(address);
    greedy.send({
      node: { id: "greedy" },
      typeUrl: TYPE_URL.endpoint,
      resourceNamesSubscribe: names,
    });
    await settle(address);
    const { removedResources } = await greedy.next();
    expect(removedResources).toHaveLength(names.length);
    greedy.send({ typeUrl: TYPE_URL.endpoint, resourceNamesSubscribe: ["one-more"] });
    expect(await greedy.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it("comes and goes all the time leaves nothing behind", async () => {
    const { address, ads, closed, opened } = await startServer({ listener: { L: "1" } });
    for (let round = 0; round < 15; round++) {
      const streams = await Promise.all([1, 2, 3].map((one) => settle(address, `loop-${one}`)));
      for (const stream of streams) stream.close();
    }
    await expect.poll(() => ads.streams()).toEqual([]);
    expect([opened.length, closed.length]).toEqual([45, 45]);
    expect(await accept(ask(address, "after"))).toBe("L");
  });

  it("opens streams without end is refused what is too many, and the others go on", async () => {
    const server = await startServer({ listener: { L: "1" } }, { limits: { maxStreams: 30 } });
    const { address, publish } = server;
    const settled = await settle(address);
    const refused: unknown[] = [];
    for (let stream = 0; stream < 60; stream++) {
      void ask(address, `stream-${stream}`).ended.then((ending) => refused.push(ending));
    }
    await expect.poll(() => refused.length).toBe(31);
    expect(refused[0]).toEqual({ code: status.RESOURCE_EXHAUSTED, details: "too many streams" });
    publish({ listener: { L: "2" } });
    expect(await accept(settled)).toBe("L");
    expect(server.ads.streams()).toHaveLength(30);
  });

  it("refuses what it is sent waits while a change is due, and the others do not", async () => {
    const clock = fakeClock();
    let isDue = false;
    let nacked = 0;
    const pushed: string[] = [];
    const observer = {
      pushed: ({ session }: Pushed) => pushed.push(session),
      nacked: () => {
        nacked += 1;
      },
    };
    const options = { clock, observer, isChangeDue: () => isDue };
    const edition = (version: string) => ({ listener: { A: version, B: version } });
    const { address, publish } = await startServer(edition("1"), options);
    const settled = await settle(address);
    const refusing = await settle(address, "refusing");
    publish(edition("2"));
    await accept(settled);
    const { nonce = "" } = await refusing.next();
    isDue = true;
    refusing.send({ typeUrl, responseNonce: nonce, errorDetail: { message: "no" } });
    await expect.poll(() => nacked).toBe(1);
    pushed.length = 0;
    publish(edition("3"));
    clock.pass(10);
    expect(await accept(settled)).toBe("A B");
    expect(pushed).toEqual(["settled"]);
    isDue = false;
    clock.pass(1000);
    expect(said(await refusing.next())).toBe("A B");
  });

  it("sends garbage is cut off, and the others go on", async () => {
    const { address, publish } = await startServer({ listener: { L: "1" } });
    const settled = await settle(address);
    const noisy = await settle(address, "noisy");
    noisy.sendBytes(Buffer.alloc(1_000_000, 0xff));
    expect(await noisy.ended).toMatchObject({ code: status.INVALID_ARGUMENT });
    publish({ listener: { L: "2" } });
    expect(await accept(settled)).toBe("L");
  });
});

function ask(address: string, id: string): DeltaStream {
  const stream = openDelta(address);
  stream.send({ node: { id }, typeUrl });
  return stream;
}
