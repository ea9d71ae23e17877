import { type Diagnostic, diagnosticLines, type Severity } from "../../../base/diagnostic.js";
import { counted } from "../../../base/text/counted.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import { readSources } from "../../../config/sources/scan.js";
import type { Source } from "../../../config/sources/source.js";
import { validateSource } from "../../../config/validate-source.js";
import { CommandError } from "../../command-error.js";
import type { CommandContext } from "../../context.js";
import { patchCheckFor } from "../../input/patch-check.js";
import { readStandardInput, STANDARD_INPUT } from "../../input/standard-input.js";

/** The options of `fairlead validate`. */
export interface ValidateOptions {
  readonly filename: readonly string[];
  readonly output: "text" | "json";
}

/** A file that was looked at. */
interface Validated {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Says what is wrong with each file. Throws a `CommandError` when that is an error, or when there is no such file.
 * See istioctl validate.
 */
export async function runValidate(
  context: CommandContext,
  { filename, output }: ValidateOptions,
): Promise<void> {
  const files: Validated[] = [];
  for (const name of filename) files.push(...(await validateAt(context, name)));
  const diagnostics = files.flatMap((file) => file.diagnostics);
  if (output === "json") context.stdout.write(`${JSON.stringify(diagnostics, undefined, 2)}\n`);
  else context.stdout.write(visibleLines(files.flatMap(validatedLines)));
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const wrong = files.filter((file) => has(file, "error"));
  throw new CommandError(
    `${counted(errors.length, "error")} in ${counted(wrong.length, "file")} of ${String(files.length)}`,
    "mend the lines that are shown; a resource with an error has no effect",
  );
}

async function validateAt(context: CommandContext, name: string): Promise<readonly Validated[]> {
  if (name === STANDARD_INPUT) {
    const source = await readStandardInput(context.stdin);
    return validateAll([source]);
  }
  const { roots, changed } = await readSources([{ path: name, kind: "config" }]);
  if (roots.some(({ exists }) => !exists)) {
    throw new CommandError(`${name} does not exist`, "give a file of YAML, a directory, or -");
  }
  const problems = roots.flatMap((root) => root.problems);
  return [
    ...(problems.length === 0 ? [] : [{ path: name, diagnostics: problems }]),
    ...(await validateAll(changed)),
  ];
}

async function validateAll(sources: readonly Source[]): Promise<readonly Validated[]> {
  const using = await patchCheckFor(sources);
  return sources.map((source) => ({
    path: source.path,
    diagnostics: validateSource(source, using),
  }));
}

function validatedLines(file: Validated): readonly string[] {
  const verdict = has(file, "error")
    ? "is invalid"
    : has(file, "warning")
      ? "is valid, with warnings"
      : "is valid";
  return [...file.diagnostics.flatMap(diagnosticLines), `${file.path} ${verdict}`];
}

function has({ diagnostics }: Validated, wanted: Severity): boolean {
  return diagnostics.some(({ severity }) => severity === wanted);
}
