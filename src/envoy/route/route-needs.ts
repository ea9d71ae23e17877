/** What some routes need that connection managers have filters for where they are asked for alone. */

import { isDeepStrictEqual } from "node:util";

/** The names of route configurations by what some of their routes need. */
export interface RouteNeeds {
  /** Routes to hosts whose names the proxy looks up. */
  readonly lookingUp: ReadonlySet<string>;
  /** Routes that keep clients with the endpoints that answered them. */
  readonly keepingSessions: ReadonlySet<string>;
  /** Requests that may name pods. */
  readonly callingPods: ReadonlySet<string>;
  /** Who is asked about the requests of some routes, as texts, sorted. */
  readonly asking: ReadonlyMap<string, readonly string[]>;
}

/** What a virtual host needs. */
export interface NeedingHost {
  readonly routeName: string;
  readonly looksHostsUp?: true;
  readonly keepsSessions?: true;
  readonly callsPods?: true;
  readonly authorizers?: readonly string[];
}

/** What the route configurations of some virtual hosts need. */
export function needsOf(hosts: readonly NeedingHost[]): RouteNeeds {
  const namesOf = (some: readonly NeedingHost[]): ReadonlySet<string> =>
    new Set(some.map(({ routeName }) => routeName));
  return {
    lookingUp: namesOf(hosts.filter(({ looksHostsUp }) => looksHostsUp === true)),
    keepingSessions: namesOf(hosts.filter(({ keepsSessions }) => keepsSessions === true)),
    callingPods: namesOf(hosts.filter(({ callsPods }) => callsPods === true)),
    asking: askingOf(hosts),
  };
}

function askingOf(hosts: readonly NeedingHost[]): RouteNeeds["asking"] {
  const asking = new Map<string, Set<string>>();
  for (const { routeName, authorizers = [] } of hosts) {
    if (authorizers.length === 0) continue;
    const known = asking.get(routeName) ?? new Set();
    for (const one of authorizers) known.add(one);
    asking.set(routeName, known);
  }
  return new Map([...asking].map(([name, authorizers]) => [name, [...authorizers].sort()]));
}

/** Whether two are the same. */
export function sameNeeds(a: RouteNeeds, b: RouteNeeds): boolean {
  return (
    isSame(a.lookingUp, b.lookingUp) &&
    isSame(a.keepingSessions, b.keepingSessions) &&
    isSame(a.callingPods, b.callingPods) &&
    isDeepStrictEqual(a.asking, b.asking)
  );
}

const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((name) => b.has(name));
