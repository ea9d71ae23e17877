/**
 * Steps that many streams take alike.
 *
 * Streams whose clients asked for the same, hold the same and judged the same have one Subscription between them, and take the
 * same step when the view changes, and when they say that they took what they were sent. So a step is made once for all that
 * take it at about the same time: of an edit that a thousand proxies of a namespace are told of, each has left only what is its
 * own, the messages.
 *
 * It begins when clients accept the same response: of subscriptions that differ in nothing but the moments of what happened to
 * them, one stands for all.
 */

import type { Table } from "../../../base/table/table.js";
import { isAlike } from "../subscription/alike.js";
import type { Held } from "../subscription/held.js";
import type { Subscription } from "../subscription/subscription.js";
import type { Response } from "./response.js";

/** A step of one type that no other type of the stream has to do with: the subscription after it, and what is sent. */
export interface SubscriptionStep {
  readonly subscription: Subscription;
  readonly responses: readonly Response[];
}

/** See the top of this file. One serves all streams of a server. */
export interface SharedSteps {
  /** The step from a subscription to what its view has: one that was made a moment ago, else what `make` makes. */
  readonly next: (
    before: Subscription,
    table: Table<Held>,
    now: number,
    make: () => SubscriptionStep | undefined,
  ) => SubscriptionStep | undefined;
  /** The subscription after the ACK of a nonce, which `make` makes: an older one that is alike stands for it. */
  readonly acked: (
    before: Subscription,
    nonce: string,
    now: number,
    make: () => Subscription,
  ) => Subscription;
  /** Forgets all steps; done when a burst is over, since they hold on to old tables. */
  readonly forget: () => void;
}

/** A step is shared for so long, in milliseconds: what is measured from the time of a response is not exact beyond that. */
const SHARED_MS = 20;

/** How many different steps to one table are remembered. */
const ENTRIES = 4;

interface Taken {
  readonly before: Subscription;
  readonly at: number;
  readonly step: SubscriptionStep;
}

interface Judged {
  readonly before: Subscription;
  readonly nonce: string;
  readonly at: number;
  readonly after: Subscription;
}

/** What was noted last for each of some tables. */
function createNotes<N>(): {
  readonly of: (table: Table<Held>) => readonly N[];
  readonly add: (table: Table<Held>, note: N) => void;
} {
  const notes = new WeakMap<Table<Held>, readonly N[]>();
  const of = (table: Table<Held>): readonly N[] => notes.get(table) ?? [];
  return {
    of,
    add: (table, note) => {
      notes.set(table, [note, ...of(table).slice(0, ENTRIES - 1)]);
    },
  };
}

/** Steps of which none was taken. */
export function createSharedSteps(): SharedSteps {
  let taken = createNotes<Taken>();
  let judged = createNotes<Judged>();
  return {
    next(before, table, now, make) {
      for (const known of taken.of(table)) {
        if (known.before === before && now - known.at <= SHARED_MS) return known.step;
      }
      const step = make();
      if (step !== undefined) taken.add(table, { before, at: now, step });
      return step;
    },
    acked(before, nonce, now, make) {
      for (const known of judged.of(before.held)) {
        const isSame = known.before === before && known.nonce === nonce;
        if (isSame && now - known.at <= SHARED_MS) return known.after;
      }
      const made = make();
      const alike = judged.of(before.held).find(({ after }) => isAlike(after, made));
      const after = alike?.after ?? made;
      judged.add(before.held, { before, nonce, at: now, after });
      return after;
    },
    forget() {
      taken = createNotes();
      judged = createNotes();
    },
  };
}
