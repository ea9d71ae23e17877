import { Command, InvalidArgumentError, Option } from "commander";
import {
  KNOWN_FLAGS,
  type ResponseFlag,
  readFlags,
} from "../../../console/explain/response-flags.js";
import { addConfigFlag, addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseIpAddress } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { ExplainOptions } from "./run-explain.js";

const HELP = `
The request is followed through the configuration of the proxies at both ends: which listener, route and cluster take it, who allows
or refuses it, and which part of which resource decides that. With --config this is the mesh that \`up\` would run from the
files, otherwise the running one. With --flags, response flags of an access log are explained: what they mean, and what in the
configuration can lead to them.

A gateway takes the address of the connection for that of its client; if it trusts that many proxies before it
(gatewayTopology.numTrustedProxies), the address that they tell in X-Forwarded-For.

Examples:
  $ fairlead explain --from my-service-0.default GET http://payments/api -H 'x-role: admin'
  $ fairlead explain --config examples/shop --from my-service http://payments/
  $ fairlead explain --config examples/shop --from my-service tcp://payments:80
  $ fairlead explain --flags UF,URX --from my-service-0.default --to payments
  $ fairlead explain --flags UT
  $ fairlead explain --config examples/shop --gateway istio-ingressgateway.istio-system https://app.example.com/
  $ fairlead explain --config examples/shop --gateway istio-ingressgateway.istio-system --from-ip 203.0.113.7 https://app.example.com/`;

/** `fairlead explain`. */
export function explainCommand(context: CommandContext): Command {
  const command = new Command("explain")
    .description("explain what happens to a request, and what decides it")
    .argument("[method-or-url]", "the method, GET when there is only a URL")
    .argument("[url]", "http://HOST[:PORT]/PATH, https, or tcp://HOST:PORT")
    .option("--from <pod>", "the caller: NAME.NAMESPACE of a pod or a workload")
    .addOption(
      new Option("--gateway <pod>", "the gateway that is called from outside").conflicts("from"),
    )
    .addOption(
      new Option("--from-ip <ip>", "the address from which the gateway is called")
        .argParser(parseIpAddress)
        .conflicts("from"),
    )
    .option("--to <url>", "the URL, or a host of http", parseTarget)
    .option("--flags <list>", "response flags of an access log, such as UF,URX", parseFlags)
    .option("-H, --header <header>", "a header, NAME: VALUE; repeatable", collectHeader);
  addConfigFlag(command).addOption(formatOption("text", "json"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(
      async (first: string | undefined, second: string | undefined, options: ExplainOptions) => {
        const { runExplain } = await import("./run-explain.js");
        await runExplain(context, requestedBy(first, second, options), options);
      },
    );
}

/** `METHOD URL`, `URL`, `METHOD --to URL` or `--to URL`. */
function requestedBy(
  first: string | undefined,
  second: string | undefined,
  { to }: ExplainOptions,
): { readonly method: string; readonly url: string | undefined } {
  const isMethod = first !== undefined && (second !== undefined || to !== undefined);
  return {
    method: isMethod ? first.toUpperCase() : "GET",
    url: second ?? to ?? first,
  };
}

function parseTarget(text: string): string {
  return text.includes("://") ? text : `http://${text}`;
}

function parseFlags(text: string): readonly ResponseFlag[] {
  const flags = readFlags(text).filter((flag) => flag !== undefined);
  if (flags.length === text.split(",").length) return flags;
  throw new InvalidArgumentError(`Flags are joined by commas, of ${KNOWN_FLAGS.join(", ")}.`);
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
