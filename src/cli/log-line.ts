import type pc from "picocolors";

/** The members that every line of pino has, beside its level, time and message. */
const COMMON: ReadonlySet<string> = new Set(["level", "time", "msg", "pid", "hostname"]);

const LEVELS: ReadonlyMap<number, string> = new Map([
  [10, "trace"],
  [20, "debug"],
  [30, "info"],
  [40, "warn"],
  [50, "error"],
  [60, "fatal"],
]);

interface LogEntry {
  readonly level?: number;
  readonly time?: number;
  readonly msg?: string;
}

/** A line of pino's JSON as people read it: `14:03:22.123 info message key=value`. What is no such line stays as it is. */
export function formatLogLine(line: string, colors: ReturnType<typeof pc.createColors>): string {
  let entry: LogEntry;
  try {
    entry = JSON.parse(line) as LogEntry;
  } catch {
    return line;
  }
  const { level = 30, time = 0, msg = "" } = entry;
  const fields = Object.entries(entry)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => colors.dim(`${name}=`) + formatValue(value));
  const name = (LEVELS.get(level) ?? String(level)).padEnd(5);
  const shownLevel = level >= 50 ? colors.red(name) : level >= 40 ? colors.yellow(name) : name;
  const clock = new Date(time).toISOString().slice(11, 23);
  return `${[colors.dim(clock), shownLevel, msg, ...fields].join(" ")}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  const { message } = value as { readonly message?: unknown };
  // pino writes an error as an object; its message is what people look for.
  return typeof message === "string" ? JSON.stringify(message) : JSON.stringify(value);
}
