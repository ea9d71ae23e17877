import { lenient, list, optional, Text, type ValueOf } from "../../config/kinds/value/fields.js";

const Conditions = list(
  lenient({
    type: optional(Text),
    /** True, False or Unknown. */
    status: optional(Text),
    reason: optional(Text),
    message: optional(Text),
  }),
);

/** What a controller says of a resource of any kind; routes of the Gateway API say it for each of their parents. */
export type ResourceStatus = ValueOf<typeof ResourceStatus>;
export const ResourceStatus = lenient({
  conditions: optional(Conditions),
  parents: optional(list(lenient({ conditions: optional(Conditions) }))),
  /** Those that a ServiceEntry was given. */
  addresses: optional(list(lenient({ value: optional(Text) }))),
});
