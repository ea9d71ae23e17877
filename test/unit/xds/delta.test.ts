import { describe, expect, it } from "vitest";
import { DeltaConversation, resource, viewOf } from "./conversation.js";

const shop = () =>
  new DeltaConversation(
    viewOf({
      cluster: ["A@1", "B@1"],
      endpoint: ["A@1", "B@1"],
      secret: ["default@1"],
      listener: ["L@1"],
      route: ["R@1", "S@1"],
    }),
  );

describe("what a delta client subscribes to", () => {
  it("is everything when its first request has no names", () => {
    expect(shop().subscribe("cluster")).toEqual(["cluster A@1 B@1"]);
  });

  it("is everything for the name *", () => {
    expect(shop().subscribe("cluster", "*")).toEqual(["cluster A@1 B@1"]);
  });

  it("is the names alone when its first request has names", () => {
    const client = shop();
    expect(client.subscribe("cluster", "A")).toEqual(["cluster A@1"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@1", "B@2"] })).toEqual([]);
  });

  it("is nothing without names for a type that is asked for by name", () => {
    expect(shop().subscribe("endpoint")).toEqual([]);
  });

  it("is everything for * also for a type that is asked for by name", () => {
    expect(shop().subscribe("endpoint", "*")).toEqual(["endpoint A@1 B@1"]);
  });

  it("stays everything when names are added to a first request without names", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    expect(client.subscribe("cluster", "A")).toEqual(["cluster A@1"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@1", "B@2"] })).toEqual(["cluster B@2"]);
  });

  it("is what is left when * is unsubscribed from", () => {
    const client = shop();
    client.subscribe("cluster", "*", "A");
    client.ackAll();
    expect(client.unsubscribe("cluster", "*")).toEqual([]);
    expect(client.change({ cluster: ["A@2", "B@2"] })).toEqual(["cluster A@2"]);
  });

  it("becomes everything when * is added to names, of which what it holds is not sent again", () => {
    const client = shop();
    client.subscribe("cluster", "A");
    client.ackAll();
    expect(client.subscribe("cluster", "*")).toEqual(["cluster B@1"]);
  });

  it("is told again when it is unsubscribed from by name and * still covers it", () => {
    const client = shop();
    client.subscribe("cluster", "*", "A", "missing");
    client.ackAll();
    expect(client.unsubscribe("cluster", "A", "missing")).toEqual(["cluster A@1 -missing"]);
  });

  it("is nothing any more when all names are unsubscribed from", () => {
    const client = shop();
    client.subscribe("route", "R");
    client.ackAll();
    expect(client.unsubscribe("route", "R")).toEqual([]);
    expect(client.change({ route: ["R@2"] })).toEqual([]);
    expect(client.subscribe("route")).toEqual([]);
  });
});

describe("a delta client that subscribes", () => {
  it("to one name after the other is told of each once", () => {
    const client = shop();
    expect(client.subscribe("route", "R")).toEqual(["route R@1"]);
    expect(client.subscribe("route", "S")).toEqual(["route S@1"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("to what it has already is answered again", () => {
    const client = shop();
    client.subscribe("route", "R");
    client.ackAll();
    expect(client.subscribe("route", "R")).toEqual(["route R@1"]);
  });

  it("is answered although it has not judged the response before", () => {
    const client = shop();
    client.subscribe("route", "R");
    expect(client.subscribe("route", "S")).toEqual(["route S@1"]);
  });

  it.each([
    ["endpoint", "missing"],
    ["secret", "kubernetes://missing"],
    ["route", "missing"],
    ["cluster", "missing"],
  ] as const)("to a %s that does not exist is told so at once", (type, name) => {
    expect(shop().subscribe(type, name)).toEqual([`${type} -${name}`]);
  });

  it("is told of what did not exist when it comes into being", () => {
    const client = shop();
    expect(client.subscribe("route", "R", "T")).toEqual(["route R@1 -T"]);
    client.ackAll();
    expect(client.change({ route: ["R@1", "S@1", "T@1"] })).toEqual(["route T@1"]);
  });

  it("to everything of which there is nothing is answered with nothing", () => {
    const client = new DeltaConversation(viewOf({ listener: [] }));
    expect(client.subscribe("listener")).toEqual(["listener"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.change({ listener: ["L@1"] })).toEqual(["listener L@1"]);
  });

  it("to a type that the view does not have is not answered", () => {
    expect(shop().subscribe("extensionConfig", "filter")).toEqual([]);
  });

  it("and unsubscribes before it is answered is not answered", () => {
    const client = new DeltaConversation(
      viewOf({ cluster: ["A@1"], route: [resource("R@1", { clusters: ["A"] })] }),
    );
    client.subscribe("cluster");
    expect(client.subscribe("route", "R")).toEqual([]);
    client.unsubscribe("route", "R");
    expect(client.ackAll()).toEqual([]);
  });
});

describe("a delta client is told", () => {
  it("what changed, and nothing else", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual(["cluster A@2"]);
  });

  it("what is gone", () => {
    const client = shop();
    client.subscribe("route", "R", "S");
    client.ackAll();
    expect(client.change({ route: ["S@1"] })).toEqual(["route -R"]);
    client.ackAll();
    expect(client.change({ route: ["R@2", "S@1"] })).toEqual(["route R@2"]);
  });

  it("what changed and what is gone in one response, so that an address can move between listeners", () => {
    const client = shop();
    client.subscribe("listener");
    client.ackAll();
    expect(client.change({ listener: ["M@1"] })).toEqual(["listener M@1 -L"]);
  });

  it("nothing when a change was taken back before it could be told", () => {
    const client = shop();
    client.subscribe("cluster");
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual([]);
    expect(client.change({ cluster: ["A@1", "B@1"] })).toEqual([]);
    expect(client.ackAll()).toEqual([]);
  });

  it("only the newest of several changes that it was too slow for", () => {
    const client = shop();
    client.subscribe("cluster");
    for (const version of ["2", "3", "4"]) client.change({ cluster: [`A@${version}`, "B@1"] });
    expect(client.ack("cluster")).toEqual(["cluster A@4"]);
  });

  it("of a change without an ACK after a second", () => {
    const client = shop();
    client.subscribe("cluster");
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual([]);
    expect(client.pass(999)).toEqual([]);
    expect(client.pass(1)).toEqual(["cluster A@2"]);
  });

  it("nothing of names that it does not want, whatever happened to them", () => {
    const client = shop();
    client.subscribe("route", "R");
    client.ackAll();
    client.change({ route: ["R@1", "S@2"] });
    client.change({ route: ["R@1"] });
    expect(client.received).toHaveLength(1);
    expect(client.subscribe("route", "S")).toEqual(["route -S"]);
  });
});

describe("a nonce", () => {
  it("settles its response once", () => {
    const client = shop();
    client.subscribe("cluster");
    const { nonce } = client.last("cluster");
    client.request("cluster", { nonce });
    expect(client.state.subscriptions[0]?.inFlight).toEqual([]);
    expect(client.request("cluster", { nonce, error: "too late" })).toEqual([]);
    expect(client.state.subscriptions[0]?.lastNacked).toBeUndefined();
  });

  it("settles the responses before its own too", () => {
    const client = shop();
    client.subscribe("route", "R");
    client.subscribe("route", "S");
    client.ack("route");
    expect(client.state.subscriptions[0]?.inFlight).toEqual([]);
  });

  it("that is stale settles nothing, but the names beside it count", () => {
    const client = shop();
    client.subscribe("route", "R");
    const stale = client.request("route", { nonce: "stale", subscribe: ["S"] });
    expect(stale).toEqual(["route S@1"]);
    expect(client.state.subscriptions[0]?.inFlight).toHaveLength(2);
  });

  it("is different for each response of a stream", () => {
    const client = shop();
    client.subscribe("cluster");
    client.subscribe("listener");
    client.subscribe("route", "R");
    expect(new Set(client.received.map(({ nonce }) => nonce)).size).toBe(3);
  });
});

describe("a delta client that comes back", () => {
  it("is sent nothing when it holds what the view has", () => {
    const client = shop();
    expect(client.request("cluster", { versions: { A: "1", B: "1" } })).toEqual([]);
    const names = { subscribe: ["A", "B"], versions: { A: "1", B: "1" } };
    expect(client.request("endpoint", names)).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
  });

  it("is sent what it holds in another version, and what it lacks", () => {
    const client = shop();
    expect(client.request("cluster", { versions: { A: "0" } })).toEqual(["cluster A@1 B@1"]);
    const names = { subscribe: ["A", "B"], versions: { A: "0", B: "1" } };
    expect(client.request("endpoint", names)).toEqual(["endpoint A@1"]);
  });

  it("is told to remove what the view does not know, when it has said what else it holds", () => {
    const client = shop();
    expect(client.request("cluster", { versions: { A: "1", B: "1", C: "1" } })).toEqual([]);
    expect(client.pass(999)).toEqual([]);
    expect(client.pass(1)).toEqual(["cluster -C"]);
    client.ackAll();
    expect(client.pass(60_000)).toEqual([]);
  });

  it("keeps a name of which the view did not know when the view knows it before it is removed", () => {
    const client = shop();
    client.request("cluster", { versions: { A: "1", B: "1", C: "1" } });
    expect(client.change({ cluster: ["A@1", "B@1", "C@2"] })).toEqual(["cluster C@2"]);
    client.ackAll();
    expect(client.pass(60_000)).toEqual([]);
  });

  it("is told of names that it asks for and that are gone, though it holds them", () => {
    const names = { subscribe: ["A", "C"], versions: { A: "1", C: "1" } };
    expect(shop().request("endpoint", names)).toEqual(["endpoint -C"]);
  });

  it("is told of changes from then on", () => {
    const client = shop();
    client.request("cluster", { versions: { A: "1", B: "1" } });
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual(["cluster A@2"]);
  });

  it("with * and names holds both", () => {
    const client = shop();
    const request = { subscribe: ["*", "missing"], versions: { A: "1", B: "1" } };
    expect(client.request("cluster", request)).toEqual(["cluster -missing"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@1", "B@1", "missing@1"] })).toEqual(["cluster missing@1"]);
  });

  it("is sent the endpoints of a cluster that is sent, though it holds them", () => {
    const client = new DeltaConversation(
      viewOf({ cluster: [resource("A@2", { endpoints: "A" })], endpoint: ["A@1"] }),
    );
    expect(client.request("cluster", { versions: { A: "1" } })).toEqual(["cluster A@2"]);
    const endpoints = client.request("endpoint", { subscribe: ["A"], versions: { A: "1" } });
    expect(endpoints).toEqual(["endpoint A@1"]);
  });
});
