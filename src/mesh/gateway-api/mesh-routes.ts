/**
 * Routes of the Gateway API for calls in the mesh: those that are attached to Services and ServiceEntries (GAMMA). A route of
 * the parent's own namespace is for all callers, one of another namespace for the callers of that namespace alone. See Gateway
 * API, "Gateway API for Service Mesh", and Istio, HTTPRouteCollection.
 */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { DEFAULT_DOMAIN, overlaps, serviceHostname } from "../hostname.js";
import { MESH_GATEWAY } from "../virtual-service.js";
import {
  type AttachedRoute,
  type Made,
  type MadeRules,
  mergedVirtualService,
} from "./attached-route.js";

type VirtualService = ResourceOf<"VirtualService">;

/** The hosts of a parent; a row only for those that there are. */
type ParentHosts = readonly string[];

/** Adds what the routes at Services and ServiceEntries mean: VirtualServices by `namespace/name`. */
export function createMeshRoutes(
  engine: Engine,
): (
  attached: Table<AttachedRoute>,
  tables: Pick<ResourceTables, "Service" | "ServiceEntry">,
) => Table<VirtualService> {
  const services = engine.derive<[ResourceOf<"Service">], [], ParentHosts>(
    "hosts of services as parents",
    (_key, [service]) =>
      service && [
        serviceHostname(service.metadata.name, service.metadata.namespace, DEFAULT_DOMAIN),
      ],
    isDeepStrictEqual,
  );
  const entries = engine.derive<[ResourceOf<"ServiceEntry">], [], ParentHosts>(
    "hosts of service entries as parents",
    (_key, [entry]) => entry?.spec.hosts,
    isDeepStrictEqual,
  );
  const atServices = createRoutesAt(engine, "Service");
  const atEntries = createRoutesAt(engine, "ServiceEntry");
  const both = engine.overlay<VirtualService>();
  return (attached, { Service, ServiceEntry }) =>
    both(atEntries(attached, entries([ServiceEntry])), atServices(attached, services([Service])));
}

function createRoutesAt(
  engine: Engine,
  kind: "Service" | "ServiceEntry",
): (attached: Table<AttachedRoute>, parents: Table<ParentHosts>) => Table<VirtualService> {
  const byParent = engine.group<AttachedRoute>(`routes by ${kind}`, ({ parent }) =>
    parent.kind === kind ? [parent.key] : [],
  );
  const made = engine.lookUp<Table<AttachedRoute>, [ParentHosts], [], Table<VirtualService>>(
    `virtual services of routes at ${kind}`,
    (key, [attached, hosts]) => hosts && virtualServicesAt(key, [...attached.values()], hosts),
  );
  const all = engine.flatten<VirtualService>(`all virtual services of routes at ${kind}`);
  return (attached, parents) => all(made([byParent(attached), parents]));
}

function virtualServicesAt(
  parentKey: string,
  attached: readonly AttachedRoute[],
  hosts: ParentHosts,
): Table<VirtualService> {
  const parentNamespace = parentKey.slice(0, parentKey.indexOf("/"));
  const places = new Map<string, AttachedRoute[]>();
  for (const one of attached) {
    const port = one.parent.kind === "KubernetesGateway" ? undefined : one.parent.port;
    const { protocol } = one.rules;
    const place = [
      one.ref.namespace,
      ...(protocol === "http" ? [] : [protocol]),
      ...(port === undefined ? [] : [port]),
    ].join("~");
    places.set(place, [...(places.get(place) ?? []), atPort(one, port)]);
  }
  const made = [...places].flatMap(([place, group]) => {
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

/** A route whose matches are for one port alone. */
function atPort(attached: AttachedRoute, port: number | undefined): AttachedRoute {
  if (port === undefined) return attached;
  return { ...attached, rules: rulesAtPort(attached.rules, port) };
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
  <R extends Matched>({ route, part }: Made<R>): Made<R> => ({
    route: { ...route, match: (route.match ?? [{}]).map((match) => ({ ...match, port })) },
    part,
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
