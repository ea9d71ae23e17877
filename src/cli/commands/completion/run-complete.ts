import type { Command } from "commander";
import { visibleLines } from "../../../base/text/visible-text.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { type Candidate, completionOf } from "./complete.js";

/** Writes what the last of some words can become: a line for each, the word, a tab and what it does. */
export async function runComplete(
  context: CommandContext,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const last = words.at(-1) ?? "";
  for (const { word, description } of await candidates(context, program, words)) {
    if (word.startsWith(last)) context.stdout.write(visibleLines([`${word}\t${description}`]));
  }
}

async function candidates(
  context: CommandContext,
  program: Command,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const completion = completionOf(program, words);
  switch (completion.kind) {
    case "words":
      return completion.candidates;
    case "pods":
      return pods(context, completion);
    case "kinds": {
      const { kindCandidates } = await import("./kind-candidates.js");
      return kindCandidates(words.at(-1) ?? "");
    }
    case "paths": {
      const { DEBUG_PATHS } = await import("../../../debug/istio/debug-paths.js");
      return DEBUG_PATHS.map((word) => ({ word, description: "" }));
    }
    case "resources": {
      const { resourceCandidates } = await import("./resource-candidates.js");
      return resourceCandidates(context, completion);
    }
    case "other":
      return [];
  }
}

/** Nobody wants to read, in the middle of a command line, why there are none. */
async function pods(
  context: CommandContext,
  { given, before }: { readonly given: ConnectionOptions; readonly before: string },
): Promise<readonly Candidate[]> {
  const { connectedIds } = await import("../../connection/connected-proxies.js");
  const ids = await connectedIds(context, given).catch(() => []);
  return ids.map((id) => ({ word: `${before}${id}`, description: "" }));
}
