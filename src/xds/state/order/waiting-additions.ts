/** Which new clusters have to wait, and how long. */
import { type EncodedResource, TYPE_URL } from "../../resource.js";
import type { Moment } from "../moment.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import type { Subscription } from "../subscription/subscription.js";
import { NOTHING, type Waiting } from "./waiting.js";

/** Of these clusters that are new or changed, those that a client that starts is sent when it has taken the others. */
export function waitingAdditions(
  state: StreamState,
  { lastSent, resumedAt, holdsUnknownSet }: Subscription,
  changed: readonly EncodedResource[],
  { now, pacing }: Moment,
): Waiting {
  const isBack = resumedAt !== undefined || holdsUnknownSet;
  if (isBack || subscriptionTo(state, TYPE_URL.listener) !== undefined) return NOTHING;
  const names = changed.filter(({ afterOthers }) => afterOthers === true).map(({ name }) => name);
  const until = lastSent === undefined ? Infinity : lastSent.at + pacing.warmWaitMs;
  // Without any others nothing would come that could be waited for.
  const isAlone = lastSent === undefined && names.length === changed.length;
  return names.length === 0 || isAlone || now >= until ? NOTHING : { names: new Set(names), until };
}
