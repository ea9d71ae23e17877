/** Rules of Envoy's that are in its code and not in its API: on what stands together in a message. */
import type { Message } from "@bufbuild/protobuf";
import type { Violation } from "./violation.js";

/** A rule of Envoy's that its descriptors do not carry, for the messages of one type. */
export interface StructureRule {
  readonly typeName: string;
  /** It is for a resource of its own alone, not for such a message in another. */
  readonly isAlone: boolean;
  /** What is wrong with a message; the paths begin at it. */
  readonly check: (message: Message) => Iterable<Violation>;
}

/** A rule for the messages of a type, by its name and its generated type, which belong together. */
export function structureRule<T extends Message>(
  typeName: T["$typeName"],
  check: (message: T) => Iterable<Violation>,
): StructureRule {
  // The walk gives a rule messages of its type alone.
  return { typeName, isAlone: false, check: check as StructureRule["check"] };
}

/** As `structureRule`, for messages that are resources of their own. */
export function aloneRule<T extends Message>(
  typeName: T["$typeName"],
  check: (message: T) => Iterable<Violation>,
): StructureRule {
  return { ...structureRule(typeName, check), isAlone: true };
}
