/**
 * What a client says that it holds when it comes back (initial_resource_versions): names and versions.
 *
 * A thousand proxies come back with thousands of names each, and nearly all of them hold just what they were sent. So
 * the names stay as they came until somebody asks for them, and a digest tells sets apart (see entry-sums.ts). A client that
 * manages to send two sets with one digest only gets wrong answers itself.
 */

/** See the top of this file. */
export interface InitialVersions {
  /** How many entries there are. */
  readonly size: number;
  /** The versions by name. */
  readonly entries: () => ReadonlyMap<string, string>;
  /** Equal for equal entries; undefined when they came in no usual form. */
  readonly digest: (seed: number) => string | undefined;
}

/** These versions, which came in no usual form. */
export function versionsOf(versions: ReadonlyMap<string, string>): InitialVersions {
  return { size: versions.size, entries: () => versions, digest: () => undefined };
}
