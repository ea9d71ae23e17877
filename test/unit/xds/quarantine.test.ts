import { describe, expect, it } from "vitest";
import { typeStatuses } from "../../../src/xds/state/status/stream-status.js";
import { DeltaConversation, resource, type TypeName, viewOf } from "./conversation.js";

const isBad = (client: DeltaConversation, type: TypeName) =>
  client.last(type).payload.resources.some(({ version }) => version.startsWith("bad"));

/** Judges what comes until nothing comes any more; an error names nobody unless a test says so. */
function judge(client: DeltaConversation, type: TypeName, error = "no name"): string[] {
  const sent: string[] = [];
  let count = -1;
  while (count !== client.received.length) {
    count = client.received.length;
    sent.push(...(isBad(client, type) ? client.nack(type, error) : client.ack(type)));
  }
  return sent;
}

function withListeners(...listeners: readonly string[]): DeltaConversation {
  const client = new DeltaConversation(viewOf({ listener: listeners }));
  client.subscribe("listener");
  return client;
}

const quarantined = (client: DeltaConversation) =>
  typeStatuses(client.state).flatMap((type) => type.quarantined.map(({ name }) => name));

describe("a resource that was refused alone", () => {
  it("is not sent again", () => {
    const client = withListeners("L@bad");
    expect(client.nack("listener", "no such filter")).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
    expect(client.change({ listener: ["L@bad", "M@1"] })).toEqual(["listener M@1"]);
    client.ackAll();
    expect(client.change({ listener: ["M@1", "L@bad", "N@1"] })).toEqual(["listener N@1"]);
  });

  it("is sent when its content changes", () => {
    const client = withListeners("L@bad");
    client.nack("listener");
    expect(client.change({ listener: ["L@2"] })).toEqual(["listener L@2"]);
    client.ackAll();
    expect(quarantined(client)).toEqual([]);
  });

  it("is not sent again when the view returns to it", () => {
    const client = withListeners("L@1");
    client.ackAll();
    client.change({ listener: ["L@bad"] });
    client.nack("listener");
    client.change({ listener: ["L@2"] });
    client.ackAll();
    expect(client.change({ listener: ["L@bad"] })).toEqual([]);
  });

  it("is not sent again when the view goes back and forth between it and others that were refused", () => {
    const client = withListeners("L@1");
    client.ackAll();
    const contents = Array.from({ length: 8 }, (_, i) => `L@bad${i}`);
    for (const content of contents) {
      expect(client.change({ listener: [content] })).toEqual([`listener ${content}`]);
      client.nack("listener", `${content} is bad`);
    }
    for (const content of [...contents, ...contents]) {
      expect(client.change({ listener: [content] })).toEqual([]);
      expect(typeStatuses(client.state)[0]?.quarantined).toMatchObject([
        { name: "L", error: `${content} is bad` },
      ]);
    }
    expect(client.change({ listener: ["L@2"] })).toEqual(["listener L@2"]);
  });

  it("is sent again when so much was refused since that it is forgotten", () => {
    const client = withListeners("L@1");
    client.ackAll();
    for (let i = 0; i < 9; i++) {
      client.change({ listener: [`L@bad${i}`] });
      client.nack("listener");
    }
    expect(client.change({ listener: ["L@bad1"] })).toEqual([]);
    expect(client.change({ listener: ["L@bad0"] })).toEqual(["listener L@bad0"]);
  });

  it("is not replaced by what the client goes on with when the view returns to that", () => {
    const client = withListeners("L@1");
    client.ackAll();
    client.change({ listener: ["L@bad"] });
    client.nack("listener");
    expect(client.change({ listener: ["L@1"] })).toEqual([]);
  });

  it("is removed when the view has it no more, if the client has another content of it", () => {
    const client = withListeners("L@1", "M@1");
    client.ackAll();
    client.change({ listener: ["L@bad", "M@bad"] });
    judge(client, "listener");
    expect(client.change({ listener: ["M@bad"] })).toEqual(["listener -L"]);
  });

  it("is answered with what the client accepted before when it asks again", () => {
    const client = new DeltaConversation(viewOf({ route: ["R@1"] }));
    client.subscribe("route", "R");
    client.ackAll();
    client.change({ route: ["R@bad"] });
    client.nack("route");
    expect(client.subscribe("route", "R")).toEqual(["route R@1"]);
  });

  it("is answered as missing when the client asks again and has accepted nothing before", () => {
    const client = new DeltaConversation(viewOf({ route: ["R@bad"] }));
    client.subscribe("route", "R");
    client.nack("route");
    expect(client.subscribe("route", "R")).toEqual(["route -R"]);
  });

  it("does not stand in the way of a name that was not wanted when it was good", () => {
    const client = new DeltaConversation(viewOf({ route: ["R@1", "S@1"] }));
    client.subscribe("route", "R");
    client.ackAll();
    client.change({ route: ["R@1", "S@bad"] });
    client.subscribe("route", "S");
    client.nack("route");
    expect(client.change({ route: ["R@1", "S@1"] })).toEqual(["route S@1"]);
  });

  it("is tried again when a secret that the client had is replaced, once", () => {
    const client = new DeltaConversation(
      viewOf({ listener: ["L@bad"], secret: ["default@broken", "other@1"] }),
    );
    client.subscribe("secret", "default");
    client.ackAll();
    client.subscribe("listener");
    client.nack("listener", "broken certificate");
    expect(client.subscribe("secret", "other")).toEqual(["secret other@1"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.change({ secret: ["default@2", "other@1"] })).toEqual([
      "secret default@2",
      "listener L@bad",
    ]);
    client.ack("secret");
    expect(client.nack("listener")).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
  });

  it("is shown with the client's words and with what it goes on with", () => {
    const client = withListeners("L@1");
    client.ackAll();
    client.change({ listener: ["L@bad"] });
    client.now = 70;
    client.nack("listener", "x".repeat(2000));
    const [status] = typeStatuses(client.state);
    const error = "x".repeat(1000);
    const rejection = { name: "L", version: "bad", at: 70, acceptedVersion: "1" };
    expect(status?.quarantined).toEqual([{ ...rejection, error }]);
    expect(status?.lastNacked).toMatchObject({
      nonce: client.last("listener").nonce,
      at: 70,
      error,
    });
  });
});

describe("the resources of a response that was refused", () => {
  it("are sent again one to a response, which finds the culprit and delivers the others", () => {
    const client = withListeners("L@1", "M@bad", "N@1");
    const sent = judge(client, "listener");
    expect(sent.toSorted()).toEqual(["listener L@1", "listener M@bad", "listener N@1"]);
    expect(quarantined(client)).toEqual(["M"]);
    expect(client.pass(60_000)).toEqual([]);
  });

  it("are sent together but for those that the error names, if it names some", () => {
    const client = withListeners("L@1", "M@bad", "N@1", "O@1", "P@bad");
    const sent = judge(client, "listener", "error adding listener(s) M: no; P: no");
    expect(sent).toHaveLength(3);
    expect(sent[0]).toBe("listener L@1 N@1 O@1");
    expect(sent.slice(1).toSorted()).toEqual(["listener M@bad", "listener P@bad"]);
    expect(quarantined(client).toSorted()).toEqual(["M", "P"]);
  });

  it("are found by halving and halving again if they are many", () => {
    const names = Array.from({ length: 1000 }, (_, i) => (i === 321 ? `c${i}@bad` : `c${i}@1`));
    const client = new DeltaConversation(viewOf({ cluster: names }));
    client.subscribe("cluster");
    const sent = judge(client, "cluster");
    expect(sent.length).toBeLessThan(60);
    expect(quarantined(client)).toEqual(["c321"]);
    const delivered = new Set(sent.join(" ").match(/c\d+@1/g));
    expect(delivered.size).toBe(999);
  });

  it("are found although all of them are bad", () => {
    const names = Array.from({ length: 40 }, (_, i) => `c${i}@bad`);
    const client = new DeltaConversation(viewOf({ cluster: names }));
    client.subscribe("cluster");
    judge(client, "cluster");
    expect(quarantined(client)).toHaveLength(40);
  });

  it("do not hold up what changes meanwhile", () => {
    const client = withListeners("L@1", "M@bad");
    expect(client.nack("listener", "M: bad")).toEqual(["listener L@1"]);
    expect(client.change({ listener: ["L@1", "M@bad", "N@1"] })).toEqual([]);
    expect(client.ack("listener")).toEqual(["listener N@1"]);
    expect(judge(client, "listener")).toHaveLength(1);
    expect(quarantined(client)).toEqual(["M"]);
  });

  it("are not suspected any more in another version", () => {
    const client = withListeners("L@1", "M@bad", "N@1");
    client.nack("listener", "no name");
    client.change({ listener: ["L@2", "M@2", "N@2"] });
    expect(client.ack("listener")).toEqual(["listener L@2 M@2 N@2"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("are told again even if the view went back, since the client may have taken some of them", () => {
    const client = withListeners("L@1", "M@1");
    client.ackAll();
    client.change({ listener: ["L@2", "M@bad"] });
    expect(client.change({ listener: ["L@1", "M@1"] })).toEqual([]);
    expect(client.nack("listener", "M: bad")).toEqual(["listener L@1 M@1"]);
  });

  it("are told again with the removals beside them", () => {
    const client = new DeltaConversation(viewOf({ route: ["R@1", "S@1"] }));
    client.subscribe("route", "R", "S", "missing");
    client.ackAll();
    client.change({ route: ["S@bad"] });
    expect(client.nack("route")).toEqual(["route -R"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("are blamed no more than they can be when some were replaced before the judgement", () => {
    const client = withListeners("L@1", "M@1");
    client.ackAll();
    client.change({ listener: ["L@bad", "M@2"] });
    const { nonce } = client.last("listener");
    client.change({ listener: ["L@3", "M@2"] });
    expect(client.pass(1000)).toEqual(["listener L@3"]);
    expect(client.request("listener", { nonce, error: "no name" })).toEqual([]);
    expect(quarantined(client)).toEqual([]);
    expect(client.ack("listener")).toEqual(["listener M@2"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("without resources is not sent again", () => {
    const client = new DeltaConversation(viewOf({ route: ["R@1"] }));
    client.subscribe("route", "R");
    client.ackAll();
    client.change({ route: [] });
    expect(client.nack("route")).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
  });

  it("wait for their clusters like any other", () => {
    const client = new DeltaConversation(
      viewOf({ cluster: ["A@1"], listener: ["L@1"], route: [] }),
    );
    client.subscribe("cluster");
    client.subscribe("listener");
    client.ackAll();
    client.change({
      cluster: ["A@1", "B@1"],
      listener: ["L@bad", "M@1", resource("N@1", { clusters: ["B"] })],
    });
    expect(client.nack("listener", "L: bad")).toEqual(["listener M@1"]);
    expect(client.ack("listener")).toEqual(["listener L@bad"]);
    expect(client.nack("listener", "L: bad")).toEqual([]);
    expect(client.ack("cluster")).toEqual(["listener N@1"]);
  });
});
