/**
 * Runs the control plane of the bundle on a mesh, and keeps beside it what V8 compiled of it: a control plane that starts has to
 * compile little then. See src/cli/long-running/script.ts.
 *
 * usage: compile SCRIPT MESH
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type * as LongRunning from "../src/cli/long-running/long-running.js";
import { compiledPath, loadScript } from "../src/cli/long-running/script.js";
import { runByDefault } from "../src/cli/long-running/v8-flags.js";

/** Runs a control plane until it serves. */
async function serveOnce({ runServe }: typeof LongRunning, mesh: string): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "fairlead-compile-"));
  const stop = new AbortController();
  const context = {
    environment: {},
    installation: resolve("."),
    stdin: process.stdin,
    stdout: {
      isTerminal: false,
      write: (line: string) => {
        if (line.includes('"serving"')) stop.abort();
      },
    },
    stderr: { isTerminal: false, write: () => undefined },
    stop: stop.signal,
  };
  try {
    await runServe(context, {
      config: [mesh],
      state,
      address: "127.0.0.1",
      port: 0,
      tlsPort: 0,
      httpPort: 0,
      workloadKey: "p256",
      logLevel: "info",
    });
  } finally {
    rmSync(state, { recursive: true });
  }
}

const [script = "", mesh = ""] = process.argv.slice(2);
rmSync(compiledPath(script), { force: true });
const { exports, compiled } = loadScript<typeof LongRunning>(resolve(script));
await serveOnce(exports, mesh);
runByDefault();
writeFileSync(compiledPath(script), compiled());
