/** What fairlead makes of a connection otherwise than the model does. */
import { endingAtProxy } from "../../../src/simulator/ending.js";
import type { Connected } from "./connection-arbitrary.js";
import type { ClusterShares } from "./l4-routes.js";
import type { Connection } from "./objects.js";
import type { ConnectionVerdict } from "./sidecar-connections.js";
import {
  connectionOf,
  egressOf,
  type Simulated,
  type TunnelCaller,
  tunnelOf,
} from "./simulated.js";

const BLOCKED = 502;

const sorted = (shares: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(shares).sort(([a], [b]) => (a < b ? -1 : 1)));

const WHOLE = 100;

/** Where bytes go, by clusters that the proxy has. */
function ofBytes({ walk, isKnown }: ReturnType<typeof connectionOf>): ConnectionVerdict {
  const [first] = walk.clusters;
  if (first?.name === "PassthroughCluster") return { is: "passed through" };
  if (first?.name === "BlackHoleCluster") return { is: "blocked" };
  const all = walk.clusters.reduce((sum, { weight }) => sum + weight, 0);
  const goes: Record<string, number> = {};
  for (const { name, weight } of walk.clusters) {
    const known = isKnown(name) ? name : "nowhere";
    goes[known] = (goes[known] ?? 0) + (weight / all) * WHOLE;
  }
  return { is: "forwarded", goes };
}

/** What the simulator says, in the words of the model. */
function ofWalk(walked: ReturnType<typeof connectionOf>): ConnectionVerdict {
  const { error, passed } = walked.walk;
  const routes = passed.manager?.rds?.routeConfigName;
  if (error === "protocol-error") return { is: "refused" };
  if (routes !== undefined) return { is: "requests", routes };
  if (error !== undefined && error !== "no-cluster") return { is: "refused" };
  // What no listener is for is answered by the proxy where it may not be passed on.
  const isBlocked =
    passed.manager !== undefined && endingAtProxy(walked.walk, [])?.status === BLOCKED;
  return isBlocked ? { is: "blocked" } : ofBytes(walked);
}

const text = (verdict: ConnectionVerdict): string =>
  JSON.stringify(verdict.is === "forwarded" ? { ...verdict, goes: sorted(verdict.goes) } : verdict);

/** One line for what is said otherwise. */
export function connectionDifferences(
  known: Simulated,
  { from, connection }: Connected,
  verdict: ConnectionVerdict,
): readonly string[] {
  const walked = connectionOf(known, from, connection);
  const [got, wanted] = [text(ofWalk(walked)), text(verdict)];
  const asked = `${from} ${JSON.stringify(connection)}`;
  return got === wanted ? [] : [`${asked}: the simulator says ${got}, the model ${wanted}`];
}

/** What is said otherwise of a tunnel of an application, by a name of the host to which it leads. */
export function tunnelDifferences(
  known: Simulated,
  from: TunnelCaller,
  authority: string,
  expected: readonly ClusterShares[],
): readonly string[] {
  const walked = tunnelOf(known, from, authority);
  const got = text(ofBytes(walked));
  const wanted = expected.map((goes) => text({ is: "forwarded", goes }));
  return wanted.includes(got)
    ? []
    : [`${from} to ${authority}: the simulator says ${got}, the model ${wanted.join(" or ")}`];
}

/** What is said otherwise of a connection to the address on which a sidecar listens to which nothing is redirected. */
export function egressDifferences(
  known: Simulated,
  from: TunnelCaller,
  connection: Connection,
  expected: readonly ClusterShares[],
): readonly string[] {
  const got = ofWalk(egressOf(known, from, connection));
  const wanted = expected.map((goes) => text({ is: "forwarded", goes }));
  const isExpected =
    wanted.length === 0 ? got.is === "refused" || got.is === "blocked" : wanted.includes(text(got));
  const asked = `${from} ${JSON.stringify(connection)}`;
  return isExpected
    ? []
    : [`${asked}: the simulator says ${text(got)}, the model ${wanted.join(" or ")}`];
}
