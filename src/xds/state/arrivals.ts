/** What a client was sent, has not judged yet, and did not have before in any version. */
import type { EncodedResource } from "../resource.js";
import { DOUBTFUL, type Subscription } from "./subscription.js";

/** A resource that a client may be making ready. */
export interface Arrival {
  readonly resource: EncodedResource;
  /** Milliseconds of the clock. */
  readonly sentAt: number;
}

/** Oldest first. Of what the client came back with, and did not say in detail, it is not known that it had it before. */
export function arrivals(subscription: Subscription): readonly Arrival[] {
  const { flights } = subscription;
  return flights.flatMap(({ payload, sentAt }, i) =>
    payload.changed
      .filter(({ name }) => isNewTo(subscription, name, i))
      .map((resource) => ({ resource, sentAt })),
  );
}

/** Whether a client that takes the first so many flights, all when that is left out, does not have a name in any version. */
export function isNewTo(
  { accepted, flights }: Subscription,
  name: string,
  count: number = flights.length,
): boolean {
  const entry = accepted.get(name);
  if (entry === undefined || entry === DOUBTFUL) return true;
  return flights.slice(0, count).some(({ payload }) => payload.removed.includes(name));
}
