import { analyze } from "../analysis/analyze.js";
import type { Analyzer } from "../analysis/analyzer.js";
import { ANALYZERS, DEFAULT_ANALYZERS } from "../analysis/analyzers.js";
import { DEFAULT_GATEWAY_FILE } from "../analysis/default-gateway.js";
import { MESSAGES } from "../analysis/messages.js";
import { isInNamespace } from "../analysis/scope.js";
import { isSuppressed, type Suppression } from "../analysis/suppression.js";
import type { Diagnostic, Severity } from "../base/diagnostic.js";
import { didYouMean } from "../config/closest-word.js";
import type { ConfigRoot } from "../config/sources/root.js";
import { readSources } from "../config/sources/scan.js";
import type { Source } from "../config/sources/source.js";
import { createConfigStore } from "../config/store/config-store.js";
import { type AnalysisFormat, formatAnalysis } from "./analysis-output.js";
import { CommandError } from "./command-error.js";
import type { ConnectionOptions } from "./connection-options.js";
import { type CommandContext, colorsFor } from "./context.js";
import { diagnosticOf } from "./diagnostic-of.js";
import { patchCheckFor } from "./patch-check.js";
import { readStandardInput } from "./standard-input.js";

/** The options of `fairlead analyze`. */
export interface AnalyzeOptions extends ConnectionOptions {
  readonly secrets?: string;
  readonly namespace?: string;
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
    context.stdout.write(describeAnalyzers());
    return;
  }
  const analyzers = selectAnalyzers(options.analyzer);
  warnOfUnknownCodes(context, options.suppress ?? []);
  const all =
    files.length === 0
      ? await analyzeRunning(context, options)
      : await analyzeFiles(context, files, options, analyzers);
  const found = all.filter((one) => isAskedFor(one, options));
  const shown = found.filter((one) => isAtLeast(one, options.outputThreshold));
  const colors = colorsFor(context, { ...context.stdout, ...isForced(options) });
  context.stdout.write(formatAnalysis(shown, options.output, colors));
  const where = files.length === 0 ? "what is in force" : files.join(", ");
  if (shown.length === 0) context.stderr.write(`\u2714 nothing found in ${where}\n`);
  failWhenBad(found, where, options.failureThreshold);
}

function isForced({ color }: AnalyzeOptions): { readonly isTerminal?: boolean } {
  return color === undefined ? {} : { isTerminal: color };
}

/** The names of analyzers are known to be right here; a control plane of another version says so of its own. */
async function analyzeRunning(
  context: CommandContext,
  options: AnalyzeOptions,
): Promise<readonly Diagnostic[]> {
  if (options.secrets !== undefined) {
    throw new CommandError(
      "--secrets goes with files",
      "a control plane that runs has its own: give files too, or leave it out",
    );
  }
  const { askControlPlane } = await import("./connect.js");
  const { diagnostics = [] } = await askControlPlane(context, options, (client) =>
    client.analyze({ analyzers: [...(options.analyzer ?? [])] }),
  );
  return diagnostics.map(diagnosticOf);
}

/** What stands for the standard input among the names of files. */
const STANDARD_INPUT = "-";

async function analyzeFiles(
  { stdin }: CommandContext,
  files: readonly string[],
  { secrets }: AnalyzeOptions,
  analyzers: readonly Analyzer[],
): Promise<readonly Diagnostic[]> {
  const roots: readonly ConfigRoot[] = [
    ...files
      .filter((path) => path !== STANDARD_INPUT)
      .map((path) => ({ path, kind: "config" as const })),
    ...(secrets === undefined ? [] : [{ path: secrets, kind: "secrets" as const }]),
  ];
  const batch = await readSources(roots);
  const missing = batch.roots.find(({ exists }) => !exists);
  if (missing !== undefined) {
    throw new CommandError(`${missing.path} does not exist`, "give a file of YAML or a directory");
  }
  const piped = files.includes(STANDARD_INPUT) ? [await readStandardInput(stdin)] : [];
  const gateway: Source = { type: "text", root: "", ...DEFAULT_GATEWAY_FILE };
  const changed = [...batch.changed, ...piped, gateway];
  const store = createConfigStore({ ...(await patchCheckFor(changed)), remembers: false });
  const snapshot = store.update({ ...batch, changed });
  // What is only taken for there is not the user's to mend.
  return analyze(snapshot, { analyzers, now: new Date() }).filter(
    ({ position }) => position?.file !== gateway.path,
  );
}

function selectAnalyzers(names: readonly string[] | undefined): readonly Analyzer[] {
  if (names === undefined) return DEFAULT_ANALYZERS;
  return names.map((name) => {
    const analyzer = ANALYZERS.find((one) => one.name === name);
    if (analyzer !== undefined) return analyzer;
    const guess = didYouMean(
      name,
      ANALYZERS.map((one) => one.name),
    );
    throw new CommandError(
      `there is no analyzer ${name}${guess}`,
      "`fairlead analyze --list-analyzers` shows those that there are",
    );
  });
}

function warnOfUnknownCodes(
  { stderr }: CommandContext,
  suppressions: readonly Suppression[],
): void {
  for (const { code } of suppressions) {
    // Codes of words are ours.
    if (!code.startsWith("IST") || Object.hasOwn(MESSAGES, code)) continue;
    stderr.write(`warning: there is no code ${code}, so nothing is suppressed by it\n`);
  }
}

function isAskedFor(diagnostic: Diagnostic, { namespace, suppress = [] }: AnalyzeOptions): boolean {
  const isThere = namespace === undefined || isInNamespace(diagnostic, namespace);
  return isThere && !isSuppressed(diagnostic, suppress);
}

function isAtLeast({ severity }: Diagnostic, threshold: Severity): boolean {
  return WEIGHTS[severity] >= WEIGHTS[threshold];
}

/** What says that a file, or a part of it, could not be read as YAML. */
const UNREADABLE_CODES: ReadonlySet<string> = new Set([
  "alias-bomb",
  "duplicate-key",
  "file-too-large",
  "invalid-yaml",
  "not-utf8",
  "unreadable",
]);

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
    return { count, text: `${count} ${severity}${count === 1 ? "" : "s"}` };
  });
  return counts
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(", ");
}

function describeAnalyzers(): string {
  const sorted = ANALYZERS.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.map((one) => {
    const asked = DEFAULT_ANALYZERS.includes(one) ? "" : " (only with --analyzer)";
    return `* ${one.name}:\n    checks ${one.description}${asked}\n`;
  });
  return lines.join("");
}
