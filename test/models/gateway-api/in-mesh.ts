/** Where the requests of applications go. See GEP-1294 and GEP-1324, "producer" and "consumer" routes. */
import { hostOf, namesOf } from "../routing/hosts.js";
import type { HttpRequest } from "../routing/objects.js";
import { typeOf } from "./attachment.js";
import { targetOf } from "./backends.js";
import { type AnyRoute, type ParentRef, routesOf, type Service, type World } from "./objects.js";
import { firstRule, type Placed } from "./rules.js";
import { type Verdict, verdictOf } from "./verdict.js";

/** Which of the ports of a Service a parent means; undefined for none. */
export function meantPorts(service: Service, { sectionName, port }: ParentRef): readonly number[] {
  return service.spec.ports
    .filter((one) => sectionName === undefined || one.name === sectionName)
    .filter((one) => port === undefined || one.port === port)
    .map((one) => one.port);
}

/** Whether a route is for the calls of a port of a Service. */
const isFor = ({ metadata, spec }: AnyRoute, service: Service, port: number): boolean =>
  (spec.parentRefs ?? []).some(
    (parent) =>
      typeOf(parent) === "/Service" &&
      parent.name === service.metadata.name &&
      (parent.namespace ?? metadata.namespace) === service.metadata.namespace &&
      meantPorts(service, parent).includes(port),
  );

/** "Consumer routes … only affect requests from the same namespace", and come in the place of the producer's. */
function placedFor(
  world: World,
  service: Service,
  port: number,
  callerNamespace: string,
): readonly Placed[] {
  const all = routesOf(world).filter(
    (one) => (one.kind === "HTTPRoute" || one.kind === "GRPCRoute") && isFor(one, service, port),
  );
  const of = (namespace: string): readonly AnyRoute[] =>
    all.filter(({ metadata }) => metadata.namespace === namespace);
  const consumer = of(callerNamespace);
  const chosen = consumer.length > 0 ? consumer : of(service.metadata.namespace);
  // "Hostnames" are not looked at in the mesh.
  return chosen.map((route) => ({ kind: route.kind, route, own: "*" }) as Placed);
}

/** What becomes of a request of an application of a namespace; undefined of one for no Service. */
export function inMesh(world: World, namespace: string, request: HttpRequest): Verdict | undefined {
  const { port } = request;
  const service = world.services.find(
    ({ metadata, spec }) =>
      spec.ports.some((one) => one.port === port) &&
      namesOf(`${metadata.name}.${metadata.namespace}.svc.cluster.local`, namespace).includes(
        hostOf(request.authority),
      ),
  );
  if (service === undefined) return undefined;
  const placed = placedFor(world, service, port, namespace);
  const way = { entry: { scheme: "http", port } as const, needsGrant: false };
  if (placed.length > 0) return verdictOf(world, firstRule(placed, request), request, way);
  const { name } = service.metadata;
  const by = {
    kind: "HTTPRoute",
    namespace: service.metadata.namespace,
    needsGrant: false,
  } as const;
  const target = targetOf(world, { name, port }, by);
  const { path, authority, headers } = request;
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
