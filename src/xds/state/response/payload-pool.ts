/** Finds payloads of equal content: tables that were made apart from each other often say the same. */
import type { Subscription } from "../subscription/subscription.js";
import type { Payload } from "./response.js";

/** See the top of this file. One serves all streams of a server. */
export interface PayloadPool {
  /** The one payload of this content, with its serial. */
  readonly shared: (
    subscription: Pick<Subscription, "typeUrl" | "style">,
    payload: Payload,
  ) => Payload;
  readonly forget: () => void;
}

/** How many payloads are remembered by their content. */
const MAX_PAYLOADS = 256;

/** A pool without payloads. */
export function createPayloadPool(): PayloadPool {
  const payloads = new Map<string, Payload>();
  let serial = 0;
  return {
    shared({ typeUrl, style }, payload) {
      const { version, removed, resources, changed } = payload;
      // What was changed is then known by the version too.
      const isAllChanged = resources === changed;
      const content = isAllChanged ? JSON.stringify([typeUrl, style, version, removed]) : undefined;
      const known = content === undefined ? undefined : payloads.get(content);
      if (known !== undefined) return known;
      serial += 1;
      const numbered = { ...payload, serial };
      if (content !== undefined) payloads.set(content, numbered);
      const [oldest] = payloads.keys();
      if (payloads.size > MAX_PAYLOADS && oldest !== undefined) payloads.delete(oldest);
      return numbered;
    },
    forget: () => {
      payloads.clear();
    },
  };
}
