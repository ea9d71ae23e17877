import { describe, expect, it } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { setVersion } from "../../../src/xds/state/response/payload.js";
import { outstandingOf } from "../../../src/xds/state/status/outstanding.js";
import { acceptedResources, typeStatuses } from "../../../src/xds/state/status/stream-status.js";
import { resource, SotwConversation, tableOf, viewOf } from "./conversation.js";

const shop = () =>
  new SotwConversation(
    viewOf({
      cluster: ["A@1", "B@1"],
      endpoint: ["A@1", "B@1"],
      listener: ["L@1", "M@1"],
      route: ["R@1", "S@1"],
      secret: ["default@1"],
    }),
  );

describe("a state-of-the-world client", () => {
  it("is sent everything when its first request has no names", () => {
    expect(shop().subscribe("cluster")).toEqual(["cluster A@1 B@1"]);
  });

  it("is sent everything for the name *", () => {
    expect(shop().subscribe("listener", "*")).toEqual(["listener L@1 M@1"]);
  });

  it("is sent nothing without names for a type that is asked for by name", () => {
    expect(shop().subscribe("endpoint")).toEqual([]);
  });

  it("is sent the names that it asks for", () => {
    expect(shop().subscribe("listener", "M")).toEqual(["listener M@1"]);
    expect(shop().subscribe("route", "S", "R")).toEqual(["route R@1 S@1"]);
  });

  it("is sent nothing for its ACK", () => {
    const client = shop();
    client.subscribe("cluster");
    client.subscribe("endpoint", "A", "B");
    expect(client.ackAll()).toEqual([]);
  });

  it("is sent the whole set of clusters and listeners when one of them changes", () => {
    const client = shop();
    client.subscribe("cluster");
    client.subscribe("listener");
    client.ackAll();
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual(["cluster A@2 B@1"]);
    expect(client.change({ listener: ["L@1", "M@2", "N@1"] })).toEqual(["listener L@1 M@2 N@1"]);
  });

  it("is sent of other types only what changed", () => {
    const client = shop();
    client.subscribe("endpoint", "A", "B");
    client.subscribe("route", "R", "S");
    client.ackAll();
    expect(client.change({ endpoint: ["A@1", "B@2"] })).toEqual(["endpoint B@2"]);
    expect(client.change({ route: ["R@2", "S@1"] })).toEqual(["route R@2"]);
  });

  it("that asks for clusters by name is sent the whole set of these names", () => {
    const client = shop();
    client.subscribe("cluster", "A", "Z");
    client.ackAll();
    expect(client.change({ cluster: ["A@1", "B@1", "Z@2"] })).toEqual(["cluster A@1 Z@2"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@1", "B@2", "Z@2"] })).toEqual([]);
  });

  it("is sent a route when it comes into being", () => {
    const client = shop();
    expect(client.subscribe("route", "R", "T")).toEqual(["route R@1"]);
    client.ackAll();
    expect(client.change({ route: ["R@1", "S@1", "T@2"] })).toEqual(["route T@2"]);
  });

  it("is not answered when nothing of what it asks for exists", () => {
    const client = shop();
    expect(client.subscribe("endpoint", "missing")).toEqual([]);
    expect(client.change({ endpoint: ["missing@1"] })).toEqual(["endpoint missing@1"]);
  });

  it("is not told that there are no endpoints unless a cluster of its waits for them", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    expect(client.subscribe("endpoint", "A", "missing")).toEqual(["endpoint A@1"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.subscribe("endpoint", "A", "missing", "more")).toEqual([]);
    expect(client.state.subscriptions.every(({ answersDue }) => answersDue.size === 0)).toBe(true);
    expect(client.change({ endpoint: ["A@1", "missing@1"] })).toEqual(["endpoint missing@1"]);
  });

  it("is told by an empty set that there are no clusters", () => {
    const client = new SotwConversation(viewOf({ cluster: [] }));
    expect(client.subscribe("cluster")).toEqual(["cluster"]);
    expect(client.ackAll()).toEqual([]);
  });

  it("is told by what is missing in the set that a listener is gone, and is not told of a route", () => {
    const client = shop();
    client.subscribe("listener");
    client.subscribe("route", "R", "S");
    client.ackAll();
    expect(client.change({ listener: ["M@1"], route: ["S@1"] })).toEqual(["listener M@1 -L"]);
    client.ackAll();
    expect(client.change({ route: ["R@1", "S@1"] })).toEqual(["route R@1"]);
  });

  it("gets versions that are equal for equal sets", () => {
    const client = shop();
    client.subscribe("cluster");
    const first = client.last("cluster").payload.version;
    client.ackAll();
    client.change({ cluster: ["A@2", "B@1"] });
    client.ackAll();
    client.change({ cluster: ["A@1", "B@1"] });
    expect(client.last("cluster").payload.version).toBe(first);
  });
});

describe("the names of a state-of-the-world request", () => {
  it("that are new are answered, and the others are not", () => {
    const client = shop();
    client.subscribe("endpoint", "A");
    expect(client.subscribe("endpoint", "A", "B")).toEqual(["endpoint B@1"]);
  });

  it("that are new to a list of clusters are answered with the whole set", () => {
    const client = shop();
    client.subscribe("cluster", "A");
    expect(client.subscribe("cluster", "A", "B")).toEqual(["cluster A@1 B@1"]);
  });

  it("in another order are the same", () => {
    const client = shop();
    client.subscribe("endpoint", "B", "A");
    expect(client.subscribe("endpoint", "A", "B")).toEqual([]);
  });

  it.each(["cluster", "listener", "route", "endpoint"] as const)(
    "are not answered when there are fewer %ss, and those that are gone are not sent again",
    (type) => {
      const client = new SotwConversation(viewOf({ [type]: ["A@1", "B@1"] }));
      client.subscribe(type, "A", "B");
      expect(client.subscribe(type, "A")).toEqual([]);
      expect(client.change({ [type]: ["A@1", "B@2"] })).toEqual([]);
      expect(client.change({ [type]: ["A@2", "B@2"] })).toEqual([`${type} A@2`]);
    },
  );

  it.each(["cluster", "listener", "route", "endpoint"] as const)(
    "mean nothing, not everything, when there are none after there were some of %ss",
    (type) => {
      const client = new SotwConversation(viewOf({ [type]: ["A@1", "B@1"] }));
      client.subscribe(type, "A", "B");
      expect(client.subscribe(type)).toEqual([]);
      expect(client.change({ [type]: ["A@2"] })).toEqual([]);
    },
  );

  it("mean nothing when there are none after *", () => {
    const client = shop();
    client.subscribe("cluster", "*");
    expect(client.subscribe("cluster")).toEqual([]);
    expect(client.change({ cluster: ["A@2"] })).toEqual([]);
  });

  it("that come after none at all take its place", () => {
    const client = shop();
    client.subscribe("cluster");
    expect(client.subscribe("cluster", "B")).toEqual(["cluster B@1"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual([]);
  });

  it("that come with * are added to everything", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    expect(client.subscribe("cluster", "*", "B")).toEqual(["cluster A@1 B@1"]);
  });

  it("that become * ask for everything else", () => {
    const client = shop();
    client.subscribe("endpoint", "A");
    client.ackAll();
    expect(client.subscribe("endpoint", "*")).toEqual(["endpoint B@1"]);
  });
});

describe("the nonce of a state-of-the-world request", () => {
  it("that is stale makes the request out of date", () => {
    const client = shop();
    client.subscribe("endpoint", "A");
    const { nonce } = client.last("endpoint");
    client.ackAll();
    client.change({ endpoint: ["A@2", "B@1"] });
    expect(client.request("endpoint", { names: ["A", "B"], nonce })).toEqual([]);
    expect(client.request("endpoint", { names: ["A", "B"], nonce: "none" })).toEqual([]);
    expect(client.ack("endpoint")).toEqual(["endpoint B@1"]);
  });

  it("that is stale does not keep the request from giving up names, which can be asked for anew", () => {
    const client = shop();
    client.subscribe("route", "R", "S");
    const { nonce } = client.last("route");
    client.ackAll();
    client.change({ route: ["R@2", "S@1"] });
    expect(client.request("route", { names: ["R"], nonce })).toEqual([]);
    expect(client.subscribe("route", "R", "S")).toEqual(["route S@1"]);
  });

  it("that comes a second time with the same names is a question, and answered", () => {
    const client = shop();
    client.subscribe("endpoint", "A", "B");
    expect(client.ack("endpoint")).toEqual([]);
    expect(client.ack("endpoint")).toEqual(["endpoint A@1 B@1"]);
    expect(client.ack("endpoint")).toEqual([]);
  });

  it("that comes a second time for everything is not answered", () => {
    const client = shop();
    client.subscribe("cluster");
    expect(client.ack("cluster")).toEqual([]);
    expect(client.ack("cluster")).toEqual([]);
  });

  it("that is missing on a type that was answered asks for all of it", () => {
    const client = shop();
    client.subscribe("cluster");
    client.subscribe("route", "R");
    client.ackAll();
    expect(client.request("cluster", { nonce: "" })).toEqual(["cluster A@1 B@1"]);
    expect(client.request("route", { nonce: "" })).toEqual(["route R@1"]);
  });

  it("of another stream is of no meaning on the first request", () => {
    const client = shop();
    expect(client.request("cluster", { version: "old", nonce: "old" })).toEqual([
      "cluster A@1 B@1",
    ]);
  });

  it("settles the responses before its own too", () => {
    const client = shop();
    client.subscribe("endpoint", "A");
    client.subscribe("endpoint", "A", "B");
    client.ack("endpoint");
    expect(client.state.subscriptions[0]?.inFlight).toEqual([]);
  });
});

describe("a state-of-the-world client that comes back", () => {
  it("is not sent the set of clusters that it holds", () => {
    const client = shop();
    const version = setVersion(tableOf(["A@1", "B@1"]).values());
    expect(client.request("cluster", { version })).toEqual([]);
    expect(client.change({ cluster: ["A@2", "B@1"] })).toEqual(["cluster A@2 B@1"]);
  });

  it("is sent all endpoints and routes that it asks for", () => {
    const client = shop();
    expect(client.request("endpoint", { names: ["A", "B"], version: "v" })).toEqual([
      "endpoint A@1 B@1",
    ]);
    expect(client.request("route", { names: ["R"], version: "v" })).toEqual(["route R@1"]);
  });

  it("is never sent an empty set in place of what it has, but may lose it later", () => {
    const client = new SotwConversation(viewOf({ listener: [] }));
    expect(client.request("listener", { version: "v" })).toEqual([]);
    expect(client.change({ listener: ["L@1"] })).toEqual(["listener L@1"]);
    client.ackAll();
    expect(client.change({ listener: [] })).toEqual(["listener -L"]);
  });

  it("keeps its listeners until all of the new ones can be sent", () => {
    const client = new SotwConversation(
      viewOf({
        cluster: ["A@1"],
        listener: ["L@2", resource("M@1", { clusters: ["A"] })],
      }),
    );
    client.subscribe("cluster");
    expect(client.request("listener", { version: "v" })).toEqual([]);
    expect(client.ack("cluster")).toEqual(["listener L@2 M@1"]);
  });
});

describe("a state-of-the-world client that refuses", () => {
  it("a set that it came back to is left with what it has until the view changes", () => {
    const client = shop();
    client.request("cluster", { version: "v" });
    expect(client.nack("cluster")).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
    const { view } = client.state;
    expect(client.publish({ get: (typeUrl) => view.get(typeUrl) })).toEqual([]);
    expect(client.change({ cluster: ["A@1", "B@2"] })).toEqual(["cluster A@1 B@2"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@1"] })).toEqual(["cluster A@1 -B"]);
  });

  it("one changed cluster keeps it in every later set as it was", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    client.change({ cluster: ["A@bad", "B@1"] });
    expect(client.nack("cluster")).toEqual([]);
    expect(client.change({ cluster: ["A@bad", "B@2"] })).toEqual(["cluster A@1 B@2"]);
    client.ackAll();
    expect(client.change({ cluster: ["A@3", "B@2"] })).toEqual(["cluster A@3 B@2"]);
  });

  it("a new cluster is sent sets without it", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    client.change({ cluster: ["A@1", "B@1", "C@bad"] });
    client.nack("cluster");
    expect(client.change({ cluster: ["A@2", "B@1", "C@bad"] })).toEqual(["cluster A@2 B@1"]);
  });

  it("one of several is sent them one by one over what it has accepted", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    client.change({ cluster: ["A@2", "B@bad", "C@1"] });
    const sets = client.nack("cluster", "no name");
    const isBad = () =>
      client.last("cluster").payload.resources.some(({ version }) => version === "bad");
    while (client.state.subscriptions[0]?.inFlight.length === 1) {
      sets.push(...(isBad() ? client.nack("cluster", "no name") : client.ack("cluster")));
    }
    expect(sets.at(-1)).toBe("cluster A@2 B@1 C@1");
    expect(sets).toHaveLength(3);
    expect(sets.filter((set) => set.includes("bad"))).toHaveLength(1);
    expect(client.pass(60_000)).toEqual([]);
  });

  it("one of several is not sent it again when its answer comes late", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    client.change({ cluster: ["A@2", "B@2", "C@bad"] });
    expect(client.nack("cluster", "no name")).toEqual(["cluster A@1 B@1 C@bad"]);
    const { nonce } = client.last("cluster");
    expect(client.pass(1000)).toEqual([expect.stringMatching(/^cluster .* C@bad$/)]);
    expect(client.request("cluster", { nonce, error: "no name" })).toEqual([]);
    expect(client.pass(1000)).toEqual(["cluster A@2 B@2"]);
  });

  describe("while it keeps its judgements of clusters back", () => {
    /** Sends these sets without an answer; the version of each. */
    function unanswered(client: SotwConversation, ...sets: readonly string[][]): string[] {
      return sets.map((cluster) => {
        client.change({ cluster });
        client.pass(1000);
        return client.last("cluster").payload.version;
      });
    }

    it("and took the last set, is not taken to have refused that", () => {
      const client = shop();
      client.subscribe("cluster");
      client.ackAll();
      const sets = [
        ["A@2", "B@1"],
        ["A@2", "B@bad"],
        ["A@2", "B@1", "C@1"],
      ];
      const version = unanswered(client, ...sets).at(-1) ?? "";
      const { nonce } = client.last("cluster");
      expect(client.request("cluster", { nonce, version, error: "B: bad" })).toEqual([]);
      expect(typeStatuses(client.state)).toMatchObject([{ quarantined: [] }]);
      const more = { cluster: ["A@2", "B@1", "C@1", "D@1"] };
      expect(client.change(more)).toEqual(["cluster A@2 B@1 C@1 D@1"]);
    });

    it("is not taken to have accepted a set before the last one that it refused", () => {
      const client = shop();
      client.subscribe("cluster");
      client.ackAll();
      const sets = [
        ["A@2", "B@1"],
        ["A@2", "B@bad"],
        ["A@2", "B@bad", "C@1"],
      ];
      const [version = ""] = unanswered(client, ...sets);
      const { nonce } = client.last("cluster");
      client.request("cluster", { nonce, version, error: "no name" });
      const isBad = () =>
        client.last("cluster").payload.resources.some((one) => one.version === "bad");
      while (client.state.subscriptions[0]?.inFlight.length === 1) {
        if (isBad()) client.nack("cluster", "no name");
        else client.ack("cluster");
      }
      expect(typeStatuses(client.state)).toMatchObject([{ quarantined: [{ name: "B" }] }]);
      const accepted = acceptedResources(client.state, TYPE_URL.cluster);
      expect(accepted.map((one) => `${one.name}@${one.version}`)).toEqual(["A@2", "B@1", "C@1"]);
    });

    it("may have got a cluster only by the set behind one that it refused, and routes wait for that", () => {
      const client = shop();
      client.subscribe("cluster");
      client.subscribe("route", "R");
      client.ackAll();
      client.change({ cluster: ["A@1", "B@1", "C@1", "D@bad"] });
      const { nonce } = client.last("cluster");
      client.change({ cluster: ["A@1", "B@1", "C@1"] });
      expect(client.pass(1000)).toEqual(["cluster A@1 B@1 C@1 -D"]);
      client.request("cluster", { nonce, error: "no name" });
      expect(client.change({ route: [resource("R@2", { clusters: ["C"] })] })).toEqual([]);
      expect(client.ack("cluster")).toEqual(["route R@2"]);
    });

    it("is sent again what it may have had replaced by a set before the last one that it refused", () => {
      const client = shop();
      client.subscribe("cluster");
      client.ackAll();
      unanswered(client, ["A@2", "B@bad"], ["A@1", "B@bad"]);
      expect(client.nack("cluster", "B: bad")).toEqual(["cluster A@1 B@1"]);
    });
  });

  it("a route is sent the other routes again", () => {
    const client = shop();
    client.subscribe("route", "R", "S");
    expect(client.nack("route", "bad regex").sort()).toEqual([
      expect.stringMatching(/^route .@1$/),
    ]);
    expect(client.ack("route")).toHaveLength(1);
  });

  it("a set that an older ACK stands for goes on as if nothing was refused when the view goes back", () => {
    const client = shop();
    client.subscribe("cluster");
    client.ackAll();
    client.change({ cluster: ["A@2", "B@bad"] });
    // The client has taken A@2, and refused B@bad; it must be told that A@1 is back.
    client.now = 100;
    const answers = client.step((state) => ({
      ...state,
      view: viewOf({ cluster: ["A@1", "B@1"] }),
    }));
    expect(answers).toEqual([]);
    expect(client.nack("cluster", "B: bad")).toEqual(["cluster A@1 B@1"]);
    expect(client.ackAll()).toEqual([]);
    expect(client.state.view.get(TYPE_URL.cluster)).toBeDefined();
  });
});

describe("a state-of-the-world client that waits for endpoints that are gone", () => {
  const cluster = (text: string) => resource(text, { endpoints: text.split("@")[0] ?? "" });
  const withA = { cluster: [cluster("A@1")], endpoint: ["A@1"], route: ["R@1"] };
  const withB = {
    cluster: [cluster("A@1"), cluster("B@1")],
    endpoint: ["A@1", "B@1"],
    route: [resource("R@2", { clusters: ["B"] })],
  };

  /** It has A and its endpoints, and was sent the cluster B, which is gone again when it asks for the endpoints. */
  function waiting(): SotwConversation {
    const client = new SotwConversation(viewOf(withA));
    client.subscribe("cluster");
    client.subscribe("endpoint", "A");
    client.subscribe("route", "R");
    client.ackAll();
    expect(client.change(withB)).toEqual(["cluster A@1 B@1"]);
    expect(client.change(withA)).toEqual([]);
    return client;
  }

  it("is told that there are none", () => {
    const client = waiting();
    expect(client.subscribe("endpoint", "A", "B")).toEqual(["endpoint -B"]);
    expect(client.ack("endpoint")).toEqual([]);
    expect(client.ack("cluster")).toEqual(["cluster A@1 -B"]);
    expect(client.ack("cluster")).toEqual([]);
  });

  it("is sent them when they come, and is not told when they go again", () => {
    const client = waiting();
    client.subscribe("endpoint", "A", "B");
    client.ack("endpoint");
    expect(client.change({ endpoint: ["A@1", "B@2"] })).toEqual(["endpoint B@2"]);
    client.ack("endpoint");
    expect(client.change({ endpoint: ["A@1"] })).toEqual([]);
  });

  it("is told once, and again when it asks again", () => {
    const client = waiting();
    client.subscribe("endpoint", "A", "B");
    expect(client.ack("endpoint")).toEqual([]);
    expect(client.ack("endpoint")).toEqual(["endpoint A@1 -B"]);
  });

  it("is told again if it refused what came beside it, and not if it refused that alone", () => {
    const client = waiting();
    client.subscribe("endpoint", "A", "B");
    client.ack("endpoint");
    expect(client.ack("endpoint")).toEqual(["endpoint A@1 -B"]);
    expect(client.change({ endpoint: ["A@bad"] })).toEqual([]);
    expect(client.ack("endpoint")).toEqual(["endpoint A@bad"]);
    client.ack("endpoint");
    expect(client.request("endpoint", { names: ["A", "B"], nonce: "" })).toEqual([
      "endpoint A@bad -B",
    ]);
    expect(client.nack("endpoint")).toEqual(["endpoint -B"]);
    expect(client.nack("endpoint")).toEqual([]);
    expect(client.pass(60_000).filter((line) => line.startsWith("endpoint"))).toEqual([]);
  });

  it("says another version of what it took than without them, and holds nothing under their name", () => {
    const client = waiting();
    client.subscribe("endpoint", "A", "B");
    const { version } = client.last("endpoint").payload;
    client.ack("endpoint");
    expect(version).not.toBe(setVersion([]));
    expect(acceptedResources(client.state, TYPE_URL.endpoint).map(({ name }) => name)).toEqual([
      "A",
    ]);
    client.ackAll();
    expect(outstandingOf(client.state, client.state.view)).toEqual([]);
  });

  it("is not told by a stale request, but by the next", () => {
    const client = waiting();
    const { nonce } = client.last("endpoint");
    client.change({ endpoint: ["A@2"] });
    expect(client.request("endpoint", { names: ["A", "B"], nonce })).toEqual([]);
    expect(client.ack("endpoint")).toEqual(["endpoint -B"]);
  });

  it("is not told so of those that it has, while calls may go by them", () => {
    const client = new SotwConversation(viewOf(withB));
    client.subscribe("cluster");
    client.ackAll();
    client.subscribe("endpoint", "A", "B");
    client.subscribe("route", "R");
    client.ackAll();
    expect(client.change({ ...withA, cluster: [cluster("A@2")] })).toEqual([
      "cluster A@2 B@1",
      "endpoint A@1",
      "route R@1",
    ]);
    client.ack("endpoint");
    expect(client.ack("endpoint")).toEqual(["endpoint A@1"]);
    expect(client.ackAll()).toEqual(["cluster A@2 -B"]);
  });

  it("that came back with clusters of its own is told nothing of what may be in use", () => {
    const client = new SotwConversation(viewOf(withB));
    client.request("cluster", { version: "old" });
    client.change(withA);
    expect(client.request("endpoint", { names: ["A", "B"], version: "old" })).toEqual([
      "endpoint A@1",
    ]);
  });

  it("that came back and cannot take a cluster that is gone is sent those that are there in the end", () => {
    const client = new SotwConversation(viewOf({ ...withA, route: [] }));
    client.request("cluster", { version: "old" });
    client.request("route", { names: ["R"], version: "old" });
    const route = [resource("R@2", { clusters: ["B"] })];
    client.change({ cluster: [cluster("B@1")], endpoint: ["B@1"], route });
    expect(client.pass(60_000)).toContain("cluster B@1 -A");
  });
});
