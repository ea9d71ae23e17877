/** How a control plane answers the methods of the debug API. */
import type { Answer } from "../calls.js";
import type { DebugMethods } from "./debug-methods.js";

/** The answers by method. */
export type Answers = {
  readonly [M in keyof DebugMethods]: Answer<
    DebugMethods[M]["request"],
    DebugMethods[M]["response"]
  >;
};
