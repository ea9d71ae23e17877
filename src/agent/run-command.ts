/** Runs a command that says by its exit code how the application is. */
import { type ChildProcess, spawn } from "node:child_process";
import { errorMessage } from "../base/error-message.js";

/** What a command came to. */
export type CommandOutcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed" | "late"; readonly reason: string };

/** How it is run. */
export interface CommandTerms {
  readonly timeoutMs: number;
  /** Aborting it ends the command. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program with its arguments as they are, by no shell, as the user of this process. What it writes is not read. It has a
 * process group of its own, which is killed at the limit, and when it has ended: it leaves nothing running.
 */
export function runCommand(
  [program = "", ...given]: readonly string[],
  { timeoutMs, signal }: CommandTerms,
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const child = spawned(program, given);
    if (child instanceof Error) {
      resolve({ kind: "failed", reason: errorMessage(child) });
      return;
    }
    let isLate = false;
    const kill = (): void => {
      killGroup(child.pid);
    };
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutMs);
    signal.addEventListener("abort", kill, { once: true });
    const end = (outcome: CommandOutcome): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      kill();
      resolve(outcome);
    };
    child.once("error", (error) => {
      end({ kind: "failed", reason: errorMessage(error) });
    });
    child.once("exit", (code, killedBy) => {
      if (isLate) end({ kind: "late", reason: `it did not end within ${timeoutMs / 1000} s` });
      else if (code === 0) end({ kind: "passed" });
      else end({ kind: "failed", reason: `it ended with ${String(code ?? killedBy)}` });
    });
  });
}

/** A program, or why there is none: of some words, as of those that are too long, Node says so at once. */
function spawned(program: string, given: readonly string[]): ChildProcess | Error {
  try {
    return spawn(program, given, { detached: true, stdio: "ignore" });
  } catch (error) {
    return error as Error;
  }
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // There is nobody in it any more.
  }
}
