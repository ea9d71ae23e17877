import type { Diagnostic } from "../../base/diagnostic.js";

/** Where a source is. */
export interface SourcePlace {
  /** The path as the user would write it: the root as it was given, then the path below it. */
  readonly path: string;
  /** The directory that was given. */
  readonly root: string;
}

/** A file of YAML or JSON. */
export interface TextSource extends SourcePlace {
  readonly type: "text";
  readonly text: string;
}

/** The names of the files that a folder of a secrets directory may have. */
export const SECRET_FILES = ["tls.crt", "tls.key", "ca.crt", "ca.crl"] as const;
export type SecretFile = (typeof SECRET_FILES)[number];

/** A folder `<namespace>/<name>` of a secrets directory. */
export interface SecretSource extends SourcePlace {
  readonly type: "secret";
  readonly namespace: string;
  readonly name: string;
  /** The texts (PEM) of the files that are there. */
  readonly files: Readonly<Partial<Record<SecretFile, string>>>;
}

/** A file or folder that is there but whose text cannot be had: too large, no UTF-8, no permission, a loop of links. */
export interface UnreadableSource extends SourcePlace {
  readonly type: "unreadable";
  readonly code: string;
  readonly message: string;
}

/** What was found at one path. */
export type Source = SecretSource | TextSource | UnreadableSource;

/** A directory of the configuration at one moment. */
export interface RootStatus {
  /** As it was given. */
  readonly path: string;
  readonly kind: "config" | "secrets";
  readonly exists: boolean;
  /** How many sources it has. */
  readonly sourceCount: number;
  /** false while a directory that had nothing is being filled: what is not in it may be on its way. */
  readonly isSettled: boolean;
  /** What is wrong with the directory itself. */
  readonly problems: readonly Diagnostic[];
}

/** What changed in the directories since the last batch. */
export interface SourceBatch {
  /** All roots, changed or not. */
  readonly roots: readonly RootStatus[];
  /** New or possibly different. */
  readonly changed: readonly Source[];
  /** Paths at which there is nothing any more. */
  readonly removed: readonly string[];
  /** Whether `changed` is all that there is. */
  readonly isComplete: boolean;
}
