import { InvalidArgumentError } from "commander";
import { memberOf } from "../../base/member-of.js";

/** Which levels loggers are to have. */
export interface LogLevels {
  /** Of all loggers that `named` does not name. */
  readonly all?: string;
  readonly named: ReadonlyMap<string, string>;
}

/** Words for levels, and others that mean one of them. */
interface LevelWords {
  readonly levels: readonly string[];
  readonly synonyms: Readonly<Record<string, string>>;
  /** What is told apart by them: `LOGGER`. */
  readonly of: string;
}

/** Reads `LEVEL`, `LOGGER:LEVEL` or `LOGGER=LEVEL`, or several of them with commas between. */
export function parseLevelList(words: LevelWords): (text: string) => LogLevels {
  return (text) => {
    const pairs = text.split(",").map((part) => {
      const [, logger, level = ""] = /^(?:([^:=]+)[:=])?([^:=]*)$/.exec(part.trim()) ?? [];
      return [logger, parseLevel(level, words)] as const;
    });
    const all = pairs.findLast(([logger]) => logger === undefined)?.[1];
    const named = pairs.flatMap(([logger, level]) =>
      logger === undefined ? [] : [[logger, level] as const],
    );
    return { ...(all === undefined ? {} : { all }), named: new Map(named) };
  };
}

function parseLevel(text: string, { levels, synonyms, of }: LevelWords): string {
  const level = memberOf(synonyms, text) ?? text;
  if (levels.includes(level)) return level;
  throw new InvalidArgumentError(
    `It is LEVEL or ${of}:LEVEL, where LEVEL is one of ${levels.join(", ")}.`,
  );
}
