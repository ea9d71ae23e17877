/**
 * The floor: a gRPC server without any logic. It plays a recording to the proxies of a fleet: each response when the proxy has
 * sent as many requests as it had when it was recorded, or, of a paced step, when it had come by the clock.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { SERVER_LIMITS } from "../../src/xds/limits.js";
import { PROXY_HEADER } from "../fleet/connection.js";
import type { Recording } from "../fleet/recording.js";
import { type DueMessage, EMPTY_STEP, type PlayedStep, planStep } from "./planned-step.js";

/** See the top of this file. */
export interface Playback {
  readonly port: number;
  /** Encodes what a step will send, which is not measured. */
  readonly prepare: (step: PlayedStep) => void;
  /** Begins the step that was prepared: on streams that are open, and on those that open from now on. */
  readonly begin: () => void;
}

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** Where a stream stands in the step. */
interface Place {
  requests: number;
  next: number;
}

const same = (bytes: Buffer): Buffer => bytes;
const METHOD = {
  path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
} as const;

/** Serves a recording on a free port of the loopback address. */
export async function startPlayback(recording: Recording): Promise<Playback> {
  const streams = new Map<number, Stream>();
  const places = new Map<number, Place>();
  let prepared = EMPTY_STEP;
  let current = EMPTY_STEP;

  const advance = (proxy: number, stream: Stream): void => {
    const place = places.get(proxy);
    const planned = current.byProxy[proxy] ?? [];
    if (place === undefined) return;
    for (;;) {
      const response = planned[place.next];
      if (response === undefined || response.after > place.requests) return;
      place.next += 1;
      stream.write(response.message);
    }
  };

  const playByClock = (due: readonly DueMessage[], startedAt: number, from: number): void => {
    let next = from;
    const elapsed = performance.now() - startedAt;
    for (; next < due.length; next++) {
      const one = due[next];
      if (one === undefined || one.at > elapsed) break;
      streams.get(one.proxy)?.write(one.message);
    }
    const later = due[next];
    if (later === undefined) return;
    setTimeout(() => {
      playByClock(due, startedAt, next);
    }, later.at - elapsed);
  };

  const serve = (stream: Stream): void => {
    const proxy = Number(stream.metadata.get(PROXY_HEADER)[0]);
    streams.set(proxy, stream);
    places.set(proxy, { requests: 0, next: 0 });
    stream.on("data", () => {
      const place = places.get(proxy);
      if (place === undefined) return;
      place.requests += 1;
      advance(proxy, stream);
    });
    stream.on("end", () => {
      stream.end();
    });
    stream.on("error", () => undefined);
    stream.on("close", () => {
      if (streams.get(proxy) === stream) streams.delete(proxy);
    });
  };

  const server = new Server({
    "grpc.max_receive_message_length": SERVER_LIMITS.maxMessageBytes,
  });
  server.addService({ DeltaAggregatedResources: METHOD }, { DeltaAggregatedResources: serve });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    prepare: (step) => {
      prepared = planStep(recording, step);
    },
    begin: () => {
      current = prepared;
      for (const [proxy, stream] of streams) {
        places.set(proxy, { requests: 0, next: 0 });
        advance(proxy, stream);
      }
      playByClock(current.byClock, performance.now(), 0);
    },
  };
}
