#!/usr/bin/env node
// Stands in for an Envoy that validates: what it does is said by the name of the first cluster that it is asked about. It
// writes what it was given into the file that the alternative name of the statistics is.
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { setInterval } from "node:timers";

const file = process.argv[process.argv.indexOf("--config-path") + 1];
const directory = dirname(file);
const { clusters } = JSON.parse(readFileSync(file, "utf8")).staticResources;
const { name, altStatName } = clusters[1];
const files = readdirSync(directory).map((entry) => [
  entry,
  (statSync(join(directory, entry)).mode & 0o777).toString(8),
]);
const given = {
  pid: process.pid,
  directory,
  files,
  cluster: clusters[1],
  names: Object.keys(process.env),
};
writeFileSync(`${altStatName}.part`, JSON.stringify(given));
renameSync(`${altStatName}.part`, altStatName);
const doings = {
  takes: () => undefined,
  refuses: () => {
    process.stderr.write(
      `[critical] error initializing configuration '${file}': no\n  such thing\n`,
    );
    process.exit(1);
  },
  fails: () => {
    process.stderr.write("cannot map memory\n");
    process.exit(1);
  },
  crashes: () => process.kill(process.pid, "SIGFPE"),
  dies: () => process.kill(process.pid, "SIGKILL"),
  hangs: () => setInterval(() => undefined, 1000),
};
doings[name]();
