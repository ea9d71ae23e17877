import type pc from "picocolors";
import { visibleText } from "../../base/text/visible-text.js";

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
  const entry = parseEntry(line);
  if (entry === undefined) return line;
  const { level = 30, time = 0, msg = "" } = entry;
  const fields = Object.entries(entry)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => colors.dim(`${visibleText(name)}=`) + visibleText(formatValue(value)));
  const name = (LEVELS.get(level) ?? String(level)).padEnd(5);
  const shownLevel = level >= 50 ? colors.red(name) : level >= 40 ? colors.yellow(name) : name;
  const clock = new Date(time).toISOString().slice(11, 23);
  return `${[colors.dim(clock), shownLevel, visibleText(msg), ...fields].join(" ")}\n`;
}

function parseEntry(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? entry : undefined;
  } catch {
    return undefined;
  }
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  // pino writes an error as an object; its message is what people look for.
  const message = (value as { readonly message?: unknown } | null)?.message;
  return JSON.stringify(typeof message === "string" ? message : value);
}
