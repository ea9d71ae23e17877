import { optional, strict, Text, type ValueOf } from "./fields.js";

/** How a text is compared: one of exact, prefix or RE2 regex; case-sensitive (Istio's StringMatch). */
export const StringMatch = strict({
  exact: optional(Text),
  prefix: optional(Text),
  regex: optional(Text),
});
export type StringMatch = ValueOf<typeof StringMatch>;
