/** Runs the echo applications in a thread of their own, so that calls to them do not hold up the control plane. */
import { Worker } from "node:worker_threads";
import type { EchoApplications, EchoFailure } from "./echo-listeners.js";
import type { EchoListener } from "./echo-server.js";

/** What the thread is told. */
export interface EchoRequest {
  readonly id: number;
  readonly listeners: readonly EchoListener[];
}

/** What the thread answers when that is done. */
export interface EchoReply {
  readonly id: number;
  readonly failures: readonly EchoFailure[];
}

/**
 * Echo applications in a thread of their own, so that the requests they answer take no time from the control plane.
 * The thread's program stands beside this module once both are built; who runs the sources says where it is. `close` ends the thread; a call that is under way when the thread ends rejects.
 */
export function startEchoApplications(
  program: URL = new URL("./echo-worker.js", import.meta.url),
): EchoApplications {
  const worker = new Worker(program);
  const waiting = new Map<number, (reply: EchoReply) => void>();
  const ended = new Promise<never>((_, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => {
      reject(new Error("the thread of the echo applications ended"));
    });
  });
  // Nobody may be waiting when it ends.
  ended.catch(() => undefined);
  worker.on("message", (reply: EchoReply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  let lastId = 0;
  const set = (listeners: readonly EchoListener[]): Promise<readonly EchoFailure[]> => {
    lastId += 1;
    const id = lastId;
    const replied = new Promise<EchoReply>((resolve) => waiting.set(id, resolve));
    worker.postMessage({ id, listeners } satisfies EchoRequest);
    return Promise.race([replied.then((reply) => reply.failures), ended]);
  };
  return {
    set,
    close: async () => {
      await worker.terminate();
    },
  };
}
