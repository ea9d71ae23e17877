/** What a client ends up with, in random orders of events; more of them with FAIRLEAD_RUNS. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type EncodedResource, type ResourceView, TYPE_URL } from "../../../src/xds/resource.js";
import { changed, type ViewSketch, viewOf } from "./conversation.js";
import { BAD, encode, isBad, type ModelType, type Partial, TYPES } from "./model-client.js";
import { type Event, World } from "./model-world.js";

const { FAIRLEAD_RUNS = "150" } = process.env;
const RUNS = Number(FAIRLEAD_RUNS);

vi.setConfig({ testTimeout: 60_000 + RUNS * 20 });

const CLUSTERS = ["c0", "c1", "c2", "c3"];
const LISTENERS = ["l0", "l1", "l2"];
const ROUTES = ["r0", "r1", "r2"];

const edition = (isBadPossible: boolean) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 4, arbitrary: fc.constant(2) },
    { weight: isBadPossible ? 2 : 0, arbitrary: fc.constant(BAD) },
  );

/** Of which the endpoints of a cluster are, and which it accepts alone. */
const PEERS = [["red"], ["blue"], ["blue", "red"], ["green"], undefined];

/** A view in which nothing refers to what is not there. */
function sketches(isBadPossible: boolean): fc.Arbitrary<ViewSketch> {
  const one = edition(isBadPossible);
  return fc.subarray(CLUSTERS).chain((clusters) => {
    const users = (names: readonly string[], routes: readonly string[] | undefined) =>
      fc.subarray([...names]).chain((picked) =>
        fc.tuple(
          ...picked.map((name) =>
            fc
              .tuple(one, fc.subarray(clusters), fc.subarray([...(routes ?? [])]))
              .map(([it, uses, refers]) =>
                encode({
                  name,
                  edition: it,
                  clusters: uses,
                  ...(routes === undefined ? {} : { routes: refers }),
                }),
              ),
          ),
        ),
      );
    const called = fc.tuple(
      ...clusters.map((name) =>
        fc.tuple(one, one, fc.constantFrom(...PEERS)).map(([ofCluster, ofEndpoints, peers]) => {
          const endpoints = `${name}-e`;
          const common = { clusters: [], ...(peers === undefined ? {} : { peers }) };
          return {
            cluster: encode({ name, edition: ofCluster, endpoints, ...common }),
            endpoint: encode({ name: endpoints, edition: ofEndpoints, ...common }),
          };
        }),
      ),
    );
    return fc.tuple(called, users(ROUTES, undefined)).chain(([pairs, routes]) =>
      fc.record({
        cluster: fc.constant(pairs.map(({ cluster }) => cluster)),
        endpoint: fc.constant(pairs.map(({ endpoint }) => endpoint)),
        route: fc.constant(routes),
        listener: users(
          LISTENERS,
          routes.map(({ name }) => name),
        ),
      }),
    );
  });
}

interface EventOptions {
  readonly isBadPossible: boolean;
  readonly canReconnect: boolean;
  readonly isPatient: boolean;
}

function events({ isBadPossible, canReconnect, isPatient }: EventOptions): fc.Arbitrary<Event> {
  const partial = fc.constantFrom<Partial>("none", "good", "up to the fault");
  return fc.oneof(
    {
      weight: 3,
      arbitrary: sketches(isBadPossible).map((sketch) => ({ kind: "publish", sketch }) as const),
    },
    { weight: 8, arbitrary: partial.map((it) => ({ kind: "read", partial: it }) as const) },
    {
      weight: 8,
      arbitrary: fc.constantFrom(...TYPES).map((type) => ({ kind: "say", type }) as const),
    },
    {
      weight: 2,
      arbitrary: fc
        .integer({ min: 1, max: isPatient ? 6000 : 40 })
        .map((ms) => ({ kind: "pass", ms }) as const),
    },
    { weight: canReconnect ? 1 : 0, arbitrary: fc.constant({ kind: "reconnect" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "rest" } as const) },
  );
}

/** What is to be expected of a world that has come to rest. */
class Outcome {
  readonly #world: World;
  readonly #protocol: "delta" | "sotw";

  constructor(world: World, protocol: "delta" | "sotw") {
    this.#world = world;
    this.#protocol = protocol;
  }

  /** The resources of a type that the client wants. */
  wanted(type: ModelType): readonly EncodedResource[] {
    const table = this.#world.view.get(TYPE_URL[type]);
    const names = isByName(type) ? this.#world.client.wanted(type) : [...(table?.keys() ?? [])];
    return names.flatMap((name) => table?.get(name) ?? []);
  }

