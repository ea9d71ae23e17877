import type { Table } from "../../base/table/table.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { mayUseBackend } from "../gateway-api/grants.js";
import type { BackendRules, RouteHead } from "../gateway-api/routes.js";
import type { Finding, Path } from "../kind.js";
import type { BackendObjectReference } from "../kinds/gateway-api/backends.js";
import { hasListeners, parentType } from "../kinds/gateway-api/parents.js";
import type { ResourceOf } from "../kinds.js";
import { REFERENCE_CODE } from "./dangling.js";
import { findHost, type HostRegistry } from "./host-registry.js";

/** That a route names a backend of another namespace that did not grant it. */
const REFUSED = "reference-not-granted";

/** What backends there are, and who may name them. */
export interface BackendNames {
  readonly hosts: HostRegistry;
  readonly grants: Table<ResourceOf<"ReferenceGrant">>;
}

/** What becomes of what a backend is sent that cannot be. */
const ENDINGS: Readonly<Record<RouteHead["ref"]["kind"], string>> = {
  HTTPRoute: "its requests are answered with 500",
  GRPCRoute: "its calls end as UNAVAILABLE",
  TLSRoute: "its connections are closed",
  TCPRoute: "its connections are closed",
};

interface PlacedBackend {
  readonly backend: BackendObjectReference;
  readonly path: Path;
}

/** A warning for each backend of a route that there is not, that cannot be one, or that it may not name. */
export function checkRouteBackends(
  route: RouteHead,
  rules: BackendRules,
  known: BackendNames,
): readonly Finding[] {
  return [...backendsOf(rules)].flatMap((placed) => checkBackend(placed, route, known));
}

function* backendsOf(rules: BackendRules): Iterable<PlacedBackend> {
  for (const [i, { backendRefs = [], filters = [] }] of rules.entries()) {
    const path = ["spec", "rules", i];
    for (const [j, backend] of backendRefs.entries()) {
      yield { backend, path: [...path, "backendRefs", j] };
    }
    for (const [j, filter] of filters.entries()) {
      yield* backendsOfFilter(filter, [...path, "filters", j]);
    }
  }
}

function* backendsOfFilter(
  filter: NonNullable<BackendRules[number]["filters"]>[number],
  path: Path,
): Iterable<PlacedBackend> {
  for (const field of ["requestMirror", "externalAuth"] as const) {
    const backend = filter[field]?.backendRef;
    if (backend !== undefined) yield { backend, path: [...path, field, "backendRef"] };
  }
}

const SERVICES: readonly string[] = ["/Service", "multicluster.x-k8s.io/ServiceImport"];
const HOSTNAME = "networking.istio.io/Hostname";

function checkBackend(
  { backend, path }: PlacedBackend,
  route: RouteHead,
  { hosts, grants }: BackendNames,
): readonly Finding[] {
  const { group = "", kind = "Service", name, namespace = route.ref.namespace, port } = backend;
  const ending = ENDINGS[route.ref.kind];
  const warn = (field: string, code: string, message: string): readonly Finding[] => [
    { path: [...path, field], code, message: `${message}: ${ending}`, severity: "warning" },
  ];
  const type = `${group}/${kind}`;
  if (type !== HOSTNAME && !SERVICES.includes(type)) {
    return warn("kind", REFERENCE_CODE, `a ${kind} of "${group}" is no backend: a Service is`);
  }
  // In the mesh a service is called as it could be without the route.
  const isAtGateway = route.parents.some((parent) => hasListeners(parentType(parent)));
  if (isAtGateway && !mayUseBackend(grants, route.ref, backend)) {
    const message = `no ReferenceGrant of namespace ${namespace} lets a ${route.ref.kind} of namespace ${route.ref.namespace} name ${kind} "${name}"`;
    return warn("namespace", REFUSED, message);
  }
  if (type !== HOSTNAME) return checkService({ name, namespace }, hosts, warn);
  if (backend.namespace !== undefined) {
    return warn("namespace", REFERENCE_CODE, "a Hostname has no namespace");
  }
  if (port === undefined) return warn("name", REFERENCE_CODE, "a Hostname needs its port");
  if (findHost(hosts, name, namespace) !== undefined) return [];
  const message = `host "${name}" is no Service and no host of a ServiceEntry that namespace ${namespace} sees`;
  return warn("name", REFERENCE_CODE, message);
}

function checkService(
  { name, namespace }: { readonly name: string; readonly namespace: string },
  { services }: HostRegistry,
  warn: (field: string, code: string, message: string) => readonly Finding[],
): readonly Finding[] {
  if (name.includes(".")) {
    return warn("name", REFERENCE_CODE, `"${name}" is a host: a Service is called by its name`);
  }
  if (services.has(`${namespace}/${name}`)) return [];
  const own = [...services.keys()]
    .filter((key) => key.startsWith(`${namespace}/`))
    .map((key) => key.slice(namespace.length + 1));
  const message = `there is no Service "${namespace}/${name}"${didYouMean(name, own)}`;
  return warn("name", REFERENCE_CODE, message);
}
