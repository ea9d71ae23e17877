import pino, { type Logger } from "pino";
import { type CommandContext, colorsFor } from "../context.js";
import { formatLogLine } from "./log-line.js";

/** A log at the standard output: people get lines to read, programs JSON. */
export function createLogger(context: CommandContext, level: string): Logger {
  const { stdout } = context;
  const colors = colorsFor(context, stdout);
  const write = stdout.isTerminal
    ? (line: string) => {
        stdout.write(formatLogLine(line, colors));
      }
    : (line: string) => {
        stdout.write(line);
      };
  return pino({ level }, { write });
}
