import { describe, expect, it } from "vitest";
import {
  DeltaConversation,
  resource,
  SotwConversation,
  type ViewSketch,
  viewOf,
} from "./conversation.js";

const cluster = (text: string) => resource(text, { endpoints: text.split("@")[0] ?? "" });
const route = (text: string, ...clusters: readonly string[]) => resource(text, { clusters });
const listener = route;

const MESH = {
  cluster: [cluster("A@1"), cluster("B@1")],
  endpoint: ["A@1", "B@1"],
  secret: ["default@1"],
  listener: [listener("L@1", "A")],
  route: [route("R@1", "A", "B")],
} satisfies ViewSketch;

/** A client that has everything and has ACKed it. */
function connected(sketch: ViewSketch = MESH): DeltaConversation {
  const client = new DeltaConversation(viewOf(sketch));
  client.subscribe("cluster");
  client.ackAll();
  client.subscribe("endpoint", "A", "B");
  client.subscribe("secret", "default");
  client.subscribe("listener");
  client.subscribe("route", "R");
  client.ackAll();
  return client;
}

function connectedSotw(sketch: ViewSketch = MESH): SotwConversation {
  const client = new SotwConversation(viewOf(sketch));
  client.subscribe("cluster");
  client.ackAll();
  client.subscribe("endpoint", "A", "B");
  client.subscribe("secret", "default");
  client.subscribe("listener");
  client.subscribe("route", "R");
  client.ackAll();
  return client;
}

describe("the order on one stream", () => {
  it("is clusters, endpoints, secrets, listeners, routes, whatever the order of the requests", () => {
    const client = connected();
    const sent = client.change({
      cluster: [cluster("A@2"), cluster("B@1")],
      endpoint: ["A@1", "B@2"],
      secret: ["default@2"],
      listener: [listener("L@2", "A")],
      route: [route("R@2", "A", "B")],
    });
    expect(sent).toEqual([
      "cluster A@2",
      "endpoint A@1 B@2",
      "secret default@2",
      "listener L@2",
      "route R@2",
    ]);
  });

  it("has unknown types last", () => {
    const client = new DeltaConversation(viewOf({ virtualHost: ["R/a@1"], route: ["R@1"] }));
    client.subscribe("virtualHost");
    client.subscribe("route", "R");
    client.ackAll();
    expect(client.change({ virtualHost: ["R/a@2"], route: ["R@2"] })).toEqual([
      "route R@2",
      "virtualHost R/a@2",
    ]);
  });
});

describe("the endpoints of a changed cluster", () => {
  it("are sent right behind it though they did not change, and no others", () => {
    const client = connected();
    expect(client.change({ cluster: [cluster("A@2"), cluster("B@1")] })).toEqual([
      "cluster A@2",
      "endpoint A@1",
    ]);
  });

  it("are sent in state of the world too, and none for the clusters of the set that did not change", () => {
    const client = connectedSotw();
    expect(client.change({ cluster: [cluster("A@2"), cluster("B@1")] })).toEqual([
      "cluster A@2 B@1",
      "endpoint A@1",
    ]);
  });

  it.each([
    ["delta", connected],
    ["state of the world", connectedSotw],
  ])(
    "wait for it by %s while it waits for the clusters before it, and no others do",
    (_, connect) => {
      const client = connect();
      client.change({ cluster: [cluster("A@2"), cluster("B@1")] });
      client.ack("endpoint");
      const both = { cluster: [cluster("A@2"), cluster("B@2")], endpoint: ["A@2", "B@2"] };
      expect(client.change(both)).toEqual(["endpoint A@2"]);
      client.ack("endpoint");
      const sent = client.ack("cluster");
      expect(sent).toEqual([expect.stringMatching(/^cluster .*B@2$/), "endpoint B@2"]);
    },
  );

  it("wait for it no longer than it waits for the clusters before it", () => {
    const client = connected();
    client.change({ cluster: [cluster("A@2"), cluster("B@1")] });
    client.ack("endpoint");
    const both = { cluster: [cluster("A@2"), cluster("B@2")], endpoint: ["A@1", "B@2"] };
    expect(client.change(both)).toEqual([]);
    expect(client.pass(999)).toEqual([]);
    expect(client.pass(1)).toEqual(["cluster B@2", "endpoint B@2"]);
  });

  it("do not wait for one that the client refused", () => {
    const client = connected();
    client.change({ cluster: [cluster("A@1"), cluster("B@bad")] });
    client.ack("endpoint");
    client.nack("cluster");
    expect(client.change({ endpoint: ["A@1", "B@2"] })).toEqual(["endpoint B@2"]);
  });

  it("do not wait for it when the client has none, without which it may not take the clusters before it", () => {
    const client = connected();
    const withC = (version: number): ViewSketch => ({
      cluster: [...MESH.cluster, cluster(`C@${version}`)],
      endpoint: [...MESH.endpoint, `C@${version}`],
    });
    client.change(withC(1));
    client.change(withC(2));
    expect(client.subscribe("endpoint", "C")).toEqual(["endpoint C@2"]);
    expect(client.ack("cluster")).toEqual(["cluster C@2", "endpoint C@2"]);
  });

  it("are not sent unless the client wants them", () => {
    const client = connected();
    client.unsubscribe("endpoint", "A");
    expect(client.change({ cluster: [cluster("A@2"), cluster("B@1")] })).toEqual(["cluster A@2"]);
  });

  it("are sent even if the endpoints before them are not judged yet", () => {
    const client = connected();
    expect(client.change({ endpoint: ["A@2", "B@1"] })).toEqual(["endpoint A@2"]);
    expect(client.change({ cluster: [cluster("A@2"), cluster("B@1")] })).toEqual([
      "cluster A@2",
      "endpoint A@2",
    ]);
  });

  it("are said to be missing if there are none, which ends the cluster's wait", () => {
    const client = connected();
    const sent = client.change({ cluster: [cluster("A@2"), cluster("B@1")], endpoint: ["B@1"] });
    expect(sent).toEqual(["cluster A@2", "endpoint -A"]);
  });

  it("are those of the name that the cluster says", () => {
    const client = connected({
      cluster: [resource("A@1", { endpoints: "B" })],
      endpoint: ["A@1", "B@1"],
    });
    expect(client.change({ cluster: [resource("A@2", { endpoints: "B" })] })).toEqual([
      "cluster A@2",
      "endpoint B@1",
    ]);
  });
});

