import { InvalidArgumentError } from "commander";

const LEVELS: ReadonlySet<string> = new Set([
  "trace",
  "debug",
  "info",
  "warning",
  "error",
  "critical",
  "off",
]);

/** Which levels loggers are to have. */
export interface LogLevels {
  /** Of all loggers that `named` does not name. */
  readonly all?: string;
  readonly named: ReadonlyMap<string, string>;
}

/** Reads `LEVEL`, `LOGGER:LEVEL` or `LOGGER=LEVEL`, or several of them with commas between; `warn` is `warning`. */
export function parseLogLevels(text: string): LogLevels {
  const pairs = text.split(",").map((part) => {
    const [, logger, level = ""] = /^(?:([^:=]+)[:=])?([^:=]*)$/.exec(part.trim()) ?? [];
    return [logger, parseLevel(level)] as const;
  });
  const all = pairs.findLast(([logger]) => logger === undefined)?.[1];
  const named = pairs.flatMap(([logger, level]) =>
    logger === undefined ? [] : [[logger, level] as const],
  );
  return { ...(all === undefined ? {} : { all }), named: new Map(named) };
}

function parseLevel(text: string): string {
  const level = text === "warn" ? "warning" : text;
  if (LEVELS.has(level)) return level;
  throw new InvalidArgumentError(
    `It is LEVEL or LOGGER:LEVEL, where LEVEL is one of ${[...LEVELS].join(", ")}.`,
  );
}
