/** What a client is sent when a cluster comes to accept other peers, and has other endpoints. */
import { describe, expect, it } from "vitest";
import type { EncodedResource } from "../../../src/xds/resource.js";
import {
  DeltaConversation,
  resource,
  SotwConversation,
  type ViewSketch,
  viewOf,
} from "./conversation.js";

/** A cluster that accepts these peers; any if there are none. */
function cluster(text: string, ...peers: readonly string[]): EncodedResource {
  const endpoints = text.split("@")[0] ?? "";
  return resource(text, { endpoints, ...(peers.length === 0 ? {} : { peers }) });
}

const RED = { cluster: [cluster("A@r", "red"), cluster("B@1")], endpoint: ["A@r", "B@1"] };
const BLUE = { cluster: [cluster("A@b", "blue"), cluster("B@1")], endpoint: ["A@b", "B@1"] };
const GREEN = { cluster: [cluster("A@g", "green"), cluster("B@1")], endpoint: ["A@g", "B@1"] };
const MIXED = {
  cluster: [cluster("A@m", "blue", "red"), cluster("B@1")],
  endpoint: ["A@m", "B@1"],
};

function connect<Client extends DeltaConversation | SotwConversation>(client: Client): Client {
  client.subscribe("cluster");
  client.ackAll();
  client.subscribe("endpoint", "A", "B");
  client.subscribe("listener");
  client.ackAll();
  return client;
}

/** A client of the incremental protocol that has all of a view. */
const connected = (sketch: ViewSketch = RED): DeltaConversation =>
  connect(new DeltaConversation(viewOf({ listener: ["L@1"], ...sketch })));

const BOTH = ["cluster A@r+b", "endpoint A@r"];