describe("what only one virtual host may have", () => {
  const host = (text: string, of: readonly string[], ...clusters: readonly string[]) =>
    resource(text, { exclusive: of, clusters });

  const withHosts = (...virtualHost: ViewSketch["virtualHost"] & object): ViewSketch => ({
    ...MESH,
    virtualHost,
  });
  const BEFORE = withHosts(
    host("R/a@1", ["a", "x"], "A"),
    host("R/b@1", ["b"], "B"),
    host("R/c@1", ["c"], "A"),
  );
  const NEW = {
    cluster: [...MESH.cluster, cluster("C@1")],
    endpoint: [...MESH.endpoint, "C@1"],
  };

  it("goes over in one response, when the one that takes it has its clusters", () => {
    const client = connected(BEFORE);
    client.subscribe("virtualHost");
    client.ackAll();
    const after = withHosts(
      host("R/a@2", ["a"], "A"),
      host("R/b@2", ["b", "x"], "C"),
      host("R/c@2", ["c"], "B"),
    );
    const sent = client.change({ ...after, ...NEW });
    expect(sent).toEqual(["cluster C@1", "virtualHost R/c@2"]);
    client.ack("virtualHost");
    expect(client.ack("cluster")).toEqual(["virtualHost R/a@2 R/b@2"]);
  });

  it("is not taken from one that goes before the one that comes has its clusters", () => {
    const client = connected(BEFORE);
    client.subscribe("virtualHost");
    client.ackAll();
    const after = withHosts(host("R/b@1", ["b"], "B"), host("R/d@1", ["a", "x"], "C"));
    expect(client.change({ ...after, ...NEW })).toEqual(["cluster C@1", "virtualHost -R/c"]);
    client.ack("virtualHost");
    expect(client.ack("cluster")).toEqual(["virtualHost R/d@1 -R/a"]);
  });
});

