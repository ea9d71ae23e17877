import type { Message } from "@bufbuild/protobuf";
import type { Violation } from "./violation.js";

/** A rule of Envoy's that its descriptors do not carry, for the messages of one type. */
export interface StructureRule {
  readonly typeName: string;
  /** What is wrong with a message; the paths begin at it. */
  readonly check: (message: Message) => Iterable<Violation>;
}

/** A rule for the messages of a type, by its name and its generated type, which belong together. */
export function structureRule<T extends Message>(
  typeName: T["$typeName"],
  check: (message: T) => Iterable<Violation>,
): StructureRule {
  // The walk gives a rule messages of its type alone.
  return { typeName, check: check as StructureRule["check"] };
}
