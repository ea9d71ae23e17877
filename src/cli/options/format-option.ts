import { Option } from "commander";

/** The option that says how a command shows what it found: in one of these ways, of which the first is the usual one. */
export function formatOption(usual: string, ...others: readonly string[]): Option {
  return new Option("-o, --output <format>", "the format")
    .choices([usual, ...others])
    .default(usual);
}
