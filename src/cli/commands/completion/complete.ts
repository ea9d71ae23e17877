/** What a word of a command line can become. */
import { type Command, CommanderError, type Option } from "commander";

/** A word, and what it does. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Values of options that the words before have, by the names under which commander gives them to a command. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/**
 * What fits: one of some words, the name of a pod behind what its word begins with, a kind of resource, the name of a resource of
 * a kind, a path of debugging, or something that the shell knows better, such as a file.
 */
export type Completion =
  | { readonly kind: "words"; readonly candidates: readonly Candidate[] }
  | { readonly kind: "pods"; readonly given: GivenOptions; readonly before: string }
  | { readonly kind: "kinds" | "paths" }
  | { readonly kind: "resources"; readonly given: GivenOptions; readonly type: string }
  | { readonly kind: "other" };

const OTHER: Completion = { kind: "other" };
const HELP: Candidate = { word: "--help", description: "display help for command" };

/** What the last of some words can become; `words` are those behind the program's name, the last one may be empty. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const at = walk(program, words.slice(0, -1));
  const { command, positionals, awaiting, given } = at;
  const last = words.at(-1) ?? "";
  if (awaiting !== undefined) return valuesOf(awaiting, given);
  if (last.startsWith("-")) return optionCompletion(command, last, given);
  if (positionals.length === 0 && command.commands.length > 0) {
    return { kind: "words", candidates: commandsOf(command) };
  }
  return argumentCompletion(at);
}

/** By the name of the argument. */
function argumentCompletion({ command, positionals, given }: Walk): Completion {
  const name = command.registeredArguments[positionals.length]?.name() ?? "";
  if (name.endsWith("pod")) return { kind: "pods", given, before: "" };
  switch (name) {
    case "type":
      return { kind: "kinds" };
    case "name":
      return { kind: "resources", given, type: positionals[0] ?? "" };
    case "path":
      return { kind: "paths" };
    case "service":
      return { kind: "resources", given, type: "Service" };
    default:
      return OTHER;
  }
}

interface Walk {
  /** The command that the words name. */
  readonly command: Command;
  /** The arguments that it has so far. */
  readonly positionals: readonly string[];
  /** The option that the next word is the value of. */
  readonly awaiting: Option | undefined;
  readonly given: GivenOptions;
}

function walk(program: Command, words: readonly string[]): Walk {
  const start: Walk = { command: program, positionals: [], awaiting: undefined, given: {} };
  return words.reduce(step, start);
}

function step(at: Walk, word: string): Walk {
  const { command, positionals, awaiting, given } = at;
  if (awaiting !== undefined) {
    return { ...at, awaiting: undefined, given: { ...given, ...valueOf(awaiting, word) } };
  }
  if (word.startsWith("-")) return { ...at, ...optionStep(at, word) };
  const subcommand = positionals.length === 0 ? subcommandOf(command, word) : undefined;
  return subcommand === undefined
    ? { ...at, positionals: [...positionals, word] }
    : { ...at, command: subcommand };
}

/** `--option`, of which the value may be the next word, or `--option=value`. */
function optionStep({ command, given }: Walk, word: string): Partial<Walk> {
  const { name, value } = optionParts(word);
  const option = optionOf(command, name);
  if (option === undefined) return {};
  if (value !== undefined) return { given: { ...given, ...valueOf(option, value) } };
  return option.required
    ? { awaiting: option }
    : { given: { ...given, [option.attributeName()]: true } };
}

function optionParts(word: string): { readonly name: string; readonly value?: string } {
  const [, name = word, value] = /^(--[^=]+)=(.*)$/.exec(word) ?? [];
  return value === undefined ? { name } : { name, value };
}

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find(({ long, short }) => name === long || name === short);
}

/** Nothing when the word is no value of the option: whether it is wrong is told when the command is run. */
function valueOf(option: Option, word: string): GivenOptions {
  try {
    const value = option.parseArg === undefined ? word : option.parseArg<unknown>(word, undefined);
    return { [option.attributeName()]: value };
  } catch (error) {
    if (error instanceof CommanderError) return {};
    throw error;
  }
}

function subcommandOf(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

/** The name of an option, or `--option=` with one of the values that it can have. */
function optionCompletion(command: Command, word: string, given: GivenOptions): Completion {
  const { name, value } = optionParts(word);
  if (value === undefined) return { kind: "words", candidates: optionsOf(command) };
  const option = optionOf(command, name);
  return option === undefined ? OTHER : valuesOf(option, given, `${name}=`);
}

/** The values of an option, each behind what stands before it in its word. */
function valuesOf({ argChoices, flags }: Option, given: GivenOptions, before = ""): Completion {
  if (flags.endsWith("<pod>")) return { kind: "pods", given, before };
  if (argChoices === undefined) return OTHER;
  return {
    kind: "words",
    candidates: argChoices.map((value) => ({ word: `${before}${value}`, description: "" })),
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
