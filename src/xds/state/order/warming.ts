/** Resources that are new to a client: it was sent them, has not judged them yet, and had no version of them before. */

import type { EncodedResource } from "../../resource.js";
import { MAYBE_HELD } from "../subscription/held.js";
import type { Subscription } from "../subscription/subscription.js";

/** A resource that a client may be making ready. */
export interface WarmingResource {
  readonly resource: EncodedResource;
  /** Milliseconds of the clock. */
  readonly sentAt: number;
}

/** Oldest first. What the client may have kept from an earlier stream without listing it counts as new. */
export function warmingResources(subscription: Subscription): readonly WarmingResource[] {
  const { inFlight } = subscription;
  return inFlight.flatMap(({ payload, sentAt }, i) =>
    payload.changed
      .filter(({ name }) => isNewTo(subscription, name, i))
      .map((resource) => ({ resource, sentAt })),
  );
}

/** Whether a client that accepts the first `count` responses in flight, by default all, has no version of a name. */
export function isNewTo(
  { accepted, inFlight }: Subscription,
  name: string,
  count: number = inFlight.length,
): boolean {
  const entry = accepted.get(name);
  if (entry === undefined || entry === MAYBE_HELD) return true;
  return inFlight.slice(0, count).some(({ payload }) => payload.removed.includes(name));
}
