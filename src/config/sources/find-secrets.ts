import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import {
  type Found,
  fingerprintOf,
  identityOf,
  isStats,
  NOTHING,
  type SourceProblem,
  statOf,
} from "./found.js";
import { entriesIn, type RootContents, type Search, unreadable } from "./search.js";
import { SECRET_FILES } from "./source.js";

/** A folder `<namespace>/<name>` of a secrets directory. */
interface Folder {
  readonly path: string;
  readonly namespace: string;
  readonly name: string;
}

/** Finds the folders `<namespace>/<name>` of a secrets directory that have a certificate or a key. */
export async function findSecrets({ root, limits, onDirectory }: Search): Promise<RootContents> {
  const stats = await statOf(root);
  if (!isStats(stats)) {
    return { found: unread(root, root, stats), directories: new Map(), exists: false };
  }
  const directories = new Map<string, string>();
  const watchable = async (path: string): Promise<void> => {
    const identity = await directoryAt(path);
    if (identity === undefined) return;
    directories.set(path, identity);
    onDirectory?.(path, identity);
  };
  const found: Found[] = [];
  const pathsIn = async (directory: string): Promise<readonly string[]> => {
    await watchable(directory);
    const entries = await entriesIn(directory);
    if (!("code" in entries)) return entries.map(({ name }) => join(directory, name));
    found.push(...unread(root, directory, entries));
    return [];
  };
  for (const namespace of await pathsIn(root)) {
    for (const path of await pathsIn(namespace)) {
      await watchable(path);
      const folder = await findSecret({ root, path, limits });
      if (folder !== undefined) found.push(folder);
    }
  }
  return { found, directories, exists: true };
}

/** A folder that cannot be read; none is a file where a folder is expected, nor what has just gone. */
const unread = (root: string, path: string, problem: SourceProblem): readonly Found[] =>
  problem.code === NOTHING
    ? []
    : [unreadable({ path, root, kind: "secrets", isLinked: true }, problem)];

/** What identifies the directory at a path; undefined when there is none. */
async function directoryAt(path: string): Promise<string | undefined> {
  const stats = await statOf(path);
  return isStats(stats) && stats.isDirectory() ? identityOf(stats) : undefined;
}

/** The folder at a path, or undefined when it has none of the files of a secret. */
export async function findSecret({
  root,
  path,
  limits,
}: Pick<Search, "root" | "limits"> & { readonly path: string }): Promise<Found | undefined> {
  const fingerprints: string[] = [];
  let problem: SourceProblem | undefined;
  for (const file of SECRET_FILES) {
    const stats = await statOf(join(path, file));
    if (isStats(stats)) {
      fingerprints.push(`${file} ${fingerprintOf(stats)}`);
      problem ??= await checkSecretFile(root, join(path, file), stats, limits.fileBytes);
    } else if (stats.code !== NOTHING)
      problem ??= { ...stats, message: `${file}: ${stats.message}` };
  }
  if (fingerprints.length === 0 && problem === undefined) return undefined;
  const fingerprint = fingerprints.join("\n");
  // The files of a mounted secret are links.
  const found = { path, root, kind: "secrets" as const, fingerprint, isLinked: true };
  return problem === undefined ? found : { ...found, problem };
}

async function checkSecretFile(
  root: string,
  path: string,
  stats: { readonly size: bigint; readonly isFile: () => boolean },
  limit: number,
): Promise<SourceProblem | undefined> {
  const file = relative(root, path);
  if (!stats.isFile()) return { code: "not-a-file", message: `${file} is no file` };
  if (stats.size > BigInt(limit)) {
    return { code: "file-too-large", message: `${file} is larger than ${String(limit)} bytes` };
  }
  try {
    return (await realFileOf(root, path)) === undefined ? leadsOut(file) : undefined;
  } catch {
    // It has gone since; whoever reads it will see.
    return undefined;
  }
}

/** That a file of a secret is a link that leads out of its folder. */
export function leadsOut(file: string): SourceProblem {
  const message = `${file} is a link out of its folder: a secret's files have to be in it`;
  return { code: "link-out-of-folder", message };
}

/**
 * The real file behind a path of a secrets directory; undefined when it is not in the folder that the path says, up to the
 * folders by which Kubernetes swaps the files of a mounted volume (`..data`, which is a link to `..2026_01_31`). So nobody
 * who may write in one folder can have the key of another read, or any file outside.
 */
export async function realFileOf(root: string, path: string): Promise<string | undefined> {
  const [realRoot, realFile] = await Promise.all([realpath(root), realpath(path)]);
  const steps = relative(realRoot, realFile).split(sep);
  if (steps.includes("..")) return undefined;
  const inside = steps.filter((step) => !step.startsWith("..")).join(sep);
  return inside === relative(root, path) ? realFile : undefined;
}

/** The namespace and name that the path of a folder says. */
export function secretNames(root: string, path: string): Pick<Folder, "namespace" | "name"> {
  const [namespace = "", name = ""] = relative(root, path).split(sep);
  return { namespace, name };
}
