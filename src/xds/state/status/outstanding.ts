/** What a client should hold and has not accepted. */
import { Table } from "../../../base/table/table.js";
import {
  type EncodedResource,
  NOT_MADE,
  type ResourceTable,
  type ResourceView,
} from "../../resource.js";
import { difference } from "../response/difference.js";
import type { StreamState } from "../stream-state.js";
import { NO_NAMES } from "../subscription/name-set.js";
import { rejectionOf } from "../subscription/rejections.js";
import { edited, type Subscription, wants } from "../subscription/subscription.js";

/** A resource that a client lacks in the version that it should hold, or has and should not. */
export interface Outstanding {
  readonly typeUrl: string;
  /** `*` for all of a type. */
  readonly name: string;
  /** `refused` by the client; `withheld` since every client would refuse it; else not sent or not answered. */
  readonly standing: "unanswered" | "refused" | "withheld";
  /** Why it is refused or withheld, or cannot be sent. */
  readonly error?: string;
}

/** Of one stream, by type; the view is what its client should hold now. Costs what differs from what it has accepted. */
export function outstandingOf(
  { subscriptions }: StreamState,
  view: ResourceView,
): readonly Outstanding[] {
  return subscriptions.flatMap((subscription) => ofType(subscription, view));
}

function ofType(subscription: Subscription, view: ResourceView): readonly Outstanding[] {
  const { typeUrl, accepted } = subscription;
  // What is asked for again is answered anyway; here only content counts.
  const judged = edited(subscription, {
    held: accepted,
    answersDue: NO_NAMES,
    removalsDue: NO_NAMES,
  });
  const table = view.get(typeUrl) ?? Table.empty<EncodedResource>();
  if (table === NOT_MADE) {
    const error = "it could not be made, which is a fault of the control plane's: see its log";
    return [{ typeUrl, name: "*", standing: "unanswered", error }];
  }
  const { changed, removed } = difference(judged, table);
  return [
    ...(view.hasStandIns === true ? stoodIn(subscription, table) : []),
    ...changed.map((resource): Outstanding => {
      const { name, refusal } = resource;
      if (refusal !== undefined) {
        return { typeUrl, name, standing: "withheld", error: refusal.reason };
      }
      const rejection = rejectionOf(subscription.rejections, resource);
      if (rejection === undefined) return { typeUrl, name, standing: "unanswered" };
      return { typeUrl, name, standing: "refused", error: rejection.error };
    }),
    ...removed.map((name): Outstanding => ({ typeUrl, name, standing: "unanswered" })),
  ];
}

/** Resources in whose place the client has something else, or is about to. */
const stoodIn = (subscription: Subscription, table: ResourceTable): readonly Outstanding[] =>
  [...table.values()].flatMap(({ name, standsFor }) => {
    if (standsFor === undefined || !wants(subscription, name)) return [];
    const { typeUrl } = subscription;
    return [{ typeUrl, name, standing: "withheld", error: standsFor.reason }];
  });
