import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The version of the package that is installed there. */
export function packageVersion(installation: string): string {
  const text = readFileSync(join(installation, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
