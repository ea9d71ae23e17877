import { spawn } from "node:child_process";
import { once } from "node:events";
import type { CommandContext } from "../../context.js";

/** What opens a URL, by operating system. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: "open",
  linux: "xdg-open",
};

/** Prints a URL and, where a person reads it and wants that, opens it in a browser. */
export async function openUrl(
  { stdout, stderr }: CommandContext,
  url: string,
  browser: boolean,
): Promise<void> {
  stdout.write(`${url}\n`);
  const opener = OPENERS[process.platform];
  if (!browser || !stdout.isTerminal || opener === undefined) return;
  const opening = spawn(opener, [url], { stdio: "ignore", detached: true });
  opening.unref();
  try {
    await once(opening, "spawn");
  } catch {
    stderr.write("no browser could be opened: open the address yourself\n");
  }
}
