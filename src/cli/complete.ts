/** What a word of a command line can become. */
import type { Command, Option } from "commander";

/** A word, and what it does. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What fits: one of some words, the name of a pod, or something that the shell knows better, such as a file. */
export type Completion =
  | { readonly kind: "words"; readonly candidates: readonly Candidate[] }
  | { readonly kind: "pods" }
  | { readonly kind: "other" };

const OTHER: Completion = { kind: "other" };
const HELP: Candidate = { word: "--help", description: "display help for command" };

/** What the last of some words can become; `words` are those behind the program's name, the last one may be empty. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const { command, positionals, awaiting } = walk(program, words.slice(0, -1));
  const last = words.at(-1) ?? "";
  if (awaiting !== undefined) return valuesOf(awaiting);
  if (last.startsWith("-")) return { kind: "words", candidates: optionsOf(command) };
  if (positionals === 0 && command.commands.length > 0) {
    return { kind: "words", candidates: commandsOf(command) };
  }
  return command.registeredArguments[positionals]?.name() === "pod" ? { kind: "pods" } : OTHER;
}

interface Walk {
  /** The command that the words name. */
  readonly command: Command;
  /** How many arguments it has so far. */
  readonly positionals: number;
  /** The option that the next word is the value of. */
  readonly awaiting: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Walk {
  return words.reduce<Walk>(step, { command: program, positionals: 0, awaiting: undefined });
}

function step({ command, positionals, awaiting }: Walk, word: string): Walk {
  if (awaiting !== undefined) return { command, positionals, awaiting: undefined };
  if (word.startsWith("-")) {
    const option = command.options.find(({ long, short }) => word === long || word === short);
    return { command, positionals, awaiting: option?.required === true ? option : undefined };
  }
  const subcommand = positionals === 0 ? subcommandOf(command, word) : undefined;
  return subcommand === undefined
    ? { command, positionals: positionals + 1, awaiting }
    : { command: subcommand, positionals: 0, awaiting };
}

function subcommandOf(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

function valuesOf({ argChoices }: Option): Completion {
  if (argChoices === undefined) return OTHER;
  return {
    kind: "words",
    candidates: argChoices.map((word) => ({ word, description: "" })),
  };
}

function optionsOf(command: Command): readonly Candidate[] {
  const options = command.options.flatMap(({ long, description, hidden }) =>
    hidden || long === undefined ? [] : [{ word: long, description }],
  );
  return [...options, HELP];
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ word: one.name(), description: one.description() }));
}
