/** Files of the package: they lie at another distance from the sources than from the bundle. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "./app-error.js";

const LEVELS = 4;

async function readPackageFile(path: string): Promise<Buffer> {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS; level++) {
    const found = await readFile(join(directory, path)).catch(() => undefined);
    if (found !== undefined) return found;
    directory = dirname(directory);
  }
  throw new AppError("package-incomplete", `${path} is not in the package`, {
    hint: "run 'make build' in a checkout, or install the package again",
  });
}

/**
 * The descriptors of the pinned Envoy's API.
 * @throws AppError when they are nowhere
 */
export function readDescriptors(): Promise<Buffer> {
  return readPackageFile(join("gen", "envoy.binpb"));
}

/**
 * The descriptors of fairlead's own API.
 * @throws AppError when they are nowhere
 */
export function readOwnDescriptors(): Promise<Buffer> {
  return readPackageFile(join("gen", "fairlead.binpb"));
}

/**
 * The version of this package.
 * @throws AppError when the package has none
 */
export async function readVersion(): Promise<string> {
  const text = await readPackageFile("package.json");
  return (JSON.parse(text.toString("utf8")) as { readonly version: string }).version;
}
