import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EncodedResource, type ResourceView, TYPE_URL } from "../../../src/xds/resource.js";
import { subscriptionTo } from "../../../src/xds/state/stream-state.js";
import type { Subscription } from "../../../src/xds/state/subscription/subscription.js";
import {
  changed,
  DeltaConversation,
  newServer,
  resource,
  type Sharing,
  type TypeName,
  type ViewSketch,
  viewOf,
} from "./conversation.js";

const NAMES: Partial<Record<TypeName, readonly string[]>> = {
  cluster: [],
  endpoint: ["A", "B"],
  listener: [],
  route: ["R", "S"],
};
const TYPES = ["cluster", "endpoint", "listener", "route"] as const;

const FIRST: ViewSketch = {
  cluster: ["A@1", "B@1"],
  endpoint: ["A@1", "B@1"],
  listener: ["L@1"],
  route: ["R@1", "S@1"],
};

/** A client that has asked for everything; nothing of it is judged yet. */
function asking(view: ResourceView, server: Sharing, id: string): DeltaConversation {
  const client = new DeltaConversation(view, server, id);
  for (const type of TYPES) client.subscribe(type, ...(NAMES[type] ?? []));
  return client;
}

function connected(view: ResourceView, server: Sharing, id: string): DeltaConversation {
  const client = asking(view, server, id);
  client.ackAll();
  return client;
}

const endpointsOf = ({ state }: DeltaConversation): Subscription | undefined =>
  subscriptionTo(state, TYPE_URL.endpoint);

describe("streams whose clients hold the same", () => {
  const server = newServer();
  const view = viewOf(FIRST);
  const next = changed(view, { endpoint: ["A@2", "B@1"] });
  const [one, other, late, refusing] = ["1", "2", "3", "4"].map((id) =>
    connected(view, server, id),
  ) as [DeltaConversation, DeltaConversation, DeltaConversation, DeltaConversation];
  for (const client of [one, other, refusing]) client.publish(next);

  it("have one subscription between them once they have accepted the same response", () => {
    one.ack("endpoint");
    other.ack("endpoint");
    expect(endpointsOf(one)).toBe(endpointsOf(other));
    expect(endpointsOf(late)).not.toBe(endpointsOf(one));
  });

  it("are sent the same response of the next change", () => {
    const after = changed(next, { endpoint: ["A@2", "B@2"] });
    expect(one.publish(after)).toEqual(["endpoint B@2"]);
    expect(other.publish(after)).toEqual(["endpoint B@2"]);
    expect(other.last("endpoint")).toBe(one.last("endpoint"));
  });

  it("leave alone one that has missed a change, and one that refused it", () => {
    const after = changed(next, { endpoint: ["A@2", "B@2"] });
    expect(late.publish(after)).toEqual(["endpoint A@2 B@2"]);
    refusing.nack("endpoint");
    expect(refusing.publish(after)).toEqual(["endpoint B@2"]);
  });

  it("leave alone one that waits for a cluster which others have", () => {
    const [has, waits] = ["7", "8"].map((id) => connected(view, server, id)) as [
      DeltaConversation,
      DeltaConversation,
    ];
    const more = changed(view, { cluster: ["A@1", "B@1", "C@1"], route: ["R@1", "S@2"] });
    const using = changed(more, { route: [resource("R@2", { clusters: ["C"] }), "S@2"] });
    for (const client of [has, waits]) {
      client.publish(more);
      client.ack("route");
    }
    has.ack("cluster");
    expect(subscriptionTo(has.state, TYPE_URL.route)).toBe(
      subscriptionTo(waits.state, TYPE_URL.route),
    );
    expect(has.publish(using)).toEqual(["route R@2"]);
    expect(waits.publish(using)).toEqual([]);
    expect(waits.ack("cluster")).toEqual(["route R@2"]);
  });

  it("show the times of their own responses where these are not of the same moment", () => {
    const [early, later] = ["5", "6"].map((id) => connected(view, server, id)) as [
      DeltaConversation,
      DeltaConversation,
    ];
    early.publish(next);
    later.pass(3000);
    later.publish(next);
    early.ack("endpoint");
    later.ack("endpoint");
    expect(endpointsOf(early)?.lastSent?.at).toBe(0);
    expect(endpointsOf(later)?.lastSent?.at).toBe(3000);
  });
});

