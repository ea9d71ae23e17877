import { Command } from "commander";
import { type ProxyOptions, readDump, withProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { type OutputFormat, outputOption, writeOutput } from "../../output/write-output.js";

interface EcdsOptions extends ProxyOptions {
  readonly output: OutputFormat;
}

const HELP = `
Examples:
  $ fairlead proxy-config ecds payments-v1-0.default
  $ fairlead proxy-config ecds -f dump.json -o yaml`;

const WANTED = { path: "/config_dump", sections: [{ name: "EcdsConfigDump" }] };

/** `fairlead proxy-config ecds`. */
export function ecdsCommand(context: CommandContext): Command {
  return withProxy(new Command("ecds").alias("ec"), context)
    .description("the extensions of a proxy that came over ECDS")
    .addOption(outputOption())
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: EcdsOptions) => {
      const { ecdsTable } = await import("../../../console/proxy-config/ecds-table.js");
      // Envoy leaves the section out when there are none.
      const { EcdsConfigDump: extensions = {} } = await readDump(context, pod, options, WANTED);
      await writeOutput(context, options.output, {
        table: () => ecdsTable(extensions),
        value: () => extensions,
        gap: 5,
      });
    });
}
