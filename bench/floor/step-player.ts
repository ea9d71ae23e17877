/**
 * Plays a step of a recording on the streams of proxies: each response when its proxy has sent as many requests as it had when it
 * was recorded or, of a paced step, when it had come by the clock.
 */
import { type DueMessage, EMPTY_STEP, type PlannedStep } from "./planned-step.js";

/** A stream to a proxy, as far as it is written to. */
export interface PlayedStream {
  readonly write: (message: Buffer) => unknown;
}

/** See the top of this file. Proxies are numbers, in the order of the fleet. */
export interface StepPlayer {
  readonly opened: (proxy: number, stream: PlayedStream) => void;
  readonly requested: (proxy: number, stream: PlayedStream) => void;
  readonly closed: (proxy: number, stream: PlayedStream) => void;
  /** Plays a step on the streams that are open, and on those that open from now on. */
  readonly begin: (step: PlannedStep) => void;
}

/** How far a proxy is in the step; changed in place. */
interface Progress {
  requests: number;
  /** The index of the next response. */
  next: number;
}

/** A player without streams, of a step in which nothing is sent. */
export function createStepPlayer(): StepPlayer {
  const streams = new Map<number, PlayedStream>();
  const progressOf = new Map<number, Progress>();
  let step = EMPTY_STEP;
  const start = (proxy: number): void => {
    progressOf.set(proxy, { requests: 0, next: 0 });
  };
  const advance = (proxy: number, stream: PlayedStream): void => {
    const progress = progressOf.get(proxy);
    const planned = step.byProxy[proxy] ?? [];
    if (progress === undefined) return;
    for (;;) {
      const response = planned[progress.next];
      if (response === undefined || response.after > progress.requests) return;
      progress.next += 1;
      stream.write(response.message);
    }
  };
  return {
    opened: (proxy, stream) => {
      streams.set(proxy, stream);
      start(proxy);
    },
    requested: (proxy, stream) => {
      const progress = progressOf.get(proxy);
      if (progress === undefined) return;
      progress.requests += 1;
      advance(proxy, stream);
    },
    closed: (proxy, stream) => {
      if (streams.get(proxy) === stream) streams.delete(proxy);
    },
    begin: (next) => {
      step = next;
      for (const [proxy, stream] of streams) {
        start(proxy);
        advance(proxy, stream);
      }
      playByClock(step.byClock, streams);
    },
  };
}

/** Sends each message at its time, to the stream that its proxy has by then. */
function playByClock(due: readonly DueMessage[], streams: ReadonlyMap<number, PlayedStream>): void {
  const startedAt = performance.now();
  const playFrom = (from: number): void => {
    const elapsed = performance.now() - startedAt;
    let next = from;
    for (; next < due.length; next++) {
      const one = due[next];
      if (one === undefined || one.at > elapsed) break;
      streams.get(one.proxy)?.write(one.message);
    }
    const later = due[next];
    if (later === undefined) return;
    setTimeout(() => {
      playFrom(next);
    }, later.at - elapsed);
  };
  playFrom(0);
}
