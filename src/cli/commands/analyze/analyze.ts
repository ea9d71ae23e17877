import { Command, InvalidArgumentError, Option } from "commander";
import { parseSuppression, type Suppression } from "../../../analysis/suppression.js";
import type { Severity } from "../../../base/diagnostic.js";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { collect } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { AnalyzeOptions } from "./run-analyze.js";

const HELP = `
Without files, the configuration that a running control plane has read is analyzed. A directory is read with all that is below it,
as by \`serve\`. An ingress gateway with the labels istio=ingressgateway is assumed to exist. The exit code is 79 when a finding is
as severe as --failure-threshold, 65 when a file cannot be read. A resource that is meant to be as it is has the annotation
galley.istio.io/analyze-suppress, with codes joined by commas, or *.

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
      "look for mistakes in YAML files or in a running mesh, with Istio's analyzers and more",
    )
    .argument("[files...]", "files, directories, or - for the standard input")
    .option("--secrets <dir>", "certificates as files: NAMESPACE/NAME/{tls.crt,tls.key,ca.crt}")
    .option(
      "--meshConfigFile <file>",
      "the mesh configuration, instead of the ConfigMap istio-system/istio in the files",
    );
  addSelection(command);
  addOutput(command);
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], options: AnalyzeOptions) => {
      const { runAnalyze } = await import("./run-analyze.js");
      await runAnalyze(context, files, options);
    });
}

function addSelection(command: Command): void {
  command
    .option("-n, --namespace <name>", "show only findings about this namespace")
    .addOption(
      new Option(
        "-A, --all-namespaces",
        "show findings about all namespaces, as without -n",
      ).conflicts("namespace"),
    )
    .option(
      "--exclude-namespaces <names>",
      "hide findings about these namespaces, joined by commas; repeatable",
      addNames,
    )
    .option(
      "-S, --suppress <code=resource>",
      'hide a code for some resources, such as "IST0103=Pod *.testing"; repeatable',
      addSuppression,
    )
    .option("--ignore-unknown", "ignore documents that are not resources, or not YAML")
    .option("--analyzer <name>", "run only this analyzer; repeatable", collect)
    .option("-L, --list-analyzers", "list the analyzers, and do nothing else")
    // Flags of istioctl's for what is always so here.
    .addOption(new Option("-R, --recursive").hideHelp())
    .addOption(new Option("-r, --revision <name>").hideHelp())
    .addOption(new Option("-k, --use-kube [flag]").choices(["true", "false"]).hideHelp())
    .addOption(new Option("--timeout <time>").hideHelp());
}

function addOutput(command: Command): void {
  command
    .addOption(
      levelOption(
        "failure-threshold",
        "the least severe level that makes the command fail",
        "error",
      ),
    )
    .addOption(levelOption("output-threshold", "the least severe level that is shown", "note"))
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

function levelOption(name: string, description: string, usual: Severity): Option {
  const [word = ""] = [...LEVELS].find(([, level]) => level === usual) ?? [];
  return new Option(`--${name} <level>`, `${description}: Info, Warning or Error`)
    .argParser(parseLevel)
    .default(usual, word);
}

function parseLevel(text: string): Severity {
  const level = LEVELS.get(text.toLowerCase());
  if (level === undefined) throw new InvalidArgumentError("A level is Info, Warning or Error.");
  return level;
}

function addNames(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...text.split(",").map((name) => name.trim())];
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
