/** Clusters that a client which starts is sent after all others: see EncodedResource.afterOthers. */
import { describe, expect, it } from "vitest";
import { DeltaConversation, resource, SotwConversation, viewOf } from "./conversation.js";

const LAST = resource("L@1", { afterOthers: true });

describe("a cluster that may be wrong in how it uses secrets", () => {
  it("is sent when the client asks for listeners, before these", () => {
    const view = viewOf({
      cluster: [LAST, "C@1"],
      listener: [resource("M@1", { clusters: ["L"] }), "N@1"],
    });
    const client = new DeltaConversation(view);
    expect(client.subscribe("cluster")).toEqual(["cluster C@1"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.subscribe("listener")).toEqual(["cluster L@1", "listener N@1"]);
    expect(client.ackAll()).toEqual(["listener M@1"]);
  });

  it("is left out of the first complete answer", () => {
    const client = new SotwConversation(viewOf({ cluster: [LAST, "C@1"], listener: ["M@1"] }));
    expect(client.subscribe("cluster")).toEqual(["cluster C@1"]);
    client.ackAll();
    expect(client.subscribe("listener")).toEqual(["cluster C@1 L@1", "listener M@1"]);
  });

  it("is sent after some seconds to a client that asks for no listeners", () => {
    const client = new DeltaConversation(viewOf({ cluster: [LAST, "C@1"] }));
    client.subscribe("cluster");
    client.ackAll();
    expect(client.pass(4_000)).toEqual([]);
    expect(client.pass(1_000)).toEqual(["cluster L@1"]);
  });

  it("is sent at once when there is no other", () => {
    const client = new DeltaConversation(viewOf({ cluster: [LAST] }));
    expect(client.subscribe("cluster")).toEqual(["cluster L@1"]);
  });

  it("is sent at once to a client that comes back, and to one that has its listeners", () => {
    const back = new DeltaConversation(viewOf({ cluster: [LAST, "C@1"] }));
    expect(back.request("cluster", { versions: { C: "1" } })).toEqual(["cluster L@1"]);
    const client = new DeltaConversation(viewOf({ cluster: ["C@1"], listener: ["M@1"] }));
    client.subscribe("cluster");
    client.subscribe("listener");
    client.ackAll();
    expect(client.change({ cluster: ["C@1", LAST] })).toEqual(["cluster L@1"]);
  });
});
