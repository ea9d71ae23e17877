import { Command, InvalidArgumentError, Option } from "commander";
import { parseSuppression, type Suppression } from "../analysis/suppression.js";
import type { Severity } from "../base/diagnostic.js";
import type { AnalyzeOptions } from "./analyze/run-analyze.js";
import { collect } from "./arguments.js";
import { addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import { formatOption } from "./format-option.js";

const HELP = `
Without files, what a control plane that runs has read is looked at. Directories are looked at with all that is below them, as \`serve\` reads them. An ingress gateway with the labels
istio=ingressgateway is taken for there. Exit code 79 when something is found that is as bad as --failure-threshold, 65
when a file cannot be read. A resource that is meant to be as it is can say so by the annotation
galley.istio.io/analyze-suppress, with codes joined by commas or *.

Examples:
  $ fairlead analyze
  $ fairlead analyze examples/shop
  $ fairlead analyze examples/shop -o json
  $ cat examples/shop/payments.yaml | fairlead analyze -
  $ fairlead analyze examples/shop -S "IST0118=Service *.default" -S "IST0102=Namespace *"
  $ fairlead analyze --list-analyzers`;

/** `fairlead analyze`. */
export function analyzeCommand(context: CommandContext): Command {
  const command = new Command("analyze")
    .description(
      "look for mistakes in files of YAML or in a mesh that runs, with Istio's analyzers and more",
    )
    .argument("[files...]", "files, directories, or - for the standard input")
    .option("--secrets <dir>", "certificates as files: NAMESPACE/NAME/{tls.crt,tls.key,ca.crt}")
    .option(
      "--meshConfigFile <file>",
      "the mesh configuration, rather than that of ConfigMap istio-system/istio in the files",
    );
  addSelection(command);
  addOutput(command);
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], options: AnalyzeOptions) => {
      const { runAnalyze } = await import("./analyze/run-analyze.js");
      await runAnalyze(context, files, options);
    });
}

function addSelection(command: Command): void {
  command
    .option("-n, --namespace <name>", "tell of resources of this namespace alone")
    .addOption(
      new Option("-A, --all-namespaces", "tell of all namespaces, as without -n").conflicts(
        "namespace",
      ),
    )
    .option(
      "-S, --suppress <code=resource>",
      'do not tell a code of some resources, such as "IST0103=Pod *.testing"; repeatable',
      addSuppression,
    )
    .option("--ignore-unknown", "do not tell of documents that are no resources, or no YAML")
    .option("--analyzer <name>", "run this analyzer alone; repeatable", collect)
    .option("-L, --list-analyzers", "list the analyzers, and do nothing else")
    // What istioctl has them for is so in any case.
    .addOption(new Option("-R, --recursive").hideHelp())
    .addOption(new Option("-k, --use-kube [flag]").choices(["true", "false"]).hideHelp())
    .addOption(new Option("--timeout <time>").hideHelp());
}

function addOutput(command: Command): void {
  command
    .option(
      "--failure-threshold <level>",
      "what is to fail: Info, Warning or Error",
      parseLevel,
      "error",
    )
    .option(
      "--output-threshold <level>",
      "what is told: Info, Warning or Error",
      parseLevel,
      "note",
    )
    .addOption(formatOption("log", "json", "yaml"))
    .option("--color", "with colours (default: on a terminal)")
    .option("--no-color", "without colours");
}

/** Istio's levels. */
const LEVELS: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ["info", "note"],
  ["warning", "warning"],
  ["error", "error"],
]);

function parseLevel(text: string): Severity {
  const level = LEVELS.get(text.toLowerCase());
  if (level === undefined) throw new InvalidArgumentError("A level is Info, Warning or Error.");
  return level;
}

function addSuppression(
  text: string,
  earlier: readonly Suppression[] | undefined,
): readonly Suppression[] {
  const suppression = parseSuppression(text);
  if (suppression === undefined) {
    throw new InvalidArgumentError('It is CODE=RESOURCE, such as "IST0103=Pod mypod.testing".');
  }
  return [...(earlier ?? []), suppression];
}
