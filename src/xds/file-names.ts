/** The files of a client's machine that resources name. */
export interface FileNames {
  /** Whether a client takes the resource depends on what is in them. */
  readonly of: (typeUrl: string, bytes: Buffer) => readonly string[];
  /** The resource in other bytes, in which they have other names. */
  readonly respelled: (typeUrl: string, bytes: Buffer) => Buffer;
  /** A client's words about such a resource, with the names that the view has. */
  readonly asWritten: (words: string) => string;
}
