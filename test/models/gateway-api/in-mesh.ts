/** Where the requests of applications go. See GEP-1294 and GEP-1324, "producer" and "consumer" routes. */
import { hostOf, namesOf } from "../routing/hosts.js";
import type { HttpRequest } from "../routing/objects.js";
import { typeOf } from "./attachment.js";
import { answerersOf, type Callable, callablesOf } from "./callables.js";
import { type AnyRoute, type ParentRef, routesOf, type World } from "./objects.js";
import { firstRule, type Placed } from "./rules.js";
import { type Verdict, verdictOf } from "./verdict.js";

/** `group/Kind` of what routes can be attached to in the mesh. */
export const MESH_PARENTS: Readonly<Record<string, Callable["kind"]>> = {
  "/Service": "Service",
  "networking.istio.io/ServiceEntry": "ServiceEntry",
};

/** Which of the ports of its parent a route means. */
export function meantPorts(
  { ports }: Callable,
  { sectionName, port }: ParentRef,
): readonly number[] {
  return ports
    .filter((one) => sectionName === undefined || one.name === sectionName)
    .filter((one) => port === undefined || one.number === port)
    .map((one) => one.number);
}

/** Whether a parent of a route of a namespace is this. */
export const isParent = (
  parent: ParentRef,
  routeNamespace: string,
  { kind, metadata }: Callable,
): boolean =>
  MESH_PARENTS[typeOf(parent)] === kind &&
  parent.name === metadata.name &&
  (parent.namespace ?? routeNamespace) === metadata.namespace;

/** Whether a route is for the calls of a port. */
const isFor = ({ metadata, spec }: AnyRoute, called: Callable, port: number): boolean =>
  (spec.parentRefs ?? []).some(
    (parent) =>
      isParent(parent, metadata.namespace, called) && meantPorts(called, parent).includes(port),
  );

/** "Consumer routes … only affect requests from the same namespace", and come in the place of the producer's. */
function placedFor(
  world: World,
  called: Callable,
  port: number,
  callerNamespace: string,
): readonly Placed[] {
  const all = routesOf(world).filter(
    (one) => (one.kind === "HTTPRoute" || one.kind === "GRPCRoute") && isFor(one, called, port),
  );
  const of = (namespace: string): readonly AnyRoute[] =>
    all.filter(({ metadata }) => metadata.namespace === namespace);
  const consumer = of(callerNamespace);
  const chosen = consumer.length > 0 ? consumer : of(called.metadata.namespace);
  // "Hostnames" are not looked at in the mesh.
  return chosen.map((route) => ({ kind: route.kind, route, own: "*" }) as Placed);
}

/** What becomes of a request of an application of a namespace; undefined of one for nobody whom the mesh knows. */
export function inMesh(world: World, namespace: string, request: HttpRequest): Verdict | undefined {
  const { port } = request;
  const called = callablesOf(world).find(
    ({ host, ports }) =>
      ports.some((one) => one.number === port) &&
      namesOf(host, namespace).includes(hostOf(request.authority)),
  );
  if (called === undefined) return undefined;
  const placed = placedFor(world, called, port, namespace);
  const way = { entry: { scheme: "http", port } as const, needsGrant: false };
  if (placed.length > 0) return verdictOf(world, firstRule(placed, request), request, way);
  const { path, authority, headers } = request;
  const target = { host: called.host, port, workloads: answerersOf(world, called) };
  return {
    is: "forwarded",
    path,
    authority,
    shares: [{ target, weight: 1, headers, answerHeaders: (own) => own }],
    mirrors: [],
    timing: {},
    failure: 503,
  };
}
