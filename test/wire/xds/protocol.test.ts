/** What holds in both forms of the protocol: what is answered, and that nothing else is. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Client,
  deltaClient,
  type Response,
  sotwClient,
} from "../../../scripts/conformance/xds/client.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { serveView, type TestServer, type TypeName, type ViewSketch } from "./view-server.js";

const LETTERS = { A: "1", B: "1", C: "1" } as const;
const SHOP = {
  cluster: LETTERS,
  endpoint: LETTERS,
  listener: LETTERS,
  route: LETTERS,
  secret: { default: "1" },
  extensionConfig: {},
} satisfies ViewSketch;

let server: TestServer;
let client: Client;
let view: ViewSketch;
let asked: number;

beforeEach(async () => {
  view = SHOP;
  asked = 0;
  server = await serveView(SHOP);
});
afterEach(() => {
  client.close();
  server.close();
});

function change(type: TypeName, names: Readonly<Record<string, string>>): void {
  view = { ...view, [type]: names };
  server.publish(view);
}

/** All that is said until now, a line each: `cluster A B -C`. A question for something else ends it. */
async function heard(): Promise<readonly string[]> {
  asked += 1;
  const last = `last-${asked}`;
  change("extensionConfig", { ...view.extensionConfig, [last]: "1" });
  client.subscribe("extensionConfig", [last]);
  const lines: string[] = [];
  for (;;) {
    const response = await client.next();
    if (response.resources.some(({ name }) => name === last)) return lines;
    lines.push(lineOf(response));
  }
}

function lineOf({ typeUrl, resources, removed }: Response): string {
  const [type] = Object.entries(TYPE_URL).find(([, url]) => url === typeUrl) ?? [typeUrl];
  const names = resources.map(({ name }) => name).sort();
  return [type, ...names, ...removed.map((name) => `-${name}`).sort()].join(" ");
}

/** `isComplete`: clusters and listeners in state of the world, of which each response lists all. */
describe.each([
  { form: "differences", open: deltaClient, isComplete: false },
  { form: "state of the world", open: sotwClient, isComplete: true },
])("in the form of $form a client", ({ open, isComplete }) => {
  beforeEach(() => {
    client = open(server.address);
  });

  it.each(["cluster", "listener"] as const)(
    "that asks for each %s has all in one response",
    async (type) => {
      client.subscribeToAll(type);
      expect(await heard()).toEqual([`${type} A B C`]);
      expect(await heard()).toEqual([]);
    },
  );

  it("that asked for everything is told of what changes, comes and goes", async () => {
    client.subscribeToAll("listener");
    await heard();
    change("listener", { A: "2", B: "1", C: "1" });
    expect(await heard()).toEqual([isComplete ? "listener A B C" : "listener A"]);
    change("listener", { A: "2", B: "1", C: "1", D: "1" });
    expect(await heard()).toEqual([isComplete ? "listener A B C D" : "listener D"]);
    change("listener", { B: "1", C: "1", D: "1" });
    expect(await heard()).toEqual([isComplete ? "listener B C D" : "listener -A"]);
  });

  it("is not told of what it holds already", async () => {
    client.subscribeToAll("listener");
    client.subscribe("route", ["A"]);
    await heard();
    server.publish(view);
    change("listener", { C: "1", B: "1", A: "1" });
    change("route", { ...LETTERS, B: "2" });
    change("secret", { default: "2" });
    expect(await heard()).toEqual([]);
  });

  it.each(["cluster", "endpoint", "listener", "route"] as const)(
    "that asks for a %s by name is told of that alone",
    async (type) => {
      client.subscribe(type, ["B"]);
      expect(await heard()).toEqual([`${type} B`]);
      change(type, { ...LETTERS, A: "2" });
      expect(await heard()).toEqual([]);
      change(type, { ...LETTERS, A: "2", B: "2" });
      expect(await heard()).toEqual([`${type} B`]);
    },
  );

  it("that asks for one name after the other is sent each once", async () => {
    client.subscribe("route", ["A"]);
    expect(await heard()).toEqual(["route A"]);
    client.subscribe("route", ["B"]);
    expect(await heard()).toEqual(["route B"]);
  });

  it("that asks for what does not exist is told when it does", async () => {
    client.subscribe("route", ["A", "Z"]);
    expect(await heard()).toEqual([isComplete ? "route A" : "route A -Z"]);
    change("route", { ...LETTERS, Z: "1" });
    expect(await heard()).toEqual(["route Z"]);
  });

  it("that asks for a cluster that does not exist is told when it does", async () => {
    client.subscribe("cluster", ["A", "Z"]);
    expect(await heard()).toEqual([isComplete ? "cluster A" : "cluster A -Z"]);
    change("cluster", { ...LETTERS, Z: "1" });
    expect(await heard()).toEqual([isComplete ? "cluster A Z" : "cluster Z"]);
  });

  it.each(["cluster", "endpoint", "listener", "route"] as const)(
    "that gives up one %s is told of the other alone",
    async (type) => {
      client.subscribe(type, ["A", "B"]);
      await heard();
      client.unsubscribe(type, ["B"]);
      expect(await heard()).toEqual([]);
      change(type, { ...LETTERS, B: "2" });
      expect(await heard()).toEqual([]);
      change(type, { ...LETTERS, A: "2", B: "2" });
      expect(await heard()).toEqual([`${type} A`]);
    },
  );

  it.each(["cluster", "endpoint", "listener", "route"] as const)(
    "that gives up each %s is told of none, and can ask anew",
    async (type) => {
      client.subscribe(type, ["A", "B"]);
      await heard();
      client.unsubscribe(type, ["A", "B"]);
      expect(await heard()).toEqual([]);
      change(type, { A: "2", B: "2", C: "2" });
      expect(await heard()).toEqual([]);
      client.subscribe(type, ["B"]);
      expect(await heard()).toEqual([`${type} B`]);
    },
  );

  it("can ask for the types in any order, and for all of them at once", async () => {
    client.subscribe("route", ["A"]);
    client.subscribe("secret", ["default"]);
    client.subscribeToAll("listener");
    client.subscribe("endpoint", ["B"]);
    client.subscribeToAll("cluster");
    const lines = await heard();
    expect(lines.toSorted()).toEqual([
      "cluster A B C",
      "endpoint B",
      "listener A B C",
      "route A",
      "secret default",
    ]);
    change("endpoint", { ...LETTERS, B: "2" });
    change("route", { ...LETTERS, A: "2" });
    expect(await heard()).toEqual(["endpoint B", "route A"]);
  });

  it("hears of a removed listener that it asked for by name", async () => {
    client.subscribe("listener", ["A", "B"]);
    await heard();
    change("listener", { A: "1", C: "1" });
    expect(await heard()).toEqual([isComplete ? "listener A" : "listener -B"]);
    change("listener", { A: "1", B: "2", C: "1" });
    expect(await heard()).toEqual([isComplete ? "listener A B" : "listener B"]);
  });

  it("can ask for everything by a star, beside a name, and leave it again", async () => {
    client.subscribe("cluster", ["*", "A"]);
    expect(await heard()).toEqual(["cluster A B C"]);
    change("cluster", { ...LETTERS, B: "2" });
    expect(await heard()).toEqual([isComplete ? "cluster A B C" : "cluster B"]);
    client.unsubscribe("cluster", ["*"]);
    await heard();
    change("cluster", { A: "2", B: "3", C: "3" });
    expect(await heard()).toEqual(["cluster A"]);
  });
});
