/** Commands in formats that Envoy does not know: it would refuse what has them. */
import { didYouMean } from "../../../base/text/closest-word.js";
import { COMMANDS, type Takes } from "./format-command-names.js";

/** A command that only logs have, since it comes by an extension: a header without what follows its question mark. */
export const WITHOUT_QUERY = "REQ_WITHOUT_QUERY";

/** Those of logs, and those of headers beside them. */
const OF_LOGS = new Map(COMMANDS).set(WITHOUT_QUERY, "something");
const OF_HEADERS = new Map(COMMANDS).set("PER_REQUEST_STATE", "something");

/** `%%`, which is a percent sign, or a command: its name, its arguments, and its longest length. */
const COMMAND = /%(?:%|([A-Z0-9_]+)(\(.*?\))?(?::\d+)?%)/g;

/** Why Envoy does not know a command in a log's format, which is well formed; it would refuse every listener that has it. */
export const unknownInLog = (format: string): string | undefined => unknownIn(format, OF_LOGS);

/** Why Envoy does not know a command in the value of a header, which is well formed. */
export const unknownInHeader = (value: string): string | undefined => unknownIn(value, OF_HEADERS);

function unknownIn(format: string, known: ReadonlyMap<string, Takes>): string | undefined {
  for (const [command, name, parentheses] of format.matchAll(COMMAND)) {
    const problem = name === undefined ? undefined : problemOf(command, name, parentheses, known);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOf(
  command: string,
  name: string,
  parentheses: string | undefined,
  known: ReadonlyMap<string, Takes>,
): string | undefined {
  const takes = known.get(name);
  if (takes === undefined) {
    return `Envoy has no command ${command}${didYouMean(name, known.keys())}: write %% for a percent sign`;
  }
  const isEmpty = parentheses === undefined || parentheses === "()";
  if (takes === "something" && isEmpty) {
    return `${command} needs to say of what: %${name}(...)%`;
  }
  if (takes === "nothing" && parentheses !== undefined) {
    return `${command} takes nothing in parentheses: write %${name}%`;
  }
  return undefined;
}
