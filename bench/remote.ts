/** Functions of another process, called through Node's own channel between parent and child. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What can be called from another process. */
type Functions<Api> = {
  readonly [Name in keyof Api]: (argument: never) => unknown;
};

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A child process and what it can be asked. */
export interface Remote<Api extends Functions<Api>> {
  readonly pid: number;
  /** Calls a function there. @throws RemoteError when it throws, or the process ends */
  readonly call: <Name extends keyof Api & string>(
    name: Name,
    ...argument: Parameters<Api[Name]>
  ) => Promise<Awaited<ReturnType<Api[Name]>>>;
  readonly stop: () => Promise<void>;
}

/** What another process failed to do. */
class RemoteError extends Error {
  readonly code = "remote";
  constructor(message: string) {
    super(message);
    this.name = "RemoteError";
  }
}

/** Answers the calls of the parent process. */
export function serveParent<Api extends Functions<Api>>(functions: Api): void {
  process.on("message", ({ id, name, argument }: Call) => {
    const run = async (): Promise<Answer> => {
      // What a parent sends is checked where it is sent: see Remote.call.
      const call = functions[name as keyof Api] as (argument: never) => unknown;
      return { id, result: await call(argument as never) };
    };
    run()
      .catch((error: unknown): Answer => ({ id, error: String(error) }))
      .then((answer) => process.send?.(answer))
      .catch(() => process.exit(1));
  });
  process.on("disconnect", () => process.exit(0));
}

/** Starts a module as a child process, with the loaders of this one. */
export function startRemote<Api extends Functions<Api>>(module: URL): Remote<Api> {
  const child = fork(fileURLToPath(module), [], { serialization: "advanced" });
  const pending = new Map<number, (answer: Answer) => void>();
  let calls = 0;
  child.on("message", (answer: Answer) => {
    pending.get(answer.id)?.(answer);
    pending.delete(answer.id);
  });
  child.once("exit", () => {
    for (const [id, settle] of pending) settle({ id, error: `${module.pathname} has ended` });
    pending.clear();
  });
  return {
    pid: child.pid ?? 0,
    call: async (name, ...argument) => {
      calls += 1;
      const id = calls;
      const answered = new Promise<Answer>((resolve) => pending.set(id, resolve));
      child.send({ id, name, argument: argument[0] } satisfies Call);
      const { result, error } = await answered;
      if (error !== undefined) throw new RemoteError(error);
      return result as never;
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

/** Ends a child process, and waits until it has ended. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}
