import { describe, expect, it } from "vitest";
import { type EncodedResource, type ResourceTable, TYPE_URL } from "../../../src/xds/resource.js";
import { onDeltaRequest } from "../../../src/xds/state/request/delta-request.js";
import { createTableDigest } from "../../../src/xds/state/request/table-digest.js";
import {
  DeltaConversation,
  resource,
  SotwConversation,
  type TypeName,
  tableOf,
  type ViewSketch,
  viewOf,
} from "./conversation.js";

const cluster = (text: string) => resource(text, { endpoints: text.split("@")[0] ?? "" });
const using = (text: string, ...clusters: readonly string[]): EncodedResource =>
  resource(text, { clusters });

/** The listener L uses the route configuration R, which uses B. */
const MESH = {
  cluster: [cluster("A@1"), cluster("B@1")],
  endpoint: ["A@1", "B@1"],
  listener: ["L@1"],
  route: [using("R@1", "B"), using("S@1", "A")],
} satisfies ViewSketch;

/** What is left when L uses another route configuration, and of R and B nothing is. */
const WITHOUT_R = {
  cluster: [cluster("A@1")],
  endpoint: ["A@1"],
  route: [using("S@1", "A")],
} satisfies ViewSketch;

/** A client that has everything and has ACKed it. */
function connected<C extends DeltaConversation | SotwConversation>(client: C): C {
  client.subscribe("cluster");
  client.ackAll();
  client.subscribe("endpoint", "A", "B");
  client.subscribe("listener");
  client.subscribe("route", "R", "S");
  client.ackAll();
  return client;
}

/** By the incremental protocol; the virtual hosts of R are resources of their own if there are any. */
function delta(sketch: ViewSketch = MESH): DeltaConversation {
  return connected(new DeltaConversation(viewOf(sketch)));
}

const sotw = (): SotwConversation => connected(new SotwConversation(viewOf(MESH)));

/** A client says that it holds a table which it had before, and asks for its routes by name. */
function comeBack(client: DeltaConversation, type: TypeName, table: ResourceTable): string[] {
  client.known.keep(table);
  const initialVersions = {
    size: table.size,
    entries: () => new Map([...table].map(([name, { version }]) => [name, version])),
    digest: (seed: number) => createTableDigest(seed)(table),
  };
  const subscribe = type === "route" ? [...table.keys()] : [];
  const request = {
    typeUrl: TYPE_URL[type],
    subscribe,
    unsubscribe: [],
    initialVersions,
    nonce: "",
  };
  return client.step((state) => onDeltaRequest(state, request, client.moment));
}

describe("a route configuration that is gone", () => {
  it("is removed when the listeners of the same edit are judged, and then its clusters", () => {
    const client = delta();
    expect(client.change({ ...WITHOUT_R, listener: ["L@2"] })).toEqual(["listener L@2"]);
    expect(client.ack("listener")).toEqual(["route -R"]);
    expect(client.ack("route")).toEqual(["cluster -B"]);
    expect(client.ack("cluster")).toEqual(["endpoint -B"]);
  });

  it("is not removed when the client gives it up first", () => {
    const client = delta();
    client.change({ ...WITHOUT_R, listener: ["L@2"] });
    expect(client.unsubscribe("route", "R")).toEqual([]);
    expect(client.ack("listener")).toEqual(["cluster -B"]);
  });

  it("waits for listeners no longer than a few seconds", () => {
    const client = delta();
    client.change({ ...WITHOUT_R, listener: ["L@2"] });
    expect(client.pass(4999)).toEqual([]);
    expect(client.pass(1)).toEqual(["route -R"]);
  });

  it("waits for nothing when listeners do not change", () => {
    expect(delta().change(WITHOUT_R)).toEqual(["route -R"]);
  });

  it("stays with its clusters while the client asks for it and keeps to a listener because it refused the next", () => {
    const client = delta();
    client.change({ ...WITHOUT_R, listener: ["L@bad"] });
    expect([...client.nack("listener"), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ listener: ["L@3"] })).toEqual(["listener L@3"]);
    expect(client.ack("listener")).toEqual(["route -R"]);
    expect(client.ack("route")).toEqual(["cluster -B"]);
  });

  it("stays with its clusters in state of the world too", () => {
    const client = sotw();
    expect(client.change({ ...WITHOUT_R, listener: ["L@bad"] })).toEqual(["listener L@bad"]);
    expect([...client.nack("listener"), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ listener: ["L@3"] })).toEqual(["listener L@3"]);
    expect(client.ack("listener")).toEqual(["cluster A@1 -B"]);
  });

  it("that the client was sent and has not judged stays too", () => {
    const client = new SotwConversation(viewOf({ ...MESH, route: [] }));
    connected(client);
    client.change({ route: MESH.route });
    client.change({ ...WITHOUT_R, listener: ["L@bad"] });
    client.ack("route");
    expect([...client.nack("listener"), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ listener: ["L@3"] })).toEqual(["listener L@3"]);
    expect(client.ack("listener")).toEqual(["cluster A@1 -B"]);
  });

  it("that the client only waits for is answered though it keeps to an older listener", () => {
    const client = delta();
    client.change({ listener: ["L@bad"] });
    client.nack("listener");
    expect(client.subscribe("route", "T")).toEqual(["route -T"]);
  });

  it("stays when the client asks for it again", () => {
    const client = sotw();
    client.change({ ...WITHOUT_R, listener: ["L@bad"] });
    client.nack("listener");
    expect(client.ack("route")).toEqual(["route S@1"]);
    expect([...client.ack("route"), ...client.pass(60_000)]).toEqual([]);
  });

  it("is not sent again when it comes back as it was", () => {
    const client = delta();
    client.change({ ...WITHOUT_R, listener: ["L@bad"] });
    client.nack("listener");
    const { listener: _, ...others } = MESH;
    expect(client.change(others)).toEqual([]);
  });
});

