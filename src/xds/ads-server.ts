/** The discovery server: all streams, and what they share. */

import { randomBytes, randomInt } from "node:crypto";
import type { Registry } from "@bufbuild/protobuf";
import type { Clock } from "../base/clock.js";
import { Table } from "../base/table/table.js";
import type { ServerCall } from "../grpc/server-call.js";
import { status } from "../grpc/status-code.js";
import type { FileNames } from "./file-names.js";
import { createAdmission, createWaitingRoom, DEFAULT_LIMITS, type Limits } from "./limits.js";
import type { XdsObserver } from "./observer.js";
import type { Questions } from "./questions.js";
import type { EncodedResource, ResourceTable } from "./resource.js";
import type { XdsSessions } from "./session.js";
import type { Moment } from "./state/moment.js";
import { DEFAULT_PACING, type Pacing } from "./state/order/pacing.js";
import { createKnownTables, type KnownTables } from "./state/request/known-tables.js";
import { createSharedPlanner } from "./state/response/shared-planner.js";
import { createSharedSteps } from "./state/response/shared-steps.js";
import type { Outstanding } from "./state/status/outstanding.js";
import type { StreamStatus } from "./state/status/stream-status.js";
import { createNamePool } from "./state/subscription/name-pool.js";
import { type AcceptBoth, createIntermediates } from "./state/transition/intermediate-tables.js";
import { AdsStream } from "./stream/ads-stream.js";
import { createBacklog } from "./stream/backlog.js";
import { createRequestReader } from "./stream/request-reader.js";
import type { Entrance, StreamHost } from "./stream/stream-host.js";
import { createTurns } from "./stream/turns.js";
import { messageDecoder } from "./wire/message-decoder.js";
import { createResponseEncoder, type ResponseEncoder } from "./wire/response-encoder.js";

/** What a server is made of. */
export interface AdsServerOptions {
  readonly sessions: XdsSessions;
  /** Who answers requests that are for no resource of a view; nobody when absent. */
  readonly questions?: Questions;
  /** Whether AdsServer.publish is likely to be called soon; never when absent. See turns.ts. */
  readonly isChangeDue?: () => boolean;
  /** Makes the clusters of intermediate views (see transition.ts); there are none when absent. */
  readonly acceptBoth?: AcceptBoth;
  /** What is sent again when a client refuses it; nothing when absent. See retries.ts. */
  readonly files?: FileNames;
  /** Has the message envoy.config.core.v3.Node. */
  readonly registry: Registry;
  readonly clock: Clock;
  readonly observer?: XdsObserver;
  readonly limits?: Partial<Limits>;
  readonly pacing?: Partial<Pacing>;
}

/** Serves views to discovery streams; see addAdsService for how streams come in. */
export interface AdsServer {
  /** The views of sessions may have changed: every stream is sent the difference, a slice of them at a time. */
  readonly publish: () => void;
  /** The streams that were let in, oldest first. */
  readonly streams: () => readonly StreamStatus[];
  /** What the client of a stream has accepted of a type, sorted by name; empty if there is no such stream. */
  readonly accepted: (stream: string, typeUrl: string) => readonly EncodedResource[];
  /** What the client of a stream should hold of a type; empty if there is no such stream. */
  readonly wanted: (stream: string, typeUrl: string) => ResourceTable;
  /** What the client of a stream should hold now and has not accepted; nothing if there is no such stream. */
  readonly outstanding: (stream: string) => readonly Outstanding[];
  /** Serves one stream. */
  readonly serve: (call: ServerCall, entrance: Entrance) => void;
}

const NOTHING: ResourceTable = Table.empty();

const NO_FILES: FileNames = {
  of: () => [],
  respelled: (_typeUrl, bytes) => bytes,
  asWritten: (words) => words,
};

const NEVER = (): boolean => false;

const NODE = "envoy.config.core.v3.Node";

/** Names of streams, unlike those of any other server. */
function createStreamIds(): () => string {
  const prefix = randomBytes(4).toString("hex");
  let started = 0;
  return () => {
    started += 1;
    return `${prefix}.${started.toString(36)}`;
  };
}

/** What is made once for all streams that hold the same and want the same. */
interface Shared {
  readonly moment: () => Moment;
  readonly encoder: ResponseEncoder;
  readonly known: KnownTables;
  /** Lets go of what only streams would need that go on at the same time. */
  readonly forget: () => void;
}

function createShared({ clock, files = NO_FILES, ...options }: AdsServerOptions): Shared {
  const pacing = { ...DEFAULT_PACING, ...options.pacing };
  const seed = (): number => randomInt(2 ** 31);
  const [names, known] = [createNamePool(seed()), createKnownTables(seed(), clock)];
  const [planner, intermediate] = [createSharedPlanner(), createIntermediates(options.acceptBoth)];
  const [steps, encoder] = [createSharedSteps(), createResponseEncoder()];
  const { plan } = planner;
  return {
    // Once or twice for each response and answer: to spread an object is several times slower.
    moment: () => ({ now: clock.now(), pacing, plan, intermediate, steps, names, known, files }),
    encoder,
    known,
    forget: () => {
      for (const one of [planner, intermediate, steps, encoder]) one.forget();
    },
  };
}

/**
 * A server without streams.
 * @throws MissingTypeError
 */
export function createAdsServer(options: AdsServerOptions): AdsServer {
  const { clock, sessions, observer = {}, isChangeDue = NEVER } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { moment, encoder, known, forget } = createShared(options);
  const nextId = createStreamIds();
  const streams = new Map<string, AdsStream>();
  const turns = createTurns({
    clock,
    isChangeDue,
    isFull: () => backlog.isFull(),
    onQuiet: forget,
  });
  const backlog = createBacklog(limits, clock, turns.look);
  const admission = createAdmission(limits);

  const host: StreamHost = {
    sessions,
    questions: options.questions,
    clock,
    limits,
    observer,
    encoder,
    readRequest: createRequestReader(),
    decodeNode: messageDecoder(options.registry, NODE, "a node") as StreamHost["decodeNode"],
    moment,
    wake: turns.add,
    backlog,
    waitingRoom: createWaitingRoom(limits),
    ended: (stream) => {
      streams.delete(stream.id);
      for (const table of stream.acceptedTables()) known.keep(table);
      turns.drop(stream);
    },
    closed: admission.leave,
  };

  return {
    publish: () => {
      streams.forEach(turns.add);
    },
    streams: () => [...streams.values()].flatMap((stream) => stream.status() ?? []),
    accepted: (id, typeUrl) => streams.get(id)?.accepted(typeUrl) ?? [],
    wanted: (id, typeUrl) => streams.get(id)?.wanted(typeUrl) ?? NOTHING,
    outstanding: (id) => streams.get(id)?.outstanding() ?? [],
    serve(call, entrance) {
      if (!admission.enter()) {
        call.end({ code: status.RESOURCE_EXHAUSTED, details: "too many streams" });
        return;
      }
      const stream = new AdsStream(nextId(), call, entrance, host);
      streams.set(stream.id, stream);
      call.start(stream);
    },
  };
}
