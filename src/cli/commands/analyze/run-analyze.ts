import type { Analyzer } from "../../../analysis/analyzer.js";
import { MESSAGES } from "../../../analysis/messages.js";
import { isSuppressed, type Suppression } from "../../../analysis/suppression.js";
import type { Diagnostic, Severity } from "../../../base/diagnostic.js";
import { counted } from "../../../base/text/counted.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { CommandError } from "../../command-error.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import { type CommandContext, colorsFor } from "../../context.js";
import { diagnosticOf } from "../../output/diagnostic-of.js";
import { type AnalysisFormat, formatAnalysis } from "./analysis-output.js";
import type { BesideFiles } from "./analyze-files.js";

/** The options of `fairlead analyze`. */
export interface AnalyzeOptions extends BesideFiles, ConnectionOptions {
  readonly ignoreUnknown?: true;
  readonly namespace?: string;
  readonly excludeNamespaces?: readonly string[];
  readonly suppress?: readonly Suppression[];
  readonly analyzer?: readonly string[];
  readonly listAnalyzers?: true;
  readonly failureThreshold: Severity;
  readonly outputThreshold: Severity;
  readonly output: AnalysisFormat;
  readonly color?: boolean;
}

/** istioctl's exit codes: something was found that is bad enough, and a file could not be read. */
const FOUND = 79;
const UNREADABLE = 65;

/** What says that a file, or a part of it, could not be read as YAML. */
const UNREADABLE_CODES: ReadonlySet<string> = new Set([
  "alias-bomb",
  "duplicate-key",
  "file-too-large",
  "invalid-yaml",
  "not-utf8",
  "unreadable",
]);

/** What says that a document is none that is known. */
const UNKNOWN_CODES: ReadonlySet<string> = new Set([
  ...UNREADABLE_CODES,
  "not-a-resource",
  "unknown-kind",
]);

/** How bad something is; the worse, the larger. */
const WEIGHTS: Readonly<Record<Severity, number>> = { note: 0, warning: 1, error: 2 };

/**
 * Says what is wrong with some files, or, when none is given, with the configuration of a control plane that runs. Throws a `CommandError` with istioctl's exit code when something is found that is as
 * bad as the threshold, and when there are no such files. See istioctl analyze.
 */
export async function runAnalyze(
  context: CommandContext,
  files: readonly string[],
  options: AnalyzeOptions,
): Promise<void> {
  if (options.listAnalyzers === true) {
    const { describeAnalyzers } = await import("./named-analyzers.js");
    context.stdout.write(describeAnalyzers());
    return;
  }
  const analyzers = await analyzersOf(options);
  warnOfUnknownCodes(context, options.suppress ?? []);
  const all =
    files.length === 0
      ? await analyzeRunning(context, options)
      : await (await import("./analyze-files.js")).analyzeFiles(context, files, options, analyzers);
  const isThere = await scopeOf(options);
  const { suppress = [], ignoreUnknown = false } = options;
  const isTold = (one: Diagnostic): boolean =>
    !isSuppressed(one, suppress) && !(ignoreUnknown && UNKNOWN_CODES.has(one.code));
  const found = all.filter((one) => isThere(one) && isTold(one));
  const shown = found.filter((one) => isAtLeast(one, options.outputThreshold));
  const colors = colorsFor(context, { ...context.stdout, ...isForced(options) });
  context.stdout.write(formatAnalysis(shown, options.output, colors));
  const where = files.length === 0 ? "what is in force" : files.join(", ");
  if (shown.length === 0) context.stderr.write(visibleLines([`\u2714 nothing found in ${where}`]));
  failWhenBad(found, where, options.failureThreshold);
}

/** Those that are asked for by name, checked here too where a control plane is asked; the analyzers are read for that alone. */
async function analyzersOf({
  analyzer: names,
}: AnalyzeOptions): Promise<readonly Analyzer[] | undefined> {
  if (names === undefined) return undefined;
  const { namedAnalyzers } = await import("./named-analyzers.js");
  return namedAnalyzers(names);
}

function isForced({ color }: AnalyzeOptions): { readonly isTerminal?: boolean } {
  return color === undefined ? {} : { isTerminal: color };
}

/** The names of analyzers are known to be right here; a control plane of another version says so of its own. */
async function analyzeRunning(
  context: CommandContext,
  options: AnalyzeOptions,
): Promise<readonly Diagnostic[]> {
  const beside = Object.entries({
    "--secrets": options.secrets,
    "--meshConfigFile": options.meshConfigFile,
  });
  const [flag] = beside.find(([, value]) => value !== undefined) ?? [];
  if (flag !== undefined) {
    throw new CommandError(
      `${flag} goes with files`,
      "a control plane that runs has its own: give files too, or leave it out",
    );
  }
  const { askControlPlane } = await import("../../connection/connect.js");
  const { diagnostics = [] } = await askControlPlane(context, options, (client) =>
    client.analyze({ analyzers: [...(options.analyzer ?? [])] }),
  );
  return diagnostics.map(diagnosticOf);
}

function warnOfUnknownCodes(
  { stderr }: CommandContext,
  suppressions: readonly Suppression[],
): void {
  for (const { code } of suppressions) {
    // Codes of words are ours.
    if (!code.startsWith("IST") || Object.hasOwn(MESSAGES, code)) continue;
    stderr.write(
      visibleLines([`warning: there is no code ${code}, so nothing is suppressed by it`]),
    );
  }
}

/** Says what is about the namespaces that are asked for; all that is known of kinds is read for that alone. */
async function scopeOf({
  namespace,
  excludeNamespaces = [],
}: AnalyzeOptions): Promise<(diagnostic: Diagnostic) => boolean> {
  if (namespace === undefined && excludeNamespaces.length === 0) return () => true;
  const { isAboutNamespace, isInNamespace } = await import("../../../analysis/scope.js");
  return (diagnostic) =>
    (namespace === undefined || isInNamespace(diagnostic, namespace)) &&
    !excludeNamespaces.some((one) => isAboutNamespace(diagnostic, one));
}

function isAtLeast({ severity }: Diagnostic, threshold: Severity): boolean {
  return WEIGHTS[severity] >= WEIGHTS[threshold];
}

function failWhenBad(found: readonly Diagnostic[], where: string, threshold: Severity): void {
  const bad = found.filter((one) => isAtLeast(one, threshold));
  if (bad.length === 0) return;
  const isUnreadable = bad.every(({ code }) => UNREADABLE_CODES.has(code));
  throw new CommandError(
    `${describeCounts(bad)} in ${where}`,
    isUnreadable
      ? "mend the YAML: what cannot be read is not analyzed"
      : "mend what is shown, or leave it out with --suppress CODE=RESOURCE",
    isUnreadable ? UNREADABLE : FOUND,
  );
}

function describeCounts(diagnostics: readonly Diagnostic[]): string {
  const counts = (["error", "warning", "note"] as const).map((severity) => {
    const count = diagnostics.filter((one) => one.severity === severity).length;
    return { count, text: counted(count, severity) };
  });
  return counts
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(", ");
}
