import { TYPE_URL } from "../../../src/xds/resource.js";
import type { Incoming } from "../../../src/xds/stream/dialect.js";

/** A request for virtual hosts that says nothing, but for these fields. */
export function request(fields: Partial<Incoming>): Incoming {
  return {
    node: undefined,
    typeUrl: TYPE_URL.virtualHost,
    names: [],
    unsubscribed: [],
    held: () => [],
    nonce: "",
    version: "",
    error: undefined,
    apply: (state) => state,
    ...fields,
  };
}
