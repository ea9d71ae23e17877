import type { Path } from "./kind.js";
import type { FilePlace, MemberEnd } from "./reading/place.js";

/** A resource as a file has it: of any kind, in order or not, with nothing added and nothing checked. */
export interface WrittenResource {
  readonly kind: string;
  /** All of it: `apiVersion`, `kind`, `metadata`, `spec` and so on. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Where the member at `path` is written, or the nearest thing around it that is. */
  readonly place: (path: Path, end: MemberEnd) => FilePlace;
}