type Event =
  | { readonly kind: "publish"; readonly sketch: ViewSketch }
  | { readonly kind: "see" | "ack" | "nack"; readonly client: number; readonly type: TypeName }
  | { readonly kind: "pass"; readonly client: number; readonly ms: number };

const CLIENTS = [0, 1, 2] as const;

/** What the resources refer to, so that types wait for each other. */
const REFERENCES: Readonly<Record<string, Parameters<typeof resource>[1]>> = {
  A: { endpoints: "A" },
  B: { endpoints: "B" },
  L: { clusters: ["A"] },
  M: { clusters: ["B"] },
  R: { clusters: ["B"] },
  S: { clusters: ["A", "B"] },
};

/** The same name and version are the same content, as everywhere. */
const edition = (name: string, version: number): EncodedResource =>
  resource(`${name}@${String(version)}`, REFERENCES[name]);

const BEGINNING: ViewSketch = {
  ...FIRST,
  cluster: [edition("A", 1), edition("B", 1)],
  listener: [edition("L", 1)],
  route: [edition("R", 1), edition("S", 1)],
};

const editions = (names: readonly string[]): fc.Arbitrary<readonly EncodedResource[]> =>
  fc
    .subarray([...names])
    .chain((some) =>
      fc.tuple(...some.map((name) => fc.constantFrom(1, 2, 3).map((it) => edition(name, it)))),
    );

const sketches: fc.Arbitrary<ViewSketch> = fc.record(
  {
    cluster: editions(["A", "B"]),
    endpoint: editions(["A", "B"]).map((all) =>
      all.map(({ name, version }) => `${name}@${version}`),
    ),
    listener: editions(["L", "M"]),
    route: editions(["R", "S"]),
  },
  { requiredKeys: [] },
);

const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("publish"), sketch: sketches }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom("see", "ack", "ack", "ack", "nack"),
        client: fc.constantFrom(...CLIENTS),
        type: fc.constantFrom(...TYPES),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("pass"),
        client: fc.constantFrom(...CLIENTS),
        ms: fc.constantFrom(10, 6000),
      }),
    },
  ),
  { minLength: 10, maxLength: 80 },
);

/** What clients were sent, each by its server or all by one. */
function told(all: readonly Event[], serverOf: () => Sharing): readonly string[] {
  let view: ResourceView = viewOf(BEGINNING);
  const clients = CLIENTS.map((id) => asking(view, serverOf(), String(id)));
  const log: string[] = [];
  const note = (id: number, sent: readonly string[]): void => {
    for (const one of sent) log.push(`${String(id)}: ${one}`);
  };
  for (const event of all) {
    if (event.kind === "publish") {
      view = changed(view, event.sketch);
      continue;
    }
    const client = clients[event.client];
    if (client === undefined) continue;
    if (event.kind === "pass") note(event.client, client.pass(event.ms));
    else if (event.kind === "see") note(event.client, client.publish(view));
    else if (client.received.some(({ typeUrl }) => typeUrl === TYPE_URL[event.type])) {
      note(event.client, client[event.kind](event.type));
    }
  }
  return log;
}

describe("whatever the clients of a server do in whatever order", () => {
  it("each is sent what it would be sent if it were the only one", () => {
    fc.assert(
      fc.property(events, (all) => {
        const server = newServer();
        expect(told(all, () => server)).toEqual(told(all, newServer));
      }),
      { numRuns: 1000 },
    );
  });
});
