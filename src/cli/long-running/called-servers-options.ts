/** The servers outside the mesh that a control plane may call for its configuration, as `serve` and `up` are told of them. */
import type { Command } from "commander";
import { collect } from "../options/arguments.js";

/** The options for them. */
export interface CalledServersOptions {
  readonly discoverKeys?: readonly string[];
  readonly discoverRoots?: string;
  readonly fetchModules?: readonly string[];
  readonly fetchRoots?: string;
}

const ROOTS = "a file of roots to trust for those hosts, beside the usual ones";

/** Adds the options. */
export function addCalledServers(command: Command): Command {
  return command
    .option(
      "--discover-keys <host>",
      "a host that may be asked where the keys of token issuers are: HOST, HOST:PORT or *.DOMAIN; repeatable",
      collect,
    )
    .option("--discover-roots <file>", ROOTS)
    .option(
      "--fetch-modules <host>",
      "a host that the Wasm modules of plugins may be fetched from: HOST, HOST:PORT or *.DOMAIN; repeatable",
      collect,
    )
    .option("--fetch-roots <file>", ROOTS);
}