describe("a cluster that changes to other peers together with its endpoints", () => {
  it("accepts the peers of both, with the endpoints of before, until that is taken", () => {
    const client = connected();
    expect(client.change(BLUE)).toEqual(BOTH);
    expect(client.ack("endpoint")).toEqual([]);
    expect(client.ack("cluster")).toEqual(["cluster A@b", "endpoint A@b"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.wakeAt).toBe(Infinity);
  });

  it("is sent at once as it is to be when it accepts all of before, and its endpoints when that is taken", () => {
    const client = connected();
    expect(client.change(MIXED)).toEqual(["cluster A@m", "endpoint A@r"]);
    expect(client.ack("endpoint")).toEqual([]);
    expect(client.ack("cluster")).toEqual(["endpoint A@m"]);
  });

  it("changes in one step when the former accepts all that the new one does, or any", () => {
    expect(connected(MIXED).change(BLUE)).toEqual(["cluster A@b", "endpoint A@b"]);
    const any = { ...RED, cluster: [cluster("A@r"), cluster("B@1")] };
    expect(connected(any).change(BLUE)).toEqual(["cluster A@b", "endpoint A@b"]);
    expect(connected().change({ ...any, endpoint: ["A@2", "B@1"] })).toEqual(["endpoint A@2"]);
  });

  it("changes in one step when the endpoints stay, or the client is not to have any", () => {
    expect(connected().change({ ...BLUE, endpoint: RED.endpoint })).toEqual([
      "cluster A@b",
      "endpoint A@r",
    ]);
    const client = connected();
    client.unsubscribe("endpoint", "A");
    expect(client.change(BLUE)).toEqual(["cluster A@r+b"]);
    expect(client.ack("cluster")).toEqual(["cluster A@b"]);
  });

  it("keeps nothing else waiting", () => {
    const client = connected();
    const edit = {
      cluster: [BLUE.cluster[0]!, cluster("B@2"), cluster("C@1")],
      endpoint: ["A@b", "B@2", "C@1"],
      listener: ["L@2"],
    };
    expect(client.change(edit)).toEqual([
      "cluster A@r+b B@2 C@1",
      "endpoint A@r B@2",
      "listener L@2",
    ]);
  });

  it("is told of all the same after a while when it is not taken", () => {
    const client = connected();
    client.change(BLUE);
    expect(client.pass(999)).toEqual([]);
    expect(client.pass(1)).toEqual(["cluster A@b", "endpoint A@b"]);
  });

  it("changes in one step after all when the client refuses what accepts both", () => {
    const client = connected();
    client.change(BLUE);
    expect(client.nack("cluster")).toEqual(["cluster A@b", "endpoint A@b"]);
    client.ackAll();
    expect(client.change(RED)).toEqual(["cluster A@b+r", "endpoint A@b"]);
  });

  it("goes no way that the client would be left on, since it refuses the end", () => {
    const client = connected();
    client.change({ ...BLUE, endpoint: RED.endpoint });
    client.nack("cluster");
    client.ackAll();
    expect(client.change(BLUE)).toEqual(["endpoint A@b"]);
  });

  it("goes back as it came, when it changes back on the way", () => {
    const client = connected();
    client.change(BLUE);
    expect(client.change(RED)).toEqual([]);
    expect(client.ack("cluster")).toEqual(["cluster A@r", "endpoint A@r"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("does not forget what may still be in use, when something else changes on the way", () => {
    const client = connected();
    client.change(MIXED);
    client.ack("endpoint");
    expect(client.change({ ...MIXED, listener: ["L@2"] })).toEqual(["listener L@2"]);
    expect(client.ack("cluster")).toEqual(["endpoint A@m"]);
  });

  it("accepts what was there at first and what is to be in the end, when it changes on on the way", () => {
    const client = connected();
    client.change(BLUE);
    expect(client.change(GREEN)).toEqual([]);
    expect(client.ack("cluster")).toEqual(["cluster A@r+g", "endpoint A@r"]);
    expect(client.ack("cluster")).toEqual(["cluster A@g", "endpoint A@g"]);
  });

  it("goes on from what it was changed to in one step, when it changes on while another is on its way", () => {
    const client = connected({
      cluster: [cluster("A@r", "red"), cluster("C@1")],
      endpoint: ["A@r", "C@1"],
    });
    client.subscribe("endpoint", "C");
    client.ackAll();
    const second = [cluster("A@b", "blue"), cluster("C@b", "blue")];
    expect(client.change({ cluster: second, endpoint: ["A@b", "C@b"] })).toEqual([
      "cluster A@r+b C@b",
      "endpoint A@r C@b",
    ]);
    client.ack("endpoint");
    const third = [cluster("A@b", "blue"), cluster("C@g", "green")];
    client.change({ cluster: third, endpoint: ["A@b", "C@g"] });
    expect(client.ack("cluster")).toEqual(["cluster C@b+g", "endpoint C@b"]);
    expect(client.ack("cluster")).toEqual(["cluster A@b C@g", "endpoint A@b C@g"]);
  });

  it("waits on the way back for what the client was sent last, though it had the same before", () => {
    const client = connected(MIXED);
    client.change(RED);
    client.change(MIXED);
    // Sent twice, and the first is the one that is taken now.
    client.pass(999);
    expect(client.ack("cluster")).toEqual(["cluster A@m", "endpoint A@r"]);
    expect(client.ack("endpoint")).toEqual([]);
    expect(client.ack("cluster")).toEqual(["endpoint A@m"]);
  });

  it("is compared with what the client has, though it was gone in between and nobody was told", () => {
    const client = connected({ ...RED, listener: [resource("L@1", { clusters: ["A"] })] });
    const without = { cluster: [cluster("B@1")], endpoint: ["B@1"], listener: [resource("L@2")] };
    expect(client.change(without)).toEqual(["listener L@2"]);
    expect(client.change(BLUE)).toEqual(BOTH);
  });
});

it("by state of the world it changes in one step: Envoy has an order there", () => {
  const client = connect(new SotwConversation(viewOf({ listener: ["L@1"], ...RED })));
  expect(client.change(BLUE)).toEqual(["cluster A@b B@1", "endpoint A@b"]);
});

it("what a client that comes back holds of the way is nothing that stays", () => {
  const client = new DeltaConversation(viewOf({ listener: ["L@1"], ...BLUE }));
  const sent = [
    ...client.request("cluster", { versions: { A: "r+b", B: "1" } }),
    ...client.request("endpoint", { subscribe: ["A", "B"], versions: { A: "r", B: "1" } }),
  ];
  expect(sent).toEqual(["cluster A@b", "endpoint A@b"]);
});
