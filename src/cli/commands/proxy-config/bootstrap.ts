import { Command } from "commander";
import { CommandError } from "../../command-error.js";
import { type ProxyOptions, readProxy, withProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { type OutputFormat, outputOption, writeOutput } from "../../output/write-output.js";

interface BootstrapOptions extends ProxyOptions {
  readonly output: OutputFormat;
}

const HELP = `
Only the Envoy of the proxy knows it.

Examples:
  $ fairlead proxy-config bootstrap payments-v1-0.default
  $ fairlead proxy-config bootstrap payments-v1-0.default -o short
  $ fairlead proxy-config bootstrap -f dump.json -o yaml`;

const WANTED = { path: "/config_dump?mask=bootstrap", sections: [{ name: "BootstrapConfigDump" }] };

/** `fairlead proxy-config bootstrap`. */
export function bootstrapConfigCommand(context: CommandContext): Command {
  return withProxy(new Command("bootstrap").alias("b"), context)
    .description("what a proxy was started with; short: its versions")
    .addOption(outputOption("json"))
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: BootstrapOptions) => {
      const { parseConfigDump, sectionOf } = await import("../../../console/config-dump.js");
      const { bootstrapSummary } = await import(
        "../../../console/proxy-config/bootstrap-summary.js"
      );
      const { kind, text } = await readProxy(context, pod, options, WANTED);
      if (kind === "accepted") {
        throw new CommandError(
          "a control plane does not have the bootstrap with which a proxy was started",
          "run the command on the proxy's machine, or give --admin HOST:PORT",
        );
      }
      const dump = parseConfigDump(text);
      const bootstrap = sectionOf(dump, "BootstrapConfigDump");
      await writeOutput(context, options.output, {
        table: () => bootstrapSummary(bootstrap),
        value: () => bootstrap,
        gap: 1,
      });
    });
}