describe("the virtual hosts of a route configuration that is gone", () => {
  const SPLIT = {
    ...MESH,
    route: ["R@1", "S@1"],
    virtualHost: [using("R/a@1", "B"), using("R/b@1"), using("S/a@1", "A"), using("S/b@1", "A")],
  } satisfies ViewSketch;
  const WITHOUT = {
    ...WITHOUT_R,
    route: ["S@1"],
    virtualHost: [using("S/a@1", "A")],
  } satisfies ViewSketch;

  function split(): DeltaConversation {
    const client = delta(SPLIT);
    client.subscribe("virtualHost");
    client.ackAll();
    return client;
  }

  it("are removed with it", () => {
    const client = split();
    const sent = client.change({ ...WITHOUT, listener: ["L@2"] });
    expect(sent).toEqual(["listener L@2", "virtualHost -S/b"]);
    client.ack("virtualHost");
    expect(client.ack("listener")).toEqual(["route -R", "virtualHost -R/a -R/b"]);
    client.ack("route");
    expect(client.ack("virtualHost")).toEqual(["cluster -B"]);
  });

  it("stay with it, and with their clusters, while the client keeps to an older listener", () => {
    const client = split();
    client.change({ ...WITHOUT, listener: ["L@bad"] });
    client.ack("virtualHost");
    expect([...client.nack("listener"), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ virtualHost: [] })).toEqual(["virtualHost -S/a"]);
    client.ack("virtualHost");
    client.change({ listener: ["L@3"] });
    expect(client.ack("listener")).toEqual(["route -R", "virtualHost -R/a -R/b"]);
  });

  it("stay when the client comes back, and go when it takes a newer listener", () => {
    const client = new DeltaConversation(viewOf({ ...WITHOUT, listener: ["L@bad"] }));
    client.request("cluster", { versions: { A: "1", B: "1" } });
    expect(client.request("listener", { versions: { L: "1" } })).toEqual(["listener L@bad"]);
    const routes = { subscribe: ["R", "S"], versions: { R: "1", S: "1" } };
    expect(client.request("route", routes)).toEqual([]);
    const hosts = { "R/a": "1", "R/b": "1", "S/a": "1", "S/c": "1" };
    expect(client.request("virtualHost", { versions: hosts })).toEqual(["virtualHost -S/c"]);
    client.ack("virtualHost");
    expect([...client.nack("listener"), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ route: ["S@2"] })).toEqual(["route S@2", "virtualHost S/a@1"]);
    expect([...client.ack("route"), ...client.ack("virtualHost")]).toEqual([]);
    client.change({ listener: ["L@3"] });
    expect(client.ack("listener")).toEqual(["route -R", "virtualHost -R/a -R/b"]);
    client.ack("route");
    expect(client.ack("virtualHost")).toEqual(["cluster -B"]);
  });

  it("stay when the client comes back to a server that knows what it had", () => {
    const client = new DeltaConversation(viewOf({ ...WITHOUT, listener: ["L@bad"] }));
    comeBack(client, "listener", tableOf(MESH.listener));
    expect(comeBack(client, "route", tableOf(SPLIT.route))).toEqual([]);
    expect(comeBack(client, "virtualHost", tableOf(SPLIT.virtualHost))).toEqual([
      "virtualHost -S/b",
    ]);
    client.ack("virtualHost");
    expect([...client.nack("listener"), ...client.pass(60_000)]).toEqual([]);
    expect(client.change({ route: ["S@2"] })).toEqual(["route S@2", "virtualHost S/a@1"]);
    expect([...client.ack("route"), ...client.ack("virtualHost")]).toEqual([]);
    client.change({ listener: ["L@3"] });
    expect(client.ack("listener")).toEqual(["route -R", "virtualHost -R/a -R/b"]);
  });
});
