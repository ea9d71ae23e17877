import type { Command } from "commander";
import type { HostPort } from "../../base/text/host-port.js";
import type { CommandContext } from "../context.js";
import { collect, parseHostPort } from "../options/arguments.js";
import { defaultStatePath } from "../options/state-path.js";

/** How a command finds the control plane; istioctl's flags, and the state directory of one on this machine. */
export interface ConnectionOptions {
  readonly xdsAddress?: HostPort;
  readonly plaintext?: true;
  readonly certDir?: string;
  readonly authority?: string;
  readonly state?: string;
}

/** Adds the flags by which a command finds the control plane. */
export function addConnectionFlags(command: Command, { environment }: CommandContext): Command {
  const state = defaultStatePath(environment);
  return command
    .option(
      "--xds-address <host:port>",
      "the control plane (default: one that runs on this machine)",
      parseHostPort,
    )
    .option("--plaintext", "call it without TLS")
    .option("--cert-dir <dir>", "call it with the cert-chain.pem, key.pem and root-cert.pem there")
    .option("--authority <name>", "the name in its certificate (default: its host)")
    .option("--state <dir>", `the state directory of one on this machine (default: ${state})`);
}

/** Adds the flag by which a command finds what a control plane keeps: see `meantState`. */
export function addStateFlag(command: Command, { environment }: CommandContext): Command {
  const usual = defaultStatePath(environment);
  return command.option(
    "--state <dir>",
    `the control plane's state directory (default: that of the one that runs on this machine, else ${usual})`,
  );
}

/** Adds the flag by which a command looks at files rather than asking a control plane. */
export function addConfigFlag(command: Command): Command {
  return command.option(
    "--config <dir>",
    "a directory of YAML instead of a running mesh; repeatable",
    collect,
  );
}
