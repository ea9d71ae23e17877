import { describe, expect, it } from "vitest";
import type { EncodedResource } from "../../../src/xds/resource.js";
import { DeltaConversation, resource, SotwConversation, viewOf } from "./conversation.js";

/** A resource of which it is known that every client would refuse it. */
function refused(
  text: string,
  references: Pick<EncodedResource, "clusters"> = {},
): EncodedResource {
  return resource(text, { ...references, refusal: { reason: "no such filter" } });
}

/** A cluster without endpoints, since they are refused, beside one that has its own. */
const withRefusedEndpoints = () =>
  viewOf({
    cluster: [resource("C@1", { endpoints: "E" }), resource("D@1", { endpoints: "F" })],
    endpoint: [refused("E@1"), "F@1"],
  });

describe("a resource that every client would refuse", () => {
  it("is not sent, and the others are", () => {
    const client = new DeltaConversation(viewOf({ listener: [refused("L@1"), "M@1"] }));
    expect(client.subscribe("listener")).toEqual(["listener M@1"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
  });

  it("leaves a new client with an answer, also when there is nothing else", () => {
    const client = new DeltaConversation(viewOf({ listener: [refused("L@1")] }));
    expect(client.subscribe("listener")).toEqual(["listener"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
    expect(client.change({ listener: ["L@2"] })).toEqual(["listener L@2"]);
  });

  it("does not have a new client answered before what waits for its clusters", () => {
    const waits = resource("M@1", { clusters: ["C"] });
    const view = viewOf({ cluster: ["C@1"], listener: [refused("L@1"), waits] });
    const client = new DeltaConversation(view);
    expect(client.subscribe("cluster")).toEqual(["cluster C@1"]);
    expect(client.subscribe("listener")).toEqual([]);
    expect(client.ackAll()).toEqual(["listener M@1"]);
  });

  it("leaves a client with what it has", () => {
    const client = new DeltaConversation(viewOf({ listener: ["L@1", "M@1"] }));
    client.subscribe("listener");
    client.ackAll();
    expect(client.change({ listener: [refused("L@2"), "M@2"] })).toEqual(["listener M@2"]);
    client.ackAll();
    expect(client.change({ listener: ["L@1", "M@2"] })).toEqual([]);
    expect(client.change({ listener: ["L@3", "M@2"] })).toEqual(["listener L@3"]);
  });

  it("is removed when the view has it no more", () => {
    const client = new DeltaConversation(viewOf({ listener: ["L@1"] }));
    client.subscribe("listener");
    client.ackAll();
    client.change({ listener: [refused("L@2")] });
    expect(client.change({ listener: [] })).toEqual(["listener -L"]);
  });

  it("leaves a client that comes back with what it has", () => {
    const client = new DeltaConversation(viewOf({ listener: [refused("L@2"), "M@1"] }));
    const versions = { L: "1", M: "1" };
    expect(client.request("listener", { versions })).toEqual([]);
    expect(client.change({ listener: ["L@3", "M@1"] })).toEqual(["listener L@3"]);
  });

  it("is answered as missing when a client asks for it and has nothing", () => {
    const client = new DeltaConversation(viewOf({ endpoint: [refused("E@1"), "F@1"] }));
    expect(client.subscribe("endpoint", "E", "F")).toEqual(["endpoint F@1 -E"]);
    client.ackAll();
    expect(client.change({ endpoint: [refused("E@2"), "F@1"] })).toEqual([]);
    expect(client.change({ endpoint: ["E@3", "F@1"] })).toEqual(["endpoint E@3"]);
  });

  it("is answered by what the client has when it asks again", () => {
    const client = new DeltaConversation(viewOf({ endpoint: ["E@1"] }));
    client.subscribe("endpoint", "E");
    client.ackAll();
    client.change({ endpoint: [refused("E@2")] });
    expect(client.subscribe("endpoint", "E")).toEqual(["endpoint E@1"]);
  });

  it("has its last content stand in for it in a complete answer", () => {
    const client = new SotwConversation(viewOf({ cluster: ["A@1", "B@1"] }));
    client.subscribe("cluster");
    client.ackAll();
    expect(client.change({ cluster: [refused("A@2"), "B@2"] })).toEqual(["cluster A@1 B@2"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@3", "B@2"] })).toEqual(["cluster A@3 B@2"]);
  });

  it("is left out of the complete answer to a new client", () => {
    const client = new SotwConversation(viewOf({ cluster: [refused("A@1"), "B@1"] }));
    expect(client.subscribe("cluster")).toEqual(["cluster B@1"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("is left out of a partial answer", () => {
    const client = new SotwConversation(viewOf({ route: [refused("R@1"), "S@1"] }));
    expect(client.subscribe("route", "R", "S")).toEqual(["route S@1"]);
    client.ackAll();
    expect(client.change({ route: ["R@2", "S@1"] })).toEqual(["route R@2"]);
  });

  it("does not have a cluster wait for endpoints in vain, by state of the world", () => {
    const client = new SotwConversation(withRefusedEndpoints());
    expect(client.subscribe("cluster")).toEqual(["cluster C@1 D@1"]);
    // A client that is new acknowledges its first clusters before they are warm.
    client.ackAll();
    expect(client.subscribe("endpoint", "E", "F")).toEqual(["endpoint F@1 -E"]);
    client.ackAll();
    expect(client.change({ endpoint: ["E@2", "F@1"] })).toEqual(["endpoint E@2"]);
  });

  it("leaves a client that comes back with its endpoints, by state of the world", () => {
    const client = new SotwConversation(withRefusedEndpoints());
    client.request("cluster", { version: "1" });
    client.ackAll();
    expect(client.request("endpoint", { names: ["E", "F"], version: "1" })).toEqual([
      "endpoint F@1",
    ]);
  });

  it("keeps the clusters that its last content uses", () => {
    const client = new DeltaConversation(
      viewOf({ cluster: ["A@1", "B@1"], listener: [resource("L@1", { clusters: ["A"] })] }),
    );
    client.subscribe("cluster");
    client.subscribe("listener");
    client.ackAll();
    const listener = [refused("L@2", { clusters: ["C"] })];
    expect(client.change({ cluster: ["C@1"], listener })).toEqual(["cluster C@1 -B"]);
    expect([...client.ackAll(), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ listener: [] })).toEqual(["listener -L"]);
    expect(client.ackAll()).toEqual(["cluster -A"]);
  });

  it("keeps all clusters of a client that came back with other content of it", () => {
    const client = new DeltaConversation(
      viewOf({ cluster: ["B@1"], route: [refused("R@2", { clusters: ["B"] })] }),
    );
    client.request("cluster", { versions: { A: "1", B: "1" } });
    client.request("route", { subscribe: ["R"], versions: { R: "1" } });
    expect([...client.ackAll(), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ route: [resource("R@3", { clusters: ["B"] })] })).toEqual(["route R@3"]);
    expect([...client.ackAll(), ...client.pass(60_000)]).toEqual(["cluster -A"]);
  });
});
