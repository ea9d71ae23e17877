/** Runs the echo applications of a mesh in one thread: opens their ports, and closes those that are no longer wanted. */
import { createFailureCounter } from "./echo-controls.js";
import { type EchoListener, type EchoServer, listenEcho } from "./echo-server.js";

/** A port that an echo application could not open. */
export interface EchoFailure {
  readonly listener: EchoListener;
  /** The system's code, such as `EADDRINUSE`. */
  readonly code: string;
}

/** The echo applications of a mesh. */
export interface EchoApplications {
  /**
   * Makes these the listening ports: opens those that are new, closes those that are gone, leaves the others alone.
   * Resolves when all of it is done, with those that could not be opened; they are tried again at the next call.
   */
  set(listeners: readonly EchoListener[]): Promise<readonly EchoFailure[]>;
  /** Ends all of them. */
  close(): Promise<void>;
}

const MAX_FAILURE_KEYS = 10_000;

/** Echo applications in this thread. */
export function createEchoListeners(): EchoApplications {
  const shouldFail = createFailureCounter(MAX_FAILURE_KEYS);
  const servers = new Map<string, EchoServer>();

  const open = async (key: string, listener: EchoListener): Promise<EchoFailure | undefined> => {
    try {
      servers.set(key, await listenEcho(listener, shouldFail));
      return undefined;
    } catch (error) {
      return { listener, code: codeOf(error) };
    }
  };
  const closeServer = async (key: string): Promise<void> => {
    const server = servers.get(key);
    servers.delete(key);
    await server?.close();
  };
  const set = async (listeners: readonly EchoListener[]): Promise<readonly EchoFailure[]> => {
    const wanted = new Map(listeners.map((listener) => [JSON.stringify(listener), listener]));
    // Closed first: a port may have passed from one application to another.
    await Promise.all([...servers.keys()].filter((key) => !wanted.has(key)).map(closeServer));
    const missing = [...wanted].filter(([key]) => !servers.has(key));
    const results = await Promise.all(missing.map(([key, listener]) => open(key, listener)));
    return results.filter((failure) => failure !== undefined);
  };

  // One at a time: the sets of two overlapping calls would otherwise mix.
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    set: (listeners) => inOrder(() => set(listeners)),
    close: () =>
      inOrder(async () => {
        await set([]);
      }),
  };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "UNKNOWN";
}
