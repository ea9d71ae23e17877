/** What some routes need that connection managers have filters for where they are asked for alone. */

/** The names of route configurations by what some of their routes need. */
export interface RouteNeeds {
  /** Routes to hosts whose names the proxy looks up. */
  readonly lookingUp: ReadonlySet<string>;
  /** Routes that keep clients with the endpoints that answered them. */
  readonly keepingSessions: ReadonlySet<string>;
  /** Requests that may name pods. */
  readonly callingPods: ReadonlySet<string>;
}

/** What a virtual host needs. */
export interface NeedingHost {
  readonly routeName: string;
  readonly looksHostsUp?: true;
  readonly keepsSessions?: true;
  readonly callsPods?: true;
}

/** What the route configurations of some virtual hosts need. */
export function needsOf(hosts: readonly NeedingHost[]): RouteNeeds {
  const namesOf = (some: readonly NeedingHost[]): ReadonlySet<string> =>
    new Set(some.map(({ routeName }) => routeName));
  return {
    lookingUp: namesOf(hosts.filter(({ looksHostsUp }) => looksHostsUp === true)),
    keepingSessions: namesOf(hosts.filter(({ keepsSessions }) => keepsSessions === true)),
    callingPods: namesOf(hosts.filter(({ callsPods }) => callsPods === true)),
  };
}

/** Whether two are the same. */
export function sameNeeds(a: RouteNeeds, b: RouteNeeds): boolean {
  return (
    isSame(a.lookingUp, b.lookingUp) &&
    isSame(a.keepingSessions, b.keepingSessions) &&
    isSame(a.callingPods, b.callingPods)
  );
}

const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((name) => b.has(name));
