import { Command, Option } from "commander";
import { addStateFlag } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseCount, parseLabels, parseServiceAccount, parseTtl } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { CreateOptions, TokenOptions } from "./run-token.js";

const DEFAULT_TTL = "10m";

/** `fairlead token`: the one-time secrets by which proxies join. */
export function tokenCommand(context: CommandContext): Command {
  const create = withOptions(context, new Command("create"))
    .description("make a join token and print it")
    .requiredOption(
      "--service-account <ns/name>",
      "the service account that it lets in",
      parseServiceAccount,
    )
    .addOption(
      new Option("--ttl <time>", "how long it is valid")
        .argParser(parseTtl)
        .default(parseTtl(DEFAULT_TTL), DEFAULT_TTL),
    )
    .option(
      "--labels <pairs>",
      "the only labels that the workload may have (default: any)",
      parseLabels,
    )
    .option("--uses <n>", "how many times it can be used", parseCount, 1)
    .addHelpText(
      "after",
      "\nExamples:\n  $ fairlead token create --service-account default/payments --ttl 10m > token\n  $ fairlead token create --service-account default/payments --labels app=payments,version=v1 > token",
    )
    .action(async (options: CreateOptions) => {
      const { createAndPrint } = await import("./run-token.js");
      await createAndPrint(context, options);
    });
  const list = withOptions(context, new Command("list"))
    .description("list the tokens, without their secrets")
    .addHelpText("after", "\nExample:\n  $ fairlead token list")
    .action(async (options: TokenOptions) => {
      const { printList } = await import("./run-token.js");
      await printList(context, options);
    });
  const revoke = withOptions(context, new Command("revoke"))
    .description("revoke a token")
    .argument("<id>", "as `fairlead token list` shows it")
    .addHelpText("after", "\nExample:\n  $ fairlead token revoke k3v5wq2m7a")
    .action(async (id: string, options: TokenOptions) => {
      const { revokeAndSay } = await import("./run-token.js");
      await revokeAndSay(context, id, options);
    });
  return new Command("token")
    .description("the secrets by which proxies join the mesh")
    .addCommand(create)
    .addCommand(list)
    .addCommand(revoke)
    .addHelpText("after", "\nExample:\n  $ fairlead token list");
}

function withOptions(context: CommandContext, command: Command): Command {
  return addStateFlag(command, context).addOption(formatOption("text", "json"));
}
