import type { Option } from "commander";
import { columns } from "../../base/text/columns.js";
import { visibleLines } from "../../base/text/visible-text.js";
import type { CommandContext } from "../context.js";
import { formatOption } from "../options/format-option.js";

/** How a command shows what it found: `short` is the table too, as istioctl calls it. */
const FORMATS = ["table", "short", "json", "yaml"] as const;

export type OutputFormat = (typeof FORMATS)[number];

/** How a command shows what it found that has more columns for who wants them. */
export type WideFormat = OutputFormat | "wide";

/** The option that says how; a command may have others beside the usual ones. */
export function outputOption(
  byDefault: OutputFormat = "table",
  others: readonly string[] = [],
): Option {
  return formatOption(...FORMATS, ...others).default(byDefault);
}

type Rows = readonly (readonly string[])[];

/** What a command found: a table for people, a value for programs. */
export interface Finding {
  readonly table: () => Rows;
  readonly value: () => unknown;
  /** How far the table's columns are apart. */
  readonly gap: number;
}

/** What a command found that is also shown in a table with more columns. */
export interface WideFinding extends Finding {
  readonly wide: () => Promise<Rows>;
}

/** Whether people are to read it. */
export function isTable(format: OutputFormat): format is "table" | "short" {
  return format === "table" || format === "short";
}

/** Writes what a command found. */
export async function writeOutput(
  context: Pick<CommandContext, "stdout">,
  format: OutputFormat,
  { table, value, gap }: Finding,
): Promise<void> {
  if (isTable(format)) context.stdout.write(visibleLines(columns(table(), gap)));
  else await writeValue(context, format, value());
}

/** The same where it has more columns for who wants them. */
export async function writeWide(
  context: Pick<CommandContext, "stdout">,
  format: WideFormat,
  { wide, ...finding }: WideFinding,
): Promise<void> {
  if (format !== "wide") return writeOutput(context, format, finding);
  const table = await wide();
  return writeOutput(context, "table", { ...finding, table: () => table });
}

/** Writes a value for programs. */
export async function writeValue(
  { stdout }: Pick<CommandContext, "stdout">,
  format: "json" | "yaml",
  value: unknown,
): Promise<void> {
  if (format === "json") {
    stdout.write(`${JSON.stringify(value, undefined, 4)}\n`);
  } else {
    // Loaded when it is needed: most who ask want a table.
    const { formatYaml } = await import("../../config/yaml/format-yaml.js");
    stdout.write(formatYaml(value));
  }
}
