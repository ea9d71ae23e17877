/**
 * Resources that a client keeps although they are gone from the view, because an older version that it goes on with needs them.
 *
 * A client that refuses a new listener stays with the older one. That may name a route configuration which the view no longer has,
 * perhaps with virtual hosts of its own. The client asks for those that it uses. So they stay, with all clusters that they lead to,
 * until the client has judged the listeners of the same edit, and after that for as long as it holds an older listener. Envoy
 * ignores the removal of a route configuration by itself, but not that of a virtual host or cluster.
 */

import { type EncodedResource, type ResourceTable, TYPE_URL } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import { isResource } from "../subscription/held.js";
import { isRejected, type Subscription, wants } from "../subscription/subscription.js";
import { busyUntil, NOTHING, type Waiting } from "./waiting.js";

/** The names of a type, route configurations or virtual hosts, that are gone from the view and stay. */
export function keptForOlderListeners(
  state: StreamState,
  { typeUrl, answersDue }: Subscription,
  moment: Moment,
): Waiting {
  if (typeUrl === TYPE_URL.route) return keptRoutes(state, moment);
  if (typeUrl !== TYPE_URL.virtualHost) return NOTHING;
  const routes = keptRoutes(state, moment);
  if (routes.names.size === 0) return NOTHING;
  const prefixes = [...routes.names].map((name) => `${name}/`);
  const hosts = goneFrom(state, typeUrl, moment).filter(
    (name) => !answersDue.has(name) && prefixes.some((prefix) => name.startsWith(prefix)),
  );
  return { ...routes, names: new Set(hosts) };
}

function keptRoutes(state: StreamState, moment: Moment): Waiting {
  const routes = subscriptionTo(state, TYPE_URL.route);
  const listeners = subscriptionTo(state, TYPE_URL.listener);
  const table = state.view.get(TYPE_URL.listener);
  if (routes === undefined || listeners === undefined || table === undefined) return NOTHING;
  const gone = goneFrom(state, TYPE_URL.route, moment).filter((name) => wasSent(routes, name));
  if (gone.length === 0) return NOTHING;
  const names = new Set(gone);
  const until = busyUntil(listeners, table, NOTHING.names, moment);
  if (until > 0) return { names, until };
  return keptNow(listeners, table, moment).length > 0 ? { names, until: Infinity } : NOTHING;
}

/** Whether a client has something under a name, or was sent it. A name that it waits for in vain it cannot use. */
function wasSent({ accepted, inFlight }: Subscription, name: string): boolean {
  return accepted.has(name) || inFlight.some(({ payload }) => isIn(payload.changed, name));
}

const isIn = (resources: readonly EncodedResource[], name: string): boolean =>
  resources.some((resource) => resource.name === name);

/** What the client would be told to forget of a type. */
function goneFrom(state: StreamState, typeUrl: string, moment: Moment): readonly string[] {
  const subscription = subscriptionTo(state, typeUrl);
  const table = state.view.get(typeUrl);
  if (subscription === undefined || table === undefined) return [];
  return moment.plan(subscription, table).difference.removed;
}

/** The names under which the client has older content of a type because it refused the newer, or would. */
function keptNow(user: Subscription, table: ResourceTable, { plan }: Moment): readonly string[] {
  const rejected = [...user.rejections.keys()].filter((name) => {
    const resource = table.get(name);
    return resource !== undefined && wants(user, name) && isRejected(user, resource);
  });
  const refused = [...rejected, ...plan(user, table).difference.refused];
  return refused.filter((name) => user.accepted.has(name));
}

/** Whether a cluster may be in use by what the client goes on with. */
export function usedByOlderVersions(
  state: StreamState,
  moment: Moment,
): (cluster: string) => boolean {
  const used = new Set<string>();
  for (const user of state.subscriptions) {
    const table = state.view.get(user.typeUrl);
    if (table === undefined || !rulesOf(user.typeUrl).usesClusters) continue;
    const { names } = keptForOlderListeners(state, user, moment);
    const older = [...keptNow(user, table, moment), ...names].map((name) =>
      user.accepted.get(name),
    );
    // What is gone may not have been judged yet.
    const unjudged = [...names].map((name) => user.held.get(name));
    for (const content of [...older, ...unjudged]) {
      if (content === undefined) continue;
      // Content that is not known, from before this stream, may use any of them.
      if (!isResource(content)) return () => true;
      for (const cluster of content.clusters ?? []) used.add(cluster);
    }
  }
  return (cluster) => used.has(cluster);
}