describe("a route to a new cluster", () => {
  const withC = (routes: ViewSketch): ViewSketch => ({
    cluster: [...MESH.cluster, cluster("C@1")],
    endpoint: [...MESH.endpoint, "C@1"],
    ...routes,
  });

  it("waits until the cluster is taken", () => {
    const client = connected();
    expect(client.change(withC({ route: [route("R@2", "A", "C")] }))).toEqual(["cluster C@1"]);
    expect(client.subscribe("endpoint", "C")).toEqual(["endpoint C@1"]);
    expect(client.ack("cluster")).toEqual(["route R@2"]);
  });

  it("waits in state of the world too", () => {
    const client = connectedSotw();
    expect(client.change(withC({ route: [route("R@2", "A", "C")] }))).toEqual([
      "cluster A@1 B@1 C@1",
    ]);
    expect(client.ack("cluster")).toEqual(["route R@2"]);
  });

  it("waits no longer than a few seconds", () => {
    const client = connected();
    client.change(withC({ route: [route("R@2", "C")] }));
    expect(client.pass(4999)).toEqual([]);
    expect(client.pass(1)).toEqual(["route R@2"]);
  });

  it("holds up nothing else", () => {
    const client = connected({ ...MESH, listener: [listener("L@1", "A"), listener("M@1", "A")] });
    const sent = client.change(
      withC({
        listener: [listener("L@2", "C"), listener("M@2", "A")],
        route: [route("R@2", "B")],
        endpoint: ["A@2", "B@1", "C@1"],
      }),
    );
    expect(sent).toEqual(["cluster C@1", "endpoint A@2", "listener M@2", "route R@2"]);
    expect(client.ack("cluster")).toEqual([]);
    expect(client.ack("listener")).toEqual(["listener L@2"]);
  });

  it("does not wait for a cluster that only changed", () => {
    const client = connected();
    const sent = client.change({
      cluster: [cluster("A@2"), cluster("B@1")],
      route: [route("R@2", "A")],
    });
    expect(sent).toEqual(["cluster A@2", "endpoint A@1", "route R@2"]);
  });

  it("does not wait for a cluster that there is not", () => {
    expect(connected().change({ route: [route("R@2", "nowhere")] })).toEqual(["route R@2"]);
  });

  it("does not wait for a cluster that the client refused", () => {
    const client = connected();
    client.change(withC({ route: [route("R@2", "C")] }));
    expect(client.nack("cluster")).toEqual(["route R@2"]);
  });

  it("waits although the cluster could not be sent yet", () => {
    const client = connected();
    const clusters = [cluster("A@2"), cluster("B@1")];
    client.change({ cluster: clusters });
    const both = { cluster: [...clusters, cluster("C@1")], route: [route("R@2", "C")] };
    expect(client.change(both)).toEqual([]);
    expect(client.ack("cluster")).toEqual(["cluster C@1"]);
    expect(client.ack("cluster")).toEqual(["route R@2"]);
  });

  it("that is asked for is answered when the cluster is taken", () => {
    const client = connected({ ...MESH, route: [...MESH.route, route("S@1", "C")] });
    client.change(withC({}));
    expect(client.subscribe("route", "S", "T")).toEqual(["route -T"]);
    expect(client.ack("cluster")).toEqual(["route S@1"]);
  });

  it("of a client that does not ask for clusters does not wait", () => {
    const client = new DeltaConversation(viewOf(MESH));
    expect(client.subscribe("route", "R")).toEqual(["route R@1"]);
  });

  it("leaves the listener as it is in a set of listeners that goes out meanwhile", () => {
    const client = connectedSotw({
      ...MESH,
      listener: [listener("L@1", "A"), listener("M@1", "A")],
    });
    const sent = client.change(
      withC({ listener: [listener("L@2", "C"), listener("M@2", "A"), listener("N@1", "C")] }),
    );
    expect(sent).toEqual(["cluster A@1 B@1 C@1", "listener L@1 M@2"]);
    client.ack("listener");
    expect(client.ack("cluster")).toEqual(["listener L@2 M@2 N@1"]);
  });
});

