import { Command } from "commander";
import { addStateFlag } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { formatOption } from "../../options/format-option.js";
import type { AuthorityCommandOptions } from "./run-ca.js";

/** `fairlead ca`: the authority of the mesh. */
export function caCommand(context: CommandContext): Command {
  const status = withOptions(context, new Command("status"))
    .description("show the trusted roots, and how far a rotation is")
    .addHelpText("after", "\nExample:\n  $ fairlead ca status")
    .action(async (options: AuthorityCommandOptions) => {
      const { printStatus } = await import("./run-ca.js");
      await printStatus(context, options);
    });
  const rotate = withOptions(context, new Command("rotate"))
    .description("replace the root: the next one is trusted everywhere before it signs")
    .addHelpText("after", "\nExample:\n  $ fairlead ca rotate")
    .action(async (options: AuthorityCommandOptions) => {
      const { prepareAndSay } = await import("./run-ca.js");
      await prepareAndSay(context, options);
    });
  const root = addStateFlag(new Command("root"), context)
    .description("print the trusted roots, for --root-cert on other machines")
    .addHelpText("after", "\nExample:\n  $ fairlead ca root > root.pem")
    .action(async (options: Pick<AuthorityCommandOptions, "state">) => {
      const { printRoots } = await import("./run-ca.js");
      await printRoots(context, options);
    });
  return new Command("ca")
    .description("the certificate authority of the mesh")
    .addCommand(root)
    .addCommand(status)
    .addCommand(rotate)
    .addHelpText("after", "\nExample:\n  $ fairlead ca status");
}

function withOptions(context: CommandContext, command: Command): Command {
  return addStateFlag(command, context).addOption(formatOption("text", "json"));
}
