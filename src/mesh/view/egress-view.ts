/** The hosts that callers see through one egress listener of their Sidecar. See Istio, IstioEgressListener. */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { isVisible } from "../../config/visibility.js";
import type { Mesh, VirtualServices } from "../mesh.js";
import type { DestinationRule } from "../routing/destination-rule.js";
import { type ServedWildcards, wildcardsServed } from "../routing/served-wildcards.js";
import type { Service } from "../service/service.js";
import { importsService } from "../sidecar/egress-host.js";
import { type EgressListener, leadsAnywhere } from "../sidecar/sidecar.js";
import { type HostFacts, hostFactTables } from "./host-facts.js";
import {
  type Client,
  type HostView,
  hostView,
  sameContext,
  sameView,
  type ViewContext,
} from "./host-view.js";
import { viewWithoutService } from "./view-on-port.js";

/** What one egress listener leads to. */
export interface EgressViews {
  /** The hosts that callers may name. */
  readonly named: Table<HostView>;
  /** Hosts beside those to which VirtualServices of the named ones send requests. */
  readonly routed: Table<HostView>;
}

type Restrict = (service: Service, port: number) => Service;

/** A service with one of its ports alone. */
function restrict(service: Service, port: number): Service {
  const ports = service.ports.filter(({ number }) => number === port);
  return ports.length === service.ports.length ? service : { ...service, ports };
}

/** A view of what a listener for one port leads to; undefined when that is nothing. */
function onListener(
  view: HostView | undefined,
  { port }: EgressListener,
  restricted: Restrict,
): HostView | undefined {
  if (port === undefined || leadsAnywhere(port)) return view;
  if (view === undefined) return undefined;
  const service = view.service && restricted(view.service, port.number);
  return service !== undefined && service.ports.length > 0
    ? { ...view, service }
    : viewWithoutService(view, port.number);
}

/** Which wildcard hosts of VirtualServices stand for some imported services. */
const servedWildcards = (
  { servicesByHost, wildcardVirtualServices }: Mesh,
  egress: EgressListener,
  namespace: string,
): ServedWildcards =>
  wildcardsServed(wildcardVirtualServices, function* () {
    for (const group of servicesByHost.values()) {
      for (const service of group.values()) {
        if (isVisible(service.exportTo, namespace) && importsService(egress.hosts, service)) {
          yield service;
        }
      }
    }
  });

/** The hosts to which VirtualServices for a host send requests, and the one that it is another name of. */
function destinationsOf({ service, virtualServices, connections }: HostView): readonly string[] {
  const all = [...virtualServices, ...connections];
  const meant = service?.aliasOf === undefined ? [] : [service.aliasOf];
  return [...new Set([...meant, ...all.flatMap(({ destinations }) => destinations)])];
}

/** The builder of the views of one egress listener. */
export function createEgressViews(
  engine: Engine,
): (mesh: Mesh, client: Client, egress: EgressListener) => EgressViews {
  const settle = engine.settle<ViewContext>(sameContext);
  const restricted = engine.memo("services on a port", restrict);
  const named = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices, VirtualServices],
    [ViewContext, EgressListener],
    HostView
  >(
    "egress views",
    (hostname, rows, context, egress) =>
      onListener(hostView(hostname, rows, context), egress, restricted),
    sameView,
  );
  const destinations = engine.group<HostView>("destinations of egress views", destinationsOf);
  const routed = engine.derive<
    [Table<HostView>, HostView, Table<Service>, readonly DestinationRule[]],
    [ViewContext],
    HostView
  >(
    "routed egress views",
    (hostname, [wanted, known, ...rest], context) => {
      if (wanted === undefined || known?.service !== undefined) return undefined;
      const facts: HostFacts = [...rest, undefined, undefined];
      const view = hostView(hostname, facts, { ...context, egress: undefined });
      return view && { ...view, virtualServices: [], connections: [] };
    },
    sameView,
  );
  return (mesh, { namespace, labels }, egress) => {
    const context = settle({
      namespace,
      labels,
      egress,
      rootNamespace: mesh.config.rootNamespace,
      wildcardRules: mesh.wildcardRules,
      wildcards: mesh.wildcardVirtualServices,
      servedWildcards: servedWildcards(mesh, egress, namespace),
    });
    const tables = hostFactTables(mesh);
    const views = named(tables, context, egress);
    const [services, rules] = tables;
    return { named: views, routed: routed([destinations(views), views, services, rules], context) };
  };
}
