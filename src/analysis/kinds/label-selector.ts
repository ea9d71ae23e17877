import {
  lenient,
  list,
  optional,
  Text,
  TextMap,
  type ValueOf,
} from "../../config/kinds/value/fields.js";

/** Kubernetes' LabelSelector: all of its labels and all of its expressions have to hold. */
export type LabelSelector = ValueOf<typeof LabelSelector>;
export const LabelSelector = lenient({
  matchLabels: optional(TextMap),
  matchExpressions: optional(
    list(
      lenient({
        key: optional(Text),
        /** In, NotIn, Exists or DoesNotExist. */
        operator: optional(Text),
        values: optional(list(Text)),
      }),
    ),
  ),
});