describe("the removal of a cluster", () => {
  it("comes after the routes that used it are judged, and before that of its endpoints", () => {
    const client = connected();
    const sent = client.change({
      cluster: [cluster("A@1")],
      endpoint: ["A@1"],
      route: [route("R@2", "A")],
    });
    expect(sent).toEqual(["route R@2"]);
    expect(client.ack("route")).toEqual(["cluster -B"]);
    expect(client.ack("cluster")).toEqual(["endpoint -B"]);
  });

  it("is not followed by that of endpoints that the client gave up", () => {
    const client = connected();
    client.change({ cluster: [cluster("A@1")], endpoint: ["A@1"], route: [route("R@2", "A")] });
    client.ack("route");
    client.unsubscribe("endpoint", "B");
    expect(client.ack("cluster")).toEqual([]);
  });

  it("comes at once when nothing else changes", () => {
    expect(connected().change({ cluster: [cluster("A@1")] })).toEqual(["cluster -B"]);
  });

  it("comes with the other changes of clusters when no route changes", () => {
    const client = connected();
    expect(client.change({ cluster: [cluster("A@2")] })).toEqual([
      "cluster A@2 -B",
      "endpoint A@1",
    ]);
  });

  it("waits behind the other changes of clusters when a route changes", () => {
    const client = connected();
    const sent = client.change({
      cluster: [cluster("A@1"), cluster("C@1")],
      route: [route("R@2", "C")],
    });
    expect(sent).toEqual(["cluster C@1"]);
    expect(client.ack("cluster")).toEqual(["route R@2"]);
    expect(client.ack("route")).toEqual(["cluster -B"]);
  });

  it("comes in state of the world as a set without it, after a set with it", () => {
    const client = connectedSotw();
    const sent = client.change({
      cluster: [cluster("A@1"), cluster("C@1")],
      route: [route("R@2", "C")],
    });
    expect(sent).toEqual(["cluster A@1 B@1 C@1"]);
    expect(client.ack("cluster")).toEqual(["route R@2"]);
    expect(client.ack("route")).toEqual(["cluster A@1 C@1 -B"]);
  });

  it("does not wait for routes if the client has not taken it, since it may never be warm", () => {
    const client = connected();
    const withC = {
      cluster: [...MESH.cluster, cluster("C@1")],
      endpoint: [...MESH.endpoint, "C@1"],
    };
    const withD = {
      cluster: [...MESH.cluster, cluster("D@1")],
      endpoint: [...MESH.endpoint, "D@1"],
    };
    expect(client.change({ ...withC, route: [route("R@2", "C")] })).toEqual(["cluster C@1"]);
    expect(client.change({ ...withD, route: [route("R@3", "D")] })).toEqual([]);
    expect(client.pass(1000)).toEqual(["cluster D@1 -C"]);
    expect(client.ack("cluster")).toEqual(["route R@3"]);
  });

  it("waits for routes if it went, came back, and goes before the client has said that it has it", () => {
    const client = connected();
    const without = { cluster: [cluster("A@1")], endpoint: ["A@1"], route: [route("R@2", "A")] };
    client.change(without);
    expect(client.ack("route")).toEqual(["cluster -B"]);
    client.change({ ...MESH, route: [route("R@3", "B")] });
    expect(client.pass(1000)).toEqual(["cluster B@1", "endpoint B@1"]);
    expect(client.ack("cluster")).toEqual(["route R@3"]);
  });

  it("waits for a judgement no longer than a few seconds", () => {
    const client = connected();
    client.change({ cluster: [cluster("A@1")], route: [route("R@2", "A")] });
    expect(client.pass(4999)).toEqual([]);
    expect(client.pass(1)).toEqual(["cluster -B"]);
  });

  it("comes in state of the world also when the view lost a route that nobody is told of", () => {
    const client = connectedSotw();
    expect(client.change({ cluster: [cluster("A@1")], route: [] })).toEqual(["cluster A@1 -B"]);
  });

  it("waits as long as the client keeps to a route that uses it because it refused the next", () => {
    const client = connected();
    client.change({ cluster: [cluster("A@1")], route: [route("R@bad", "A")] });
    expect(client.nack("route")).toEqual([]);
    expect(client.pass(60_000)).toEqual([]);
    expect(client.change({ route: [route("R@3", "A")] })).toEqual(["route R@3"]);
    expect(client.ack("route")).toEqual(["cluster -B"]);
  });

  it("that the client asks for by name is answered at once if it is not there", () => {
    const client = connected();
    client.change({ route: [route("R@2", "A")] });
    expect(client.subscribe("cluster", "on-demand")).toEqual(["cluster -on-demand"]);
  });
});

describe("virtual hosts of their own", () => {
  it("follow a route configuration that is new, since Envoy asks for them but once", () => {
    const client = new DeltaConversation(
      viewOf({ route: ["R@1"], virtualHost: ["R/a@1", "R/b@1", "S/a@1"] }),
    );
    client.subscribe("route", "R");
    client.subscribe("virtualHost");
    client.ackAll();
    expect(client.change({ route: ["R@1", "S@1"] })).toEqual([]);
    expect(client.subscribe("route", "S")).toEqual(["route S@1", "virtualHost S/a@1"]);
  });

  it("are sent alone when they change", () => {
    const client = new DeltaConversation(
      viewOf({ route: ["R@1"], virtualHost: ["R/a@1", "R/b@1"] }),
    );
    client.subscribe("route", "R");
    client.subscribe("virtualHost");
    client.ackAll();
    expect(client.change({ virtualHost: ["R/a@1", "R/b@2"] })).toEqual(["virtualHost R/b@2"]);
    client.ackAll();
    expect(client.change({ virtualHost: ["R/b@2"] })).toEqual(["virtualHost -R/a"]);
  });
});
