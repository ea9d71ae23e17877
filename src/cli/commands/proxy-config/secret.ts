import { Command } from "commander";
import { type ProxyOptions, readDump, withProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { type OutputFormat, outputOption, writeOutput } from "../../output/write-output.js";

interface SecretOptions extends ProxyOptions {
  readonly output: OutputFormat;
}

const HELP = `
Private keys are never shown: Envoy does not tell them.

Examples:
  $ fairlead proxy-config secret payments-v1-0.default
  $ fairlead proxy-config secret -f dump.json -o json`;

const WANTED = {
  path: "/config_dump?mask=dynamic_active_secrets,dynamic_warming_secrets",
  sections: [{ name: "SecretsConfigDump" }],
};

/** `fairlead proxy-config secret`. */
export function secretCommand(context: CommandContext): Command {
  return withProxy(new Command("secret").aliases(["secrets", "s"]), context)
    .description("the certificates of a proxy, and those that it trusts")
    .addOption(outputOption())
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: SecretOptions) => {
      const { sectionOf } = await import("../../../console/config-dump.js");
      const { secretTable } = await import("../../../console/proxy-config/secret-table.js");
      const dump = await readDump(context, pod, options, WANTED);
      const secrets = sectionOf(dump, "SecretsConfigDump");
      await writeOutput(context, options.output, {
        table: () => secretTable(secrets, Date.now()),
        value: () => secrets,
        gap: 5,
      });
    });
}
