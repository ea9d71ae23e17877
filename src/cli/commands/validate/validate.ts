import { Command } from "commander";
import type { CommandContext } from "../../context.js";
import { formatOption } from "../../options/format-option.js";
import type { ValidateOptions } from "./run-validate.js";

const HELP = `
Each file is checked by itself: what its resources refer to may be in other files, or nowhere. Exit code 1 when there are errors;
warnings alone are fine.

Examples:
  $ fairlead validate -f examples/shop
  $ fairlead validate -f examples/shop/payments.yaml -o json
  $ cat examples/shop/payments.yaml | fairlead validate -f -`;

/** `fairlead validate`. */
export function validateCommand(context: CommandContext): Command {
  return new Command("validate")
    .description("check YAML files without a mesh")
    .requiredOption(
      "-f, --filename <file...>",
      "files, directories, or - for the standard input; repeatable",
    )
    .addOption(formatOption("text", "json"))
    .addHelpText("after", HELP)
    .action(async (options: ValidateOptions) => {
      const { runValidate } = await import("./run-validate.js");
      await runValidate(context, options);
    });
}
