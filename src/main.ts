#!/usr/bin/env node
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";
import { visibleJson } from "./base/text/visible-text.js";
import { INTERRUPTED } from "./cli/command-error.js";
import { runCommandLine } from "./cli/command-line.js";
import type { Output } from "./cli/context.js";

function outputOf(stream: NodeJS.WriteStream & { readonly fd: number }): Output {
  // Whoever read it may have gone, such as `head`.
  stream.on("error", () => process.exit(1));
  // A stream that is none has no `isTTY` at all, whatever its type says.
  const isTerminal = isatty(stream.fd);
  return {
    write: (text) => {
      stream.write(isTerminal ? visibleJson(text) : text);
    },
    isTerminal,
  };
}

/** Aborted by the first Ctrl-C or the like; the second one ends the process. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Resolves when all that was written is taken. What a pipe has not taken when the process exits is lost. */
function untilTaken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => {
      resolve();
    });
  });
}

const code = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  // The package has this file in dist, the repository in src.
  installation: join(dirname(fileURLToPath(import.meta.url)), ".."),
  stdin: process.stdin,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  stop: stopSignal(),
});
await Promise.all([untilTaken(process.stdout), untilTaken(process.stderr)]);
process.exit(code);
