/** What became of changes of the configuration lately, and how long each stage took: the last so many, in memory. */
import type { PushJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Pushed, XdsObserver } from "../../xds/observer.js";
import { timestamp } from "../timestamp.js";

/** See the top of this file. A change that comes while one is on its way is a part of that. */
export interface RecentPushes {
  readonly observer: Required<Pick<XdsObserver, "pushed">>;
  /** Files were read, and parsed, for what may turn out to be a change. */
  readonly read: (cost: ReadCost) => void;
  /** What it means for the mesh was computed, in so many milliseconds. */
  readonly computed: (ms: number) => void;
  /** It is a change, of these resources (`Kind NAME.NAMESPACE`), and is sent from now on. */
  readonly begin: (resources: readonly string[]) => void;
  /** All proxies have answered, or were given up on. */
  readonly end: (outcome: Outcome) => void;
  /** The slowest first; the first `limit` of them, all when it is 0. */
  list(query: { readonly limit?: number }): readonly PushJson[];
}

/** Of reading and parsing files, in milliseconds. */
export interface ReadCost {
  readonly readMs: number;
  readonly parseMs: number;
}

/** What came of a push. */
export interface Outcome {
  /** From its beginning to the last answer, in milliseconds. */
  readonly ms: number;
  /** How many proxies were sent something. */
  readonly concerned: number;
}

/** What is kept, and the time. */
export interface RecentPushesOptions {
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number;
  readonly capacity?: number;
}

const CAPACITY = 200;
const MAX_RESOURCES = 20;

/** What was done before anything was sent. */
interface Prepared extends ReadCost {
  readonly meshMs: number;
}

/** A push that is on its way. Changed in place, by each response. */
interface Running {
  prepared: Prepared;
  readonly begunAt: number;
  /** By the steady clock. */
  readonly begun: number;
  readonly resources: Set<string>;
  encodeMs: number;
  /** By the steady clock. */
  sent: number;
  responses: number;
  bytes: number;
}

/** A push that is over. */
interface Kept {
  readonly totalMs: number;
  readonly push: PushJson;
}

const NOTHING: Prepared = { readMs: 0, parseMs: 0, meshMs: 0 };

const both = (a: Prepared, b: Prepared): Prepared => ({
  readMs: a.readMs + b.readMs,
  parseMs: a.parseMs + b.parseMs,
  meshMs: a.meshMs + b.meshMs,
});

function keptOf(running: Running, { ms, concerned }: Outcome): Kept {
  const { prepared, begunAt, begun, resources, sent, encodeMs, responses, bytes } = running;
  const sendMs = sent - begun;
  const ackMs = Math.max(0, ms - sendMs);
  const before = prepared.readMs + prepared.parseMs + prepared.meshMs;
  const totalMs = before + sendMs + ackMs;
  const push: PushJson = {
    at: timestamp(begunAt - before),
    resources: [...resources].slice(0, MAX_RESOURCES),
    changed: resources.size,
    proxies: concerned,
    responses,
    bytes: String(bytes),
    stages: { ...prepared, encodeMs, sendMs, ackMs },
    totalMs,
  };
  return { totalMs, push };
}

/** Nothing has been pushed yet. */
export function createRecentPushes({
  now,
  steady,
  capacity = CAPACITY,
}: RecentPushesOptions): RecentPushes {
  const kept: Kept[] = [];
  let prepared = NOTHING;
  let running: Running | undefined;
  const start = (): Running => {
    const begun = steady();
    const nothing = { encodeMs: 0, responses: 0, bytes: 0 };
    const resources = new Set<string>();
    return { prepared: NOTHING, begunAt: now(), begun, resources, sent: begun, ...nothing };
  };
  return {
    read: (cost) => {
      prepared = { ...cost, meshMs: 0 };
    },
    computed: (ms) => {
      prepared = both(prepared, { ...NOTHING, meshMs: ms });
    },
    begin: (resources) => {
      running ??= start();
      running.prepared = both(running.prepared, prepared);
      for (const resource of resources) running.resources.add(resource);
      prepared = NOTHING;
    },
    end: (outcome) => {
      if (running === undefined) return;
      kept.push(keptOf(running, outcome));
      if (kept.length > capacity) kept.shift();
      running = undefined;
    },
    list: ({ limit = 0 }) => {
      const slowest = kept.toSorted((a, b) => b.totalMs - a.totalMs).map(({ push }) => push);
      return limit > 0 ? slowest.slice(0, limit) : slowest;
    },
    observer: {
      pushed: ({ ms, bytes }: Pushed) => {
        if (running === undefined) return;
        running.encodeMs += ms;
        running.sent = steady();
        running.responses += 1;
        running.bytes += bytes;
      },
    },
  };
}
