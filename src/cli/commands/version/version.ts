import { Command, Option } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseFlag } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { VersionOptions } from "./run-version.js";

const HELP = `
Without a control plane only the version of this program is shown.

JSON and YAML have istioctl's members: clientVersion, meshVersion and dataPlaneVersion. Of a build they have only the version, with
the API of Istio and the Envoy that it is made for; of a proxy also the version of its Envoy.

Examples:
  $ fairlead version
  $ fairlead version --short
  $ fairlead version --remote=false -o json`;

/** `fairlead version`. */
export function versionCommand(context: CommandContext): Command {
  const command = new Command("version")
    .description("show the versions of this program, the control plane and its proxies")
    .addOption(
      new Option("--remote [flag]", "ask the control plane too")
        .argParser(parseFlag)
        .preset("true")
        .default(true),
    )
    .addOption(
      new Option("-s, --short [flag]", "only the numbers, where the output is text")
        .argParser(parseFlag)
        .preset("true")
        .default(false),
    )
    .addOption(formatOption("text", "json", "yaml"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (options: VersionOptions) => {
      const { runVersion } = await import("./run-version.js");
      await runVersion(context, options);
    });
}
