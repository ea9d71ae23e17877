import { describe, expect, it } from "vitest";
import type { FileNames } from "../../../src/xds/file-names.js";
import { DEFAULT_PACING } from "../../../src/xds/state/order/pacing.js";
import { setVersion } from "../../../src/xds/state/response/payload.js";
import { typeStatuses } from "../../../src/xds/state/status/stream-status.js";
import {
  DeltaConversation,
  newServer,
  resource,
  SotwConversation,
  viewOf,
} from "./conversation.js";

/** A resource whose version begins with `file` names a file; with other names of files it has a `!` at its end. */
const FILES: FileNames = {
  of: (_typeUrl, bytes) => (bytes.toString().includes("@file") ? ["/certs/a.crt"] : []),
  respelled: (_typeUrl, bytes) => Buffer.from(bytes.toString().replace(/@file.*/, "$&!")),
  asWritten: (words) => words.replaceAll("/./", "/"),
};

const MISSING = "Invalid path: /certs/./a.crt";

/** Long enough for anything to be sent that is ever sent again. */
const LONG_MS = 10 * DEFAULT_PACING.lastRetryMs;

describe.each([
  ["delta", DeltaConversation],
  ["state of the world", SotwConversation],
])("what a client refused, by %s,", (_protocol, Protocol) => {
  const server = { ...newServer(), files: FILES };
  const clientOf = (...secrets: readonly string[]) => {
    const client = new Protocol(viewOf({ secret: secrets }), server);
    client.subscribe("secret", ...secrets.map((text) => text.split("@")[0]!));
    return client;
  };
  const bytes = (client: InstanceType<typeof Protocol>): string[] =>
    client.last("secret").payload.resources.map((one) => one.bytes.toString());
  const refusals = (client: InstanceType<typeof Protocol>) =>
    typeStatuses(client.state).flatMap(({ quarantined }) =>
      quarantined.map(({ name, error, files }) => ({ name, error, files })),
    );

  it("is sent again, with its files under other names, until the client takes it", () => {
    const client = clientOf("S@file1");
    client.nack("secret", MISSING);
    const { firstRetryMs } = DEFAULT_PACING;
    expect(client.pass(firstRetryMs - 1)).toEqual([]);
    expect(client.pass(firstRetryMs)).toEqual(["secret S@file1"]);
    expect(bytes(client)).toEqual(["S@file1!"]);
    expect(client.last("secret").payload.isRetry).toBe(true);
    client.nack("secret", MISSING);
    expect(client.pass(4 * firstRetryMs)).toEqual(["secret S@file1"]);
    expect(bytes(client)).toEqual(["S@file1"]);
    expect(refusals(client)).toHaveLength(1);
    client.ack("secret");
    expect(refusals(client)).toEqual([]);
    expect(client.pass(LONG_MS)).toEqual([]);
    expect(client.wakeAt).toBe(Infinity);
  });

  it("is sent again less and less often, down to a limit", () => {
    const client = clientOf("S@file1");
    const times: number[] = [];
    for (let i = 0; i < 12; i++) {
      times.push(client.now);
      client.nack("secret", MISSING);
      client.pass(client.wakeAt - client.now);
    }
    const waits = times.slice(1).map((time, i) => time - times[i]!);
    expect(waits[0]).toBeGreaterThanOrEqual(DEFAULT_PACING.firstRetryMs);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(-1)).toBeGreaterThanOrEqual(DEFAULT_PACING.lastRetryMs);
    expect(waits.at(-1)).toBeLessThanOrEqual(1.2 * DEFAULT_PACING.lastRetryMs);
  });

  it("is sent again at another time to each stream", () => {
    const due = ["a", "b"].map((id) => {
      const client = new Protocol(viewOf({ secret: ["S@file1"] }), server, id);
      client.subscribe("secret", "S");
      client.nack("secret", MISSING);
      return client.wakeAt;
    });
    expect(new Set(due).size).toBe(2);
  });

  it("is not sent again if it names no file", () => {
    const client = clientOf("S@1");
    client.nack("secret", "it is broken");
    expect(client.pass(LONG_MS)).toEqual([]);
    expect(client.wakeAt).toBe(Infinity);
  });

  it("is not sent again when the view has another content, and is when that is gone", () => {
    const client = clientOf("S@file1");
    client.nack("secret", MISSING);
    expect(client.change({ secret: ["S@2"] })).toEqual(["secret S@2"]);
    client.ack("secret");
    expect(client.pass(LONG_MS)).toEqual([]);
    expect(client.change({ secret: ["S@file1"] })).toEqual(["secret S@file1"]);
    expect(bytes(client)).toEqual(["S@file1!"]);
  });

  it("is sent again alone while other things go on", () => {
    const client = clientOf("S@file1", "T@1");
    client.nack("secret", MISSING);
    while (client.received.some(({ payload }) => payload.resources.length > 0)) {
      const before = client.received.length;
      const isRefused = bytes(client).some((text) => text.startsWith("S"));
      if (isRefused) client.nack("secret", MISSING);
      else client.ack("secret");
      if (client.received.length === before) break;
    }
    expect(refusals(client)).toEqual([
      { name: "S", error: "Invalid path: /certs/a.crt", files: ["/certs/a.crt"] },
    ]);
    expect(client.change({ secret: ["S@file1", "T@2"] })).toEqual(["secret T@2"]);
    client.ack("secret");
    expect(client.pass(2 * DEFAULT_PACING.firstRetryMs)).toEqual(["secret S@file1"]);
  });

  it("goes under other names already when it is found out which of several it was", () => {
    const client = clientOf("S@file1", "T@file2");
    client.nack("secret", MISSING);
    const first = bytes(client);
    client.nack("secret", MISSING);
    client.nack("secret", MISSING);
    expect([first, bytes(client)]).toEqual([["S@file1!"], ["T@file2!"]]);
    client.pass(client.wakeAt - client.now);
    expect(bytes(client)).toEqual(["S@file1"]);
    client.nack("secret", MISSING);
    expect(bytes(client)).toEqual(["T@file2"]);
  });

  it("stays in force where the client had another content before", () => {
    const client = clientOf("S@1");
    client.ack("secret");
    client.change({ secret: ["S@file2"] });
    client.nack("secret", MISSING);
    client.pass(LONG_MS);
    expect(typeStatuses(client.state)[0]?.quarantined).toMatchObject([{ acceptedVersion: "1" }]);
  });
});

