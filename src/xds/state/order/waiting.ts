/** Resources that may not be sent yet: their names, and until when they wait at most. */
import type { ResourceTable } from "../../resource.js";
import type { Moment } from "../moment.js";
import { isRejected, type Subscription } from "../subscription/subscription.js";

/** Names that have to wait, and until when at most (Infinity: for an event). */
export interface Waiting {
  readonly names: ReadonlySet<string>;
  readonly until: number;
}

/** Nothing waits. */
export const NOTHING: Waiting = { names: new Set(), until: Infinity };

/** What waits for one thing or for another. */
export function both(one: Waiting, other: Waiting): Waiting {
  if (one.names.size === 0) return other;
  if (other.names.size === 0) return one;
  const names = new Set([...one.names, ...other.names]);
  return { names, until: Math.min(one.until, other.until) };
}

/** Until when the ACK or NACK of the last response of a type may be waited for; 0 when none is due. */
export function unjudgedUntil({ inFlight }: Subscription, { now, pacing }: Moment): number {
  const last = inFlight.at(-1);
  const until = last === undefined ? 0 : last.sentAt + pacing.warmWaitMs;
  return now < until ? until : 0;
}

/**
 * When a type is up to date and judged by the client at the latest, apart from removals that have to wait: 0 when it is already,
 * Infinity when that takes a response that is still to be sent.
 */
export function busyUntil(
  user: Subscription,
  table: ResourceTable,
  waiting: ReadonlySet<string>,
  moment: Moment,
): number {
  const { payload } = moment.plan(user, table);
  const { removed = [], changed = [] } = payload ?? {};
  const isDue =
    user.isResponseDue ||
    removed.some((name) => !waiting.has(name)) ||
    changed.some((resource) => !isRejected(user, resource));
  return isDue ? Infinity : unjudgedUntil(user, moment);
}
