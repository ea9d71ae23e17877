/** Runs a child that writes to its output, also by its name, and says whether that was a pipe of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { openEnvoyOutput } from "../../../src/agent/envoy-output.js";

const [, , directory = ""] = process.argv;
const output = await openEnvoyOutput(directory, (text) => {
  process.stdout.write(text);
});
const target = output.descriptor ?? "inherit";
const script = `head -c 100000 /dev/zero | tr '\\0' x; echo; echo by name >/dev/stdout; echo to stderr >&2`;
const child = spawn("sh", ["-c", script], { stdio: ["ignore", target, target] });
await once(child, "exit");
const pipe = await stat(join(directory, "envoy-output")).catch(() => undefined);
await output.close();
const mode = pipe === undefined ? "as it is" : `piped ${(pipe.mode & 0o777).toString(8)}`;
process.stdout.write(`${mode}\n`);
