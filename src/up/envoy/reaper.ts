/** Sees to it that no Envoy outlives `up`, even when that is killed. */
import { spawn } from "node:child_process";

/** Ends child processes when this process ends, however it ends. */
export interface Reaper {
  /** From now on these processes, and no others, are to end with this one. */
  watch(pids: Iterable<number>): void;
  /** Ends the watching; whatever is watched is left alone. */
  close(): void;
}

/**
 * Each line says which processes to end; the last one holds. The input ends when the process that writes it has ended,
 * be it by `kill -9`.
 */
const SCRIPT =
  'trap "" INT TERM HUP; while read -r line; do pids=$line; done; kill -9 $pids 2>/dev/null';

/**
 * Starts a shell that outlives this process for as long as it takes to end its children. A signal to the terminal's
 * process group does not reach it.
 */
export function startReaper(): Reaper {
  const shell = spawn("/bin/sh", ["-c", SCRIPT], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: {},
  });
  // Without the shell the children are still ended whenever this process ends in order.
  shell.on("error", () => undefined);
  shell.stdin.on("error", () => undefined);
  shell.unref();
  const tell = (pids: Iterable<number>): void => {
    shell.stdin.write(`${[...pids].join(" ")}\n`);
  };
  return {
    watch: tell,
    close: () => {
      tell([]);
      shell.stdin.end();
    },
  };
}
