/** The proxies of a measurement: they connect, follow what they are sent, and note when something reached them. */
import { TYPE_URL } from "../../src/xds/resource.js";
import { now } from "../now.js";
import type { Answer } from "./answer.js";
import { type Arrivals, createArrivals } from "./arrivals.js";
import { type Connection, openConnection } from "./connection.js";
import { readResponse, writeRequest } from "./discovery-wire.js";
import { createKnownResources } from "./known-resources.js";
import { createProxy, type Proxy } from "./proxy.js";
import { createRecorder, saveRecording } from "./recording.js";
import { createTally, type Failures, type Received } from "./tally.js";

/** What the proxies wait for: any answer, an answer to all that they asked for, or a resource that carries a mark. */
export type Awaited =
  | { readonly kind: "anything" }
  | { readonly kind: "configured" }
  | { readonly kind: "mark"; readonly typeUrl: string; readonly mark: string };

/** See the top of this file. */
export interface Fleet {
  /** Opens a stream for each proxy. */
  readonly open: (address: string) => void;
  readonly close: () => void;
  /** Waits for something from now on, instead of what was waited for before. */
  readonly await: (awaited: Awaited) => void;
  /** When each of the proxies had what is waited for (see now.ts); fewer than all when the time was up. */
  readonly arrived: (timeoutMs: number) => Promise<readonly number[]>;
  readonly received: () => Received;
  /** What follows is recorded as a step of this name. */
  readonly beginStep: (name: string) => void;
  readonly saveRecording: (path: string) => Promise<void>;
  readonly failures: () => Failures;
}

/** A virtual host on its own is a part of a route configuration. */
const carries = (typeUrl: string, awaited: string): boolean =>
  typeUrl === awaited || (awaited === TYPE_URL.route && typeUrl === TYPE_URL.virtualHost);

type Looked = Pick<Answer, "typeUrl" | "resources">;

function isArrival(awaited: Awaited, proxy: Proxy, { typeUrl, resources }: Looked): boolean {
  switch (awaited.kind) {
    case "anything":
      return true;
    case "configured":
      return proxy.isConfigured();
    case "mark":
      return (
        carries(typeUrl, awaited.typeUrl) &&
        resources.some(({ field }) => field.includes(awaited.mark))
      );
  }
}

/** A fleet that is not connected; one proxy for each encoded node. */
export function createFleet(nodes: readonly Buffer[]): Fleet {
  const learn = createKnownResources();
  const recorder = createRecorder(nodes.length, now);
  const proxies = nodes.map(createProxy);
  const tally = createTally();
  let connections: readonly Connection[] = [];
  let awaited: Awaited = { kind: "configured" };
  let arrivals: Arrivals = createArrivals(nodes.length, now);

  const look = (index: number, proxy: Proxy, response: Looked): void => {
    if (arrivals.has(index)) return;
    if (isArrival(awaited, proxy, response)) arrivals.note(index);
  };

  const connect = (address: string, proxy: Proxy, index: number): Connection => {
    const send = (requests: ReturnType<Proxy["begin"]>): void => {
      for (const request of requests) {
        recorder.sent(index);
        connection.send(writeRequest(request));
      }
    };
    const connection = openConnection(address, index, {
      received: (message) => {
        const response = readResponse(message);
        const { typeUrl } = response;
        tally.response(typeUrl, message.length);
        const resources = response.resources.map((place) => learn(typeUrl, message, place));
        recorder.received(index, response, resources);
        const requests = proxy.receive({ ...response, resources });
        look(index, proxy, { typeUrl, resources });
        send(requests);
      },
      failed: tally.failure,
    });
    send(proxy.begin());
    return connection;
  };

  return {
    open(address) {
      connections = proxies.map((proxy, index) => connect(address, proxy, index));
    },
    close() {
      for (const connection of connections) connection.close();
      connections = [];
    },
    await(next) {
      awaited = next;
      arrivals = createArrivals(nodes.length, now);
    },
    arrived: (timeoutMs) => arrivals.wait(timeoutMs),
    received: tally.received,
    beginStep: recorder.begin,
    saveRecording: (path) => saveRecording(path, recorder.recording()),
    failures: tally.failures,
  };
}