  hasBad(type: ModelType): boolean {
    return [...(this.#world.view.get(TYPE_URL[type])?.values() ?? [])].some(isBad);
  }

  get #isSotwAgain(): boolean {
    return this.#protocol === "sotw" && this.#world.hasReconnected;
  }

  /** State of the world cannot tell good from bad in a set that a client came back to and refused. */
  isStuck(type: ModelType): boolean {
    return this.#isSotwAgain && !isByName(type) && this.hasBad(type);
  }

  /** Whether the client may have resources of a type that the view does not have. */
  mayHaveMore(type: ModelType): boolean {
    if (this.#keepsAll(type)) return true;
    // A listener that was refused in a newer content, or kept, may use it.
    if (type === "route") return this.hasBad("listener") || this.#keepsAll("listener");
    if (type === "listener") return false;
    // A cluster stays, with its endpoints, while something may use it that was refused in a newer content, or kept.
    const mayBeUsed = this.hasBad("listener") || this.hasBad("route") || this.#keepsAll("listener");
    return mayBeUsed || this.isStuck("cluster");
  }

  /** Nothing is taken from a client that comes back unless there is something to replace it. */
  #keepsAll(type: ModelType): boolean {
    return this.#isSotwAgain && this.#world.view.get(TYPE_URL[type])?.size === 0;
  }
}

const isByName = (type: ModelType) => type === "endpoint" || type === "route";

/** The client holds each good resource that it wants, nothing that is bad, and nothing that is gone. */
function expectConverged(world: World, protocol: "delta" | "sotw"): void {
  const outcome = new Outcome(world, protocol);
  for (const type of TYPES.filter((it) => !outcome.isStuck(it))) {
    const held = world.client.held[type];
    const resources = outcome.wanted(type);
    const good = resources.filter((it) => !isBad(it));
    const versions = good.map(({ name }) => {
      const content = held.get(name);
      return content === undefined ? `${name} is missing` : encode(content).version;
    });
    expect(versions).toEqual(good.map(({ version }) => version));
    const names = new Set(resources.map(({ name }) => name));
    const extra = [...held.keys()].filter((name) => !names.has(name));
    expect(outcome.mayHaveMore(type) ? [] : extra).toEqual([]);
    expect([...held.values()].filter(({ edition }) => edition === BAD)).toEqual([]);
  }
  const cold = outcome.wanted("endpoint").filter(({ name }) => world.client.warming.has(name));
  expect(cold.filter((it) => !isBad(it))).toEqual([]);
}

function runs(
  protocol: "delta" | "sotw",
  { isBadPossible, canReconnect, isPatient }: EventOptions,
): void {
  const start = sketches(isBadPossible);
  const script = fc.array(events({ isBadPossible, canReconnect, isPatient }), { maxLength: 60 });
  fc.assert(
    fc.property(start, script, (first, happenings) => {
      const givesUp = isBadPossible || (canReconnect && protocol === "sotw");
      const isSure = protocol === "delta" && !isBadPossible && !canReconnect && !isPatient;
      const world = new World({ protocol, isPatient, givesUp, isSure }, viewOf(first));
      for (const event of happenings) world.happen(event);
      world.settle();
      expectConverged(world, protocol);
      const before = world.responses;
      world.happen({ kind: "publish", sketch: sketchOf(world.view) });
      world.happen({ kind: "pass", ms: 600_000 });
      expect(world.responses).toBe(before);
    }),
    { numRuns: RUNS },
  );
}

function sketchOf(view: ResourceView): ViewSketch {
  const sketch = Object.fromEntries(
    TYPES.map((type) => [type, [...(view.get(TYPE_URL[type])?.values() ?? [])]]),
  );
  expect(changed(view, sketch)).toEqual(view);
  return sketch;
}

describe.each(["delta", "sotw"] as const)("a %s client in any order of events", (protocol) => {
  it("ends up with exactly the view, and never uses a cluster that it does not have, or that accepts not all its endpoints", () => {
    runs(protocol, { isBadPossible: false, canReconnect: false, isPatient: false });
  });

  it("ends up with all that is good of the view when some is bad, and is not sent the bad again", () => {
    runs(protocol, { isBadPossible: true, canReconnect: false, isPatient: false });
  });

  it("ends up with the view although it is slow", () => {
    runs(protocol, { isBadPossible: true, canReconnect: false, isPatient: true });
  });

  it("ends up with the view although it comes and goes", () => {
    runs(protocol, { isBadPossible: true, canReconnect: true, isPatient: true });
    runs(protocol, { isBadPossible: false, canReconnect: true, isPatient: true });
  });
});

it("a delta client that comes and goes never uses a cluster that it does not have", () => {
  runs("delta", { isBadPossible: false, canReconnect: true, isPatient: false });
});

it("a listener waits for a cluster of which the client has refused the version in between alone", () => {
  const cluster = (name: string, edition: number, peer: string) =>
    encode({ name, edition, endpoints: `${name}-e`, clusters: [], peers: [peer] });
  const endpoint = (name: string, edition: number, peer: string) =>
    encode({ name: `${name}-e`, edition, clusters: [], peers: [peer] });
  const publish = (sketch: ViewSketch): Event => ({ kind: "publish", sketch });
  const options = { protocol: "delta", isPatient: false, givesUp: true, isSure: false } as const;
  const first = {
    cluster: [cluster("c2", 1, "blue"), cluster("c3", BAD, "blue")],
    endpoint: [endpoint("c2", 1, "blue"), endpoint("c3", BAD, "blue")],
    route: [],
    listener: [],
  };
  const world = new World(options, viewOf(first));
  world.happen({ kind: "rest" });
  world.happen(
    publish({
      cluster: [cluster("c0", 1, "red"), cluster("c3", BAD, "red")],
      endpoint: [endpoint("c0", BAD, "red"), endpoint("c3", BAD, "red")],
      listener: [encode({ name: "l1", edition: BAD, clusters: [], routes: [] })],
    }),
  );
  world.happen(
    publish({
      cluster: [cluster("c0", 1, "green"), cluster("c2", BAD, "red"), cluster("c3", BAD, "green")],
      endpoint: [
        endpoint("c0", BAD, "green"),
        endpoint("c2", 1, "red"),
        endpoint("c3", 2, "green"),
      ],
      listener: [encode({ name: "l2", edition: 1, clusters: ["c3"], routes: [] })],
    }),
  );
  expect(() => {
    world.settle();
  }).not.toThrow();
  expectConverged(world, "delta");
});
