/** Tells whether two subscriptions can stand for one another. */
import type { Occurrence } from "../response/response.js";
import { SUBSCRIPTION_FIELDS, type Subscription } from "./subscription.js";

/** Moments that are no further apart count as one, in milliseconds: nobody is shown more than seconds. */
const ALIKE_MS = 500;

/** Whether two subscriptions differ in nothing but the moments of the last responses, and in these by little. */
export function isAlike(a: Subscription, b: Subscription): boolean {
  return SUBSCRIPTION_FIELDS.every((field) => {
    if (field !== "lastSent" && field !== "lastAcked") return a[field] === b[field];
    return isOneOccurrence(a[field], b[field]);
  });
}

function isOneOccurrence(a: Occurrence | undefined, b: Occurrence | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.nonce === b.nonce && a.version === b.version && Math.abs(a.at - b.at) <= ALIKE_MS;
}
