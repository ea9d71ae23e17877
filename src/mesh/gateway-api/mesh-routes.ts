/**
 * Routes of the Gateway API for calls in the mesh: those that are attached to Services and ServiceEntries (GAMMA). A route of
 * the parent's own namespace is for all callers, one of another namespace for the callers of that namespace alone. See Gateway
 * API, "Gateway API for Service Mesh", and Istio, HTTPRouteCollection.
 */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import { groupBy } from "../../base/group-by.js";
import { Table } from "../../base/table/table.js";
import {
  createMeshParents,
  meantPort,
  type ParentPort,
} from "../../config/gateway-api/mesh-parents.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { DEFAULT_DOMAIN, overlaps, serviceHostname } from "../hostname.js";
import type { VirtualServiceResource } from "../made-of.js";
import { MESH_GATEWAY } from "../routing/virtual-service.js";
import {
  type AttachedRoute,
  type Made,
  type MadeRules,
  type MeshParent,
  mergedVirtualService,
} from "./attached-route.js";

/** A parent that there is. */
interface Parent {
  readonly hosts: readonly string[];
  readonly ports: readonly ParentPort[];
}

/** Adds what the routes at Services and ServiceEntries mean: VirtualServices by `namespace/name`. */
export function createMeshRoutes(
  engine: Engine,
): (
  attached: Table<AttachedRoute>,
  tables: Pick<ResourceTables, "Service" | "ServiceEntry">,
) => Table<VirtualServiceResource> {
  const portsOf = createMeshParents(engine);
  const hostsOfEntries = engine.derive<[ResourceOf<"ServiceEntry">], [], readonly string[]>(
    "hosts of service entries as parents",
    (_key, [entry]) => entry?.spec.hosts,
    isDeepStrictEqual,
  );
  const services = engine.derive<[readonly ParentPort[]], [], Parent>(
    "services as parents",
    (key, [ports]) => ports && { hosts: [hostOfService(key)], ports },
  );
  const entries = engine.derive<[readonly string[], readonly ParentPort[]], [], Parent>(
    "service entries as parents",
    (_key, [hosts, ports]) => hosts && ports && { hosts, ports },
  );
  const atServices = createRoutesAt(engine, "Service");
  const atEntries = createRoutesAt(engine, "ServiceEntry");
  const both = engine.overlay<VirtualServiceResource>();
  return (attached, tables) => {
    const { Service, ServiceEntry } = portsOf(tables);
    return both(
      atEntries(attached, entries([hostsOfEntries([tables.ServiceEntry]), ServiceEntry])),
      atServices(attached, services([Service])),
    );
  };
}

function hostOfService(key: string): string {
  const [namespace = "", name = ""] = key.split("/");
  return serviceHostname(name, namespace, DEFAULT_DOMAIN);
}

function createRoutesAt(
  engine: Engine,
  kind: MeshParent["kind"],
): (attached: Table<AttachedRoute>, parents: Table<Parent>) => Table<VirtualServiceResource> {
  const byParent = engine.group<AttachedRoute>(`routes by ${kind}`, ({ parent }) =>
    parent.kind === kind ? [parent.key] : [],
  );
  const made = engine.lookUp<Table<AttachedRoute>, [Parent], [], Table<VirtualServiceResource>>(
    `virtual services of routes at ${kind}`,
    (key, [attached, parent]) => parent && virtualServicesAt(key, [...attached.values()], parent),
  );
  const all = engine.flatten<VirtualServiceResource>(`all virtual services of routes at ${kind}`);
  return (attached, parents) => all(made([byParent(attached), parents]));
}

/** One for each host and namespace of routes: those for all of its ports and for one are matched together. */
function virtualServicesAt(
  parentKey: string,
  attached: readonly AttachedRoute[],
  { hosts, ports }: Parent,
): Table<VirtualServiceResource> {
  const parentNamespace = parentKey.slice(0, parentKey.indexOf("/"));
  const atPorts = attached.flatMap((one) => atMeantPort(one, ports));
  const made = [...groupBy(atPorts, placeOf)].flatMap(([place, group]) => {
    const namespace = group[0]?.ref.namespace ?? "";
    return hosts.map((host) =>
      mergedVirtualService(forHost(group, host), {
        name: `${place}~${host}`,
        namespace,
        host,
        gateway: MESH_GATEWAY,
        ...(namespace === parentNamespace ? {} : { exportTo: ["."] }),
      }),
    );
  });
  return Table.from(
    made.flatMap((one) => (one === undefined ? [] : [[keyOf(one.metadata), one] as const])),
  );
}

const placeOf = ({ ref, rules: { protocol } }: AttachedRoute): string =>
  protocol === "http" ? ref.namespace : `${ref.namespace}~${protocol}`;

/** A route whose matches are for the port alone that it means; none where that is not there. */
function atMeantPort(attached: AttachedRoute, ports: readonly ParentPort[]): AttachedRoute[] {
  if (attached.parent.kind === "KubernetesGateway") return [];
  const meant = meantPort(attached.parent.reference, ports);
  if ("field" in meant) return [];
  const { port } = meant;
  return [port === "all" ? attached : { ...attached, rules: rulesAtPort(attached.rules, port) }];
}

function rulesAtPort(rules: MadeRules, port: number): MadeRules {
  if (rules.protocol === "http") return { ...rules, routes: rules.routes.map(withPort(port)) };
  if (rules.protocol === "tcp") return { ...rules, routes: rules.routes.map(withPort(port)) };
  return {
    ...rules,
    routes: rules.routes.map(({ route, part }) => {
      const match = route.match.map((one) => ({ ...one, port }));
      return { route: { ...route, match }, part };
    }),
  };
}

interface Matched {
  readonly match?: readonly object[];
}

const withPort =
  (port: number) =>
  <R extends Matched>({ route, ...made }: Made<R>): Made<R> => ({
    ...made,
    route: { ...route, match: (route.match ?? [{}]).map((match) => ({ ...match, port })) },
  });

/** In the mesh TLS connections are for the host itself where a route names no others. */
function forHost(attached: readonly AttachedRoute[], host: string): readonly AttachedRoute[] {
  return attached.map((one): AttachedRoute => {
    const { rules } = one;
    if (rules.protocol !== "tls") return one;
    const routes = rules.routes.map(({ route, part }) => {
      const match = route.match.map((names) => ({
        ...names,
        sniHosts: namesFor(names.sniHosts, host),
      }));
      return { route: { ...route, match }, part };
    });
    return { ...one, rules: { ...rules, routes } };
  });
}

/** Of several names those count that the host has; a single one is taken as it is. See Istio, compatibleRoutesForHost. */
function namesFor(names: readonly string[], host: string): readonly string[] {
  if (names.includes("*")) return [host];
  return names.length === 1 ? names : names.filter((name) => overlaps(name, host));
}
