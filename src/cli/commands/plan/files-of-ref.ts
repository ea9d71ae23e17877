/** The files of a directory as Git has them in a commit. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { extract } from "tar-stream";
import type { OfflineFile } from "../../../config/parse-offline.js";
import { isConfigName } from "../../../config/sources/find-config.js";
import { isHidden } from "../../../config/sources/search.js";
import { CommandError } from "../../command-error.js";

/**
 * Those that `serve` would read of it. Git is told the ref as one argument behind `--end-of-options`, so it is never an option.
 * @throws CommandError when there is no such ref, or no Git
 */
export async function filesOfRef(directory: string, ref: string): Promise<readonly OfflineFile[]> {
  const args = ["-C", directory, "archive", "--format=tar", "--end-of-options", ref, "."];
  const git = spawn("git", args, { stdio: ["ignore", "pipe", "pipe"] });
  const archive = git.stdout.pipe(extract());
  const complaint = text(git.stderr);
  const ended = once(git, "close") as Promise<[number]>;
  const files: OfflineFile[] = [];
  try {
    for await (const entry of archive) {
      const { name, type } = entry.header;
      if (type === "file" && isRead(name)) {
        files.push({ path: join(basename(resolve(directory)), name), text: await text(entry) });
      } else {
        entry.resume();
      }
    }
    const [code] = await ended;
    if (code === 0) return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    await ended.catch(() => undefined);
    throw refError(directory, ref, error instanceof Error ? error.message : "");
  }
  throw refError(directory, ref, (await complaint).trim());
}

function isRead(path: string): boolean {
  const names = path.split("/").filter((name) => name !== "." && name !== "");
  const file = names.at(-1) ?? "";
  return isConfigName(file) && !names.some(isHidden);
}

function refError(directory: string, ref: string, reason: string): CommandError {
  return new CommandError(
    `${directory} as it is in ${ref} cannot be read: ${reason}`,
    "--ref names a commit or branch of the Git repository that the directory is in",
  );
}
