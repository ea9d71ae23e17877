/** A directory (or a single file) that the configuration is read from. */
export interface ConfigRoot {
  /** As it was given. */
  readonly path: string;
  /** YAML and JSON, or folders `<namespace>/<name>` of certificates and keys. */
  readonly kind: "config" | "secrets";
}

/** What is not exceeded. */
export interface SourceLimits {
  /** The size of a file. */
  readonly fileBytes: number;
  /** The number of files (folders, of secrets) of a root. */
  readonly files: number;
  /** Directories within each other. */
  readonly depth: number;
}

/** So many files that are read at a time keep the disk busy; more would only take memory and open files. */
export const FILES_AT_ONCE = 32;

/** The limits where none are given. */
export const DEFAULT_LIMITS: SourceLimits = {
  fileBytes: 10 * 1024 * 1024,
  files: 100_000,
  depth: 40,
};
