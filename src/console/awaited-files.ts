/** So many are named. */
const MAX_FILES = 4;

/** What becomes of a resource that a proxy refused and that names files of its machine, behind the proxy's words; empty without. */
export function awaitedFiles(files: readonly string[]): string {
  if (files.length === 0) return "";
  const more = files.length - MAX_FILES;
  const named = `${files.slice(0, MAX_FILES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return `; sent again from time to time until it takes it, since it names files of the proxy's machine: ${named}`;
}
