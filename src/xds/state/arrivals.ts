/** Resources that are new to a client: it was sent them, has not judged them yet, and had no version of them before. */
import type { EncodedResource } from "../resource.js";
import { DOUBTFUL, type Subscription } from "./subscription.js";

/** A resource that a client may be making ready. */
export interface Arrival {
  readonly resource: EncodedResource;
  /** Milliseconds of the clock. */
  readonly sentAt: number;
}

/** Oldest first. What the client may have kept from an earlier stream without listing it counts as new. */
export function arrivals(subscription: Subscription): readonly Arrival[] {
  const { flights } = subscription;
  return flights.flatMap(({ payload, sentAt }, i) =>
    payload.changed
      .filter(({ name }) => isNewTo(subscription, name, i))
      .map((resource) => ({ resource, sentAt })),
  );
}

/** Whether a client that accepts the first `count` flights, by default all, has no version of a name. */
export function isNewTo(
  { accepted, flights }: Subscription,
  name: string,
  count: number = flights.length,
): boolean {
  const entry = accepted.get(name);
  if (entry === undefined || entry === DOUBTFUL) return true;
  return flights.slice(0, count).some(({ payload }) => payload.removed.includes(name));
}
