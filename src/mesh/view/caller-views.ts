/**
 * The hosts that the callers of a namespace can see, each with the service, rule and VirtualServices that apply there.
 *
 * Most hosts look the same from everywhere. So there is one set of views for callers of no namespace in particular, and for each
 * namespace the views of just those hosts that may look different from it: its own hosts, those that are exported to it by name,
 * and those for which it has rules. See differing-hosts.
 */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Mesh, VirtualServices } from "../mesh.js";
import type { DestinationRule } from "../routing/destination-rule.js";
import { servedFrom } from "../routing/served-wildcards.js";
import type { Service } from "../service/service.js";
import { hostFactTables } from "./host-facts.js";
import {
  type Client,
  type HostView,
  hostView,
  NO_NAMESPACE,
  sameContext,
  sameView,
  type ViewContext,
} from "./host-view.js";

/** Callers of no namespace in particular. */
const NOBODY: Client = { namespace: NO_NAMESPACE, labels: {} };

const viewContext = (mesh: Mesh, { namespace, labels }: Client): ViewContext => ({
  namespace,
  labels,
  egress: undefined,
  rootNamespace: mesh.config.rootNamespace,
  wildcardRules: mesh.wildcardRules,
  wildcards: mesh.wildcardVirtualServices,
  servedWildcards: servedFrom(mesh.servedWildcards, namespace),
});

/** One host as the callers of a namespace see it, or undefined. This remembers nothing; the tables of all hosts do. */
export function viewOfHost(mesh: Mesh, hostname: string, namespace: string): HostView | undefined {
  const [services, rules, exact, narrower] = hostFactTables(mesh);
  return hostView(
    hostname,
    [services.get(hostname), rules.get(hostname), exact.get(hostname), narrower.get(hostname)],
    viewContext(mesh, { namespace, labels: {} }),
  );
}

function createContext(engine: Engine): (mesh: Mesh, client: Client) => ViewContext {
  const settle = engine.settle<ViewContext>(sameContext);
  return (mesh, client) => settle(viewContext(mesh, client));
}

/** All hosts as callers of no namespace in particular see them, by hostname. */
export function createCommonViews(engine: Engine): (mesh: Mesh) => Table<HostView> {
  const contextOf = createContext(engine);
  const derive = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices, VirtualServices],
    [ViewContext],
    HostView
  >("host views", hostView, sameView);
  return (mesh) => derive(hostFactTables(mesh), contextOf(mesh, NOBODY));
}

/** The hosts that may look different from a namespace, as its callers see them, by hostname. */
export function createOwnViews(engine: Engine): (mesh: Mesh, client: Client) => Table<HostView> {
  const contextOf = createContext(engine);
  const derive = engine.lookUp<
    readonly string[],
    [Table<Service>, readonly DestinationRule[], VirtualServices, VirtualServices],
    [ViewContext],
    HostView
  >(
    "own host views",
    (hostname, [, ...rows], context) => hostView(hostname, rows, context),
    sameView,
  );
  return (mesh, client) =>
    derive(
      [mesh.differingHosts.get(client.namespace) ?? Table.empty(), ...hostFactTables(mesh)],
      contextOf(mesh, client),
    );
}