describe("a listener that was refused", () => {
  const server = { ...newServer(), files: FILES };

  it("is sent again beside the others, which are not touched, by state of the world too", () => {
    const client = new SotwConversation(viewOf({ listener: ["L@1", "M@1"] }), server);
    client.subscribe("listener");
    client.ack("listener");
    client.change({ listener: ["L@file2", "M@1"] });
    expect(client.nack("listener", MISSING)).toEqual([]);
    expect(client.pass(2 * DEFAULT_PACING.firstRetryMs)).toEqual(["listener L@file2 M@1"]);
    client.nack("listener", MISSING);
    expect(client.change({ listener: ["L@file2", "M@2"] })).toEqual(["listener L@1 M@2"]);
  });

  it("is tried again when a secret is taken that was refused, and not each time that this is sent", () => {
    const view = viewOf({ secret: ["S@file1"], listener: ["L@1"] });
    const client = new DeltaConversation(view, server);
    client.subscribe("secret", "S");
    client.nack("secret", MISSING);
    client.subscribe("listener");
    client.nack("listener", "its secret is broken");
    expect(client.pass(2 * DEFAULT_PACING.firstRetryMs)).toEqual(["secret S@file1"]);
    expect(client.nack("secret", MISSING)).toEqual([]);
    expect(client.pass(4 * DEFAULT_PACING.firstRetryMs)).toEqual(["secret S@file1"]);
    expect(client.ack("secret")).toEqual(["listener L@1"]);
  });
});

describe("configurations of extensions", () => {
  it("are sent one to a response, and each of those that are refused is known at once", () => {
    const server = { ...newServer(), files: FILES };
    const client = new DeltaConversation(
      viewOf({ extensionConfig: ["A@1", "B@1", "C@1"] }),
      server,
    );
    expect(client.subscribe("extensionConfig", "A", "B", "C")).toEqual([
      "extensionConfig A@1",
      "extensionConfig B@1",
      "extensionConfig C@1",
    ]);
  });
});

describe.each([
  ["delta", DeltaConversation],
  ["state of the world", SotwConversation],
])("behind a configuration of an extension that was refused, by %s,", (_protocol, Protocol) => {
  const extension = (text: string) => ({ ...resource(text), standIn: resource("A@instead") });
  const clientOf = (text: string) => {
    const client = new Protocol(viewOf({ extensionConfig: [extension(text)] }));
    client.subscribe("extensionConfig", "A");
    return client;
  };

  it("comes what stands in for it, when the client had none", () => {
    const client = clientOf("A@bad");
    expect(client.nack("extensionConfig")).toEqual(["extensionConfig A@instead"]);
    expect(client.ack("extensionConfig")).toEqual([]);
    expect(client.pass(LONG_MS)).toEqual([]);
    expect(client.change({ extensionConfig: [extension("A@2")] })).toEqual(["extensionConfig A@2"]);
  });

  it("comes again what the client goes on with", () => {
    const client = clientOf("A@1");
    client.ack("extensionConfig");
    client.change({ extensionConfig: [extension("A@bad")] });
    expect(client.nack("extensionConfig")).toEqual(["extensionConfig A@1"]);
    expect(client.ack("extensionConfig")).toEqual([]);
  });
});

describe("behind a configuration that was refused by a client which came back with one that is not known", () => {
  const bad = { ...resource("A@bad"), standIn: resource("A@instead") };

  it("comes nothing, by delta", () => {
    const client = new DeltaConversation(viewOf({ extensionConfig: [bad] }));
    client.request("extensionConfig", { subscribe: ["A"], versions: { A: "before" } });
    expect(client.nack("extensionConfig")).toEqual([]);
  });

  it("comes what stands in for it, where that is what the client came back with, by delta", () => {
    const client = new DeltaConversation(viewOf({ extensionConfig: [bad] }));
    client.request("extensionConfig", { subscribe: ["A"], versions: { A: "instead" } });
    expect(client.nack("extensionConfig")).toEqual(["extensionConfig A@instead"]);
    expect(client.ack("extensionConfig")).toEqual([]);
  });

  it("comes nothing, by state of the world", () => {
    const client = new SotwConversation(viewOf({ extensionConfig: [bad] }));
    client.request("extensionConfig", { names: ["A"], version: "before" });
    expect(client.nack("extensionConfig")).toEqual([]);
  });

  it("comes what stands in for it, where that was the last that the client took, by state of the world", () => {
    const client = new SotwConversation(viewOf({ extensionConfig: [bad] }));
    client.request("extensionConfig", { names: ["A"], version: setVersion([bad.standIn]) });
    expect(client.nack("extensionConfig")).toEqual(["extensionConfig A@instead"]);
  });
});
