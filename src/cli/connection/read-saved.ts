import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { errorMessage } from "../../base/error-message.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";

/**
 * What a file has that `-f` names; `-` is the standard input.
 * @throws CommandError when it cannot be read
 */
export async function readSaved({ stdin }: CommandContext, file: string): Promise<string> {
  try {
    return file === "-" ? await text(stdin) : await readFile(file, "utf8");
  } catch (cause) {
    throw new CommandError(
      `${file} cannot be read: ${errorMessage(cause)}`,
      "-f is a file with what the admin interface of an Envoy answered",
    );
  }
}
