import { Command, InvalidArgumentError, Option } from "commander";
import { collect } from "./arguments.js";
import { addConnectionFlags } from "./connection-options.js";
import type { CommandContext } from "./context.js";
import type { ExplainOptions } from "./run-explain.js";

const HELP = `
The request is walked through the configuration that the proxies of both ends are sent: which listener, route and cluster
take it, who allows or refuses it, and which part of which resource decides that. With --config it is walked through the
mesh that \`up\` would run from the files; else through the one that runs.

Examples:
  $ fairlead explain --from my-service-0.default GET http://payments/api -H 'x-role: admin'
  $ fairlead explain --config examples/shop --from my-service http://payments/
  $ fairlead explain --config examples/shop --gateway istio-ingressgateway.istio-system https://app.example.com/`;

/** `fairlead explain`. */
export function explainCommand(context: CommandContext): Command {
  const command = new Command("explain")
    .description("tell what becomes of a request, and what decides it")
    .argument("<method-or-url>", "the method, GET when there is only a URL")
    .argument("[url]", "http://HOST[:PORT]/PATH, or https")
    .option("--from <pod>", "who calls: NAME.NAMESPACE of a pod or a workload")
    .addOption(
      new Option("--gateway <pod>", "the gateway that is called from outside").conflicts("from"),
    )
    .option("-H, --header <header>", "a header, NAME: VALUE; repeatable", collectHeader)
    .option(
      "--config <dir>",
      "a directory of YAML instead of a mesh that runs; repeatable",
      collect,
    )
    .addOption(
      new Option("-o, --output <format>", "how").choices(["text", "json"]).default("text"),
    );
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (first: string, second: string | undefined, options: ExplainOptions) => {
      const { runExplain } = await import("./run-explain.js");
      const [method, url] = second === undefined ? ["GET", first] : [first.toUpperCase(), second];
      await runExplain(context, { method, url }, options);
    });
}

function collectHeader(
  text: string,
  earlier: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("It is NAME: VALUE, such as 'x-role: admin'.");
  }
  return { ...earlier, [name.toLowerCase()]: value };
}
