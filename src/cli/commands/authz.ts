import { Command } from "commander";
import { type ProxyOptions, readDump, withProxy } from "../connection/proxy-source.js";
import type { CommandContext } from "../context.js";
import { type OutputFormat, outputOption, writeOutput } from "../output/write-output.js";

interface CheckOptions extends ProxyOptions {
  readonly output: OutputFormat;
}

const HELP = `
Shows what the proxy enforces: the policies in the filters of its listeners, and how many rules each has.

Examples:
  $ fairlead authz check payments-v1-0.default
  $ fairlead authz check -f dump.json -o json`;

const WANTED = {
  path: "/config_dump?mask=dynamic_listeners",
  sections: [{ name: "ListenersConfigDump" }],
};

/** `fairlead authz`: the AuthorizationPolicies of a proxy. */
export function authzCommand(context: CommandContext): Command {
  const check = withProxy(new Command("check"), context)
    .description("show which AuthorizationPolicies a proxy enforces")
    .addOption(outputOption())
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: CheckOptions) => {
      const { dynamicListenersOf } = await import("../../console/config-dump.js");
      const { authorizationTable, enforcedPolicies } = await import(
        "../../console/proxy-config/authorization-table.js"
      );
      const dump = await readDump(context, pod, options, WANTED);
      const policies = enforcedPolicies(dynamicListenersOf(dump));
      await writeOutput(context, options.output, {
        table: () => authorizationTable(policies),
        value: () => policies,
        gap: 3,
      });
    });
  return new Command("authz")
    .description("inspect authorization")
    .addCommand(check)
    .addHelpText("after", "\nExample:\n  $ fairlead authz check payments-v1-0.default");
}
