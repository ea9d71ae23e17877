/** How far the client of a stream is with each type, for people: `proxy-status` and the debug API. */

import { type EncodedResource, NOT_MADE } from "../../resource.js";
import type { Protocol } from "../../session.js";
import type { Occurrence } from "../response/response.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import { isResource } from "../subscription/held.js";
import { type Rejection, rejectionOf } from "../subscription/rejections.js";
import { wants } from "../subscription/subscription.js";

/** A resource that a client has refused and is not sent again. */
export interface Quarantined extends Rejection {
  readonly name: string;
  /** The version that it goes on with; undefined if it has none, or one from before this stream. */
  readonly acceptedVersion: string | undefined;
}

/** Where one type stands on one stream. */
export interface TypeStatus {
  readonly typeUrl: string;
  readonly wildcard: boolean;
  /** What the client should hold of it could not be made yet. */
  readonly isNotMade?: true;
  /** How many names are subscribed to by name. */
  readonly names: number;
  /** Responses that are sent and not judged. */
  readonly unjudged: number;
  /** When the client came back with what it holds; undefined when it came with nothing. */
  readonly resumedAt: number | undefined;
  readonly lastSent: Occurrence | undefined;
  readonly lastAcked: Occurrence | undefined;
  readonly lastNacked: (Occurrence & { readonly error: string }) | undefined;
  readonly quarantined: readonly Quarantined[];
}

/** One stream, for people. Times are in milliseconds of the server's clock. */
export interface StreamStatus {
  readonly stream: string;
  /** Session.id. */
  readonly session: string;
  readonly protocol: Protocol;
  readonly openedAt: number;
  readonly types: readonly TypeStatus[];
}

/** Where the types of a stream stand, in the order in which they are sent. */
export function typeStatuses(state: StreamState): readonly TypeStatus[] {
  return state.subscriptions.map((subscription) => {
    const { typeUrl, wildcard, names, inFlight, rejections } = subscription;
    const { resumedAt, lastSent, lastAcked, lastNacked } = subscription;
    const table = state.view.get(typeUrl);
    const quarantined = [...rejections.keys()].flatMap((name): Quarantined[] => {
      const resource = table?.get(name);
      const rejection = resource && rejectionOf(rejections, resource);
      if (rejection === undefined) return [];
      const accepted = subscription.accepted.get(name);
      const acceptedVersion = isResource(accepted) ? accepted.version : undefined;
      return [{ ...rejection, name, acceptedVersion }];
    });
    return {
      typeUrl,
      wildcard,
      ...(table === NOT_MADE ? { isNotMade: true } : {}),
      names: names.size,
      unjudged: inFlight.length,
      resumedAt,
      lastSent,
      lastAcked,
      lastNacked,
      quarantined,
    };
  });
}

/** What the client of a stream has accepted of a type, as far as it is known to be ours; sorted by name. */
export function acceptedResources(state: StreamState, typeUrl: string): readonly EncodedResource[] {
  const subscription = subscriptionTo(state, typeUrl);
  if (subscription === undefined) return [];
  return subscription.accepted
    .sorted()
    .flatMap(([name, held]) => (isResource(held) && wants(subscription, name) ? held : []));
}
